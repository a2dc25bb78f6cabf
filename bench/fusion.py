"""Fusion of vectors and words: its weights fitted on the training part, and what it finds on the measuring fifth.

    python -m bench.fusion [--fit]

Prints recall@1, recall@5 and MRR@10 of each way alone and of the fusion by the weights of
`rag.settings.Settings`, for questions in the language of the text and in English on Chinese. With `--fit`, the
weights that are best on the training part, in mean over the sets, of those that hurt none of them.
"""

import sys
from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from bench.fusion_sets import RUNS, SETS, SHARED, Figures, corpus_of, english_questions, figures, library_of, vectors_of
from embeddings import load_encoder
from rag import Settings

Scores = NDArray[np.float64]
WEIGHTS = (0.0, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.3)
WAYS: dict[str, Callable[[Figures], Scores]] = {
    "vectors": lambda f: f.cosine,
    "words": lambda f: f.words,
    "pairs": lambda f: f.pairs,
    "translated": lambda f: f.translated,
    "fused": lambda f: fused(f, Settings()),
    "min-max": lambda f: _min_max(f.cosine) + _min_max(f.words) + _min_max(f.pairs),
}


def main(arguments: Sequence[str]) -> None:
    if not SHARED.is_dir():
        print(f"nothing measured: {SHARED} is not there")
        return
    found = dict(_sets())
    if "--fit" in arguments:
        _fit(found)
    print("| set | questions | way | recall@1 | recall@5 | MRR@10 | recall@1 to vectors' |\n|" + " --- |" * 7)
    for name, each in found.items():
        for part, chosen in (("measuring", each.measuring), ("training", ~each.measuring)):
            base = _measures(each.cosine[chosen], each.right[chosen])[0]
            for way, score in WAYS.items():
                one, five, reciprocal = _measures(score(each)[chosen], each.right[chosen])
                print(f"| {name}, {part} | {chosen.sum()} | {way} | {one:.3f} | {five:.3f} | {reciprocal:.3f} | {one / base:.3f} |")


def _sets() -> "Sequence[tuple[str, Figures]]":
    encoder = load_encoder()
    found = []
    for name, file, *counts in SETS:
        documents, questions, measured = corpus_of(SHARED / file, *counts)
        folder = library_of(name, documents, encoder)
        vectors = vectors_of(name, [each.question for each in questions], encoder)
        found.append((name, figures(folder, questions, vectors, measured)))
        if name == "CMRC":
            asked = english_questions(documents)
            vectors = vectors_of("english", [each.question for each in asked], encoder)
            found.append(("English on CMRC", figures(folder, asked, vectors, measured)))
    return found


def fused(found: Figures, by: Settings) -> Scores:
    """The score of `rag.retrieve`, of every passage."""
    words, pairs, translated = (
        each / np.maximum(found.highest[:, [at]], 1e-9) for at, each in enumerate((found.words, found.pairs, found.translated))
    )
    return found.cosine + by.by_words * words + by.by_pairs * pairs + by.by_translation * translated


def _min_max(scores: Scores) -> Scores:
    """Each question's scores from 0 to 1 (as design.md's fusion has them)."""
    low, high = scores.min(1, keepdims=True), scores.max(1, keepdims=True)
    return (scores - low) / np.maximum(high - low, 1e-9)


def _measures(scores: Scores, right: NDArray[np.bool_]) -> tuple[float, float, float]:
    """recall@1, recall@5 and MRR@10 by passage, ties counted against us."""
    best = np.where(right, scores, -np.inf).max(1, keepdims=True)
    rank = 1 + ((scores >= best) & ~right).sum(1)
    return float((rank == 1).mean()), float((rank <= 5).mean()), float(np.where(rank <= 10, 1 / rank, 0).mean())


def _fit(found: dict[str, Figures]) -> None:
    sides = {name: ~each.measuring for name, each in found.items()}
    base = {name: _measures(each.cosine[sides[name]], each.right[sides[name]]) for name, each in found.items()}
    rows = []
    for words, pairs, translation in product(WEIGHTS, WEIGHTS, WEIGHTS):
        by = Settings(by_words=words, by_pairs=pairs, by_translation=translation)
        got = {name: _measures(fused(each, by)[sides[name]], each.right[sides[name]]) for name, each in found.items()}
        hurt = any(got[name][0] < base[name][0] for name in found)
        rows.append((not hurt, float(np.mean([one + reciprocal for one, _, reciprocal in got.values()])) / 2, words, pairs, translation))
    print("| hurts none | mean of recall@1 and MRR@10, training | words | pairs | translation |\n|" + " --- |" * 5)
    for whole, mean, *weights in sorted(rows, reverse=True)[:25]:
        print(f"| {whole} | {mean:.4f} | " + " | ".join(map(str, weights)) + " |")


if __name__ == "__main__":
    RUNS.mkdir(exist_ok=True)
    main(sys.argv[1:])
