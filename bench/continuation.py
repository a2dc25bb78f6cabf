"""Train corpus/continuation.npz: which text goes on in which, across a cut.

    python -m bench.continuation          (about half a minute; writes the weights and prints their AUROC)

Trained on the shared Chinese, Japanese and English texts outside the measuring fifth. Positive: the
two sides of a cut inside a sentence. Negative: the same side before, and after it the beginning of a
story or sentence of another text, or (one in five) the inside of one.
"""

import glob
import json
import random
import re
from collections.abc import Iterator
from hashlib import sha1
from pathlib import Path

import numpy as np

from corpus.continuation import BITS, features
from corpus.sentences import sentences

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "datasets"
PROLOGUE = re.compile(r"^\[?\s*2023[-\d\s：:]*\]?\s*，?正文：")
Sampled = tuple[str, list[tuple[int, int]], bool]


def held(text: str) -> bool:
    return int(sha1(text.encode()).hexdigest(), 16) % 5 == 0


def _news() -> Iterator[str]:
    for file in sorted(glob.glob(str(SHARED / "news" / "*.txt"))):
        for line in Path(file).read_text("utf8").splitlines():
            yield PROLOGUE.sub("", line.strip()).removesuffix("分享让更多人看到")


def _squad(pattern: str) -> Iterator[str]:
    for file in sorted(glob.glob(str(SHARED / pattern))):
        for article in json.loads(Path(file).read_text("utf8"))["data"]:
            yield from (each["context"] for each in article["paragraphs"])


def _cut(chance: random.Random, text: str, start: int, end: int, spaced: bool) -> int | None:
    """A place inside the sentence: at a space where words are spaced."""
    if not spaced:
        return chance.randrange(start + 4, end - 3)
    places = [start + 3 + found.start() for found in re.finditer(" ", text[start + 3 : end - 3])]
    return chance.choice(places) if places else None


def _rows(texts: list[str], spaced: bool, chance: random.Random) -> Iterator[tuple[list[int], bool, bool]]:
    pool: list[Sampled] = [(t, [(s.start, s.end) for s in sentences(t)], held(t)) for t in texts if len(t) > 50]
    by_part = {part: [each for each in pool if each[2] == part and each[1]] for part in (True, False)}
    for text, spans, part in pool:
        long = [each for each in spans if each[1] - each[0] > 12]
        for _ in range(max(6, len(text) // 10) if long else 0):
            place = _cut(chance, text, *chance.choice(long), spaced)
            if place is None:
                continue
            before = text[max(place - 12, 0) : place]
            yield features(before, text[place : place + 12]), True, part
            other, spans_there, _ = chance.choice(by_part[part])
            kind = chance.random()
            start, end = spans_there[0] if kind < 0.35 else chance.choice(spans_there)
            if kind > 0.8 and end - start > 12:
                start = _cut(chance, other, start, end, spaced) or start
            yield features(before, other[start : start + 12]), False, part


def main() -> None:
    if not SHARED.is_dir():
        print(f"nothing trained: {SHARED} is not there")
        return
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import SGDClassifier
    from sklearn.metrics import roc_auc_score

    chance = random.Random(3)
    sets = {
        "Simplified Chinese": ([*_news(), *_squad("cmrc2018/*_dev.json")], False),
        "Traditional Chinese": (list(_squad("drcd/*.json")), False),
        "Japanese": (list(_squad("jaquad/jaquad_train_000*.json")), False),
        "English": (list(_squad("squad2/*.json")), True),
    }
    rows: list[list[int]] = []
    goes_on: list[bool] = []
    measuring: list[bool] = []
    names: list[str] = []
    for name, (texts, spaced) in sets.items():
        for row, positive, part in _rows(texts, spaced, chance):
            rows.append(row)
            goes_on.append(positive)
            measuring.append(part)
            names.append(name)
    columns, truth, part_of, name_of = np.array(rows), np.array(goes_on), np.array(measuring), np.array(names)
    pointers = np.arange(0, columns.size + 1, columns.shape[1])
    matrix = csr_matrix((np.ones(columns.size, np.float32), columns.ravel(), pointers), (len(rows), 1 << BITS))
    model = SGDClassifier(loss="log_loss", alpha=2e-6, max_iter=12, tol=None, average=True, random_state=0)
    model.fit(matrix[~part_of], truth[~part_of])
    scale = float(np.abs(model.coef_).max() / 127)
    weights = np.round(model.coef_[0] / scale).astype(np.int8)
    with (ROOT / "corpus" / "continuation.npz").open("wb") as file:
        np.savez_compressed(file, weights=weights, scale=scale, intercept=float(model.intercept_[0]))
    scores = weights[columns].astype(np.int32).sum(1)
    print(f"{(~part_of).sum():,} cuts to train on\n\n| measuring fifth | cuts | AUROC |\n| --- | --- | --- |")
    for name in sets:
        here = (name_of == name) & part_of
        print(f"| {name} | {here.sum():,} | {roc_auc_score(truth[here], scores[here]):.3f} |")


if __name__ == "__main__":
    main()
