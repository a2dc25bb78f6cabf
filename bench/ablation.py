"""What each part gives: vectors alone, with the adapter for other scripts, with words, with the reader, with its second
look, and with its score in the order of passages.

    python -m bench.ablation [--limit N]     (N questions a set, spread over it; 150 by default)

The first way is the plain beginning: nearest vectors, sentences by shared words and cosine. Every way is asked the
same questions by `yinju eval`, and each is compared to the one before it, and the last to the first, as `yinju compare`
does (paired randomisation, Holm). Written to bench/ablation.md.
"""

import sys
from collections.abc import Callable, Sequence

from bench.sets import RUNS, SETS, TABLE, opened, slug
from embeddings import Encoder, load_encoder
from eval import compare, run
from eval.report import figure, interval_of
from rag import Assistant, Settings
from rag.reader import Reader, WordsAndCosine, load_reader
from rag.reader.reading import Candidate, Reading
from rag.reader.trained import CrossEncoder
from ui.terminal import progress_bar

NAMES = ("CMRC 2018 dev", "SQuAD 2.0 part", "English on CMRC", "CMRC, half away", "SQuAD, half away", "ours in Spanish", "ours in Arabic")
FIGURES = ("retrieval.recall@1", "retrieval.recall@10", "quotes.hit@1", "quotes.hit@3", "quotes.exact@1", "abstention.auroc")
VECTORS = Settings(by_words=0, by_pairs=0, by_translation=0)


class Unranked:
    """A reader whose score does not change the order of the passages."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def __getattr__(self, name: str) -> object:
        return getattr(self._reader, name)

    def passage_scores(self, candidates: Sequence[Candidate], readings: Sequence[Reading]) -> tuple[list[float], float]:
        return [each.score for each in candidates], 0.0


Made = Callable[[Encoder, Settings], Reader]
# Settings, reader, and whether there is the adapter for other scripts.
WAYS: dict[str, tuple[Settings, Made, bool]] = {
    "vectors": (VECTORS, WordsAndCosine, False),
    "+ adapter": (VECTORS, WordsAndCosine, True),
    "+ words": (Settings(), WordsAndCosine, True),
    "+ reader": (Settings(), lambda encoder, settings: Unranked(CrossEncoder(settings=settings)), True),  # type: ignore[dict-item,return-value]
    "+ second look": (Settings(), lambda encoder, settings: Unranked(load_reader(encoder, settings)), True),  # type: ignore[dict-item,return-value]
    "+ re-rank": (Settings(), load_reader, True),
}


def main(arguments: Sequence[str]) -> None:
    RUNS.mkdir(exist_ok=True)
    limit = int(arguments[1]) if arguments[:1] == ["--limit"] else 150
    encoder = load_encoder()
    lines = [
        "# What each part gives", "",
        f"`{' '.join(['python -m bench.ablation', *arguments])}`; 95 % bootstrap intervals in brackets. Written by the command.", "",
        "| set | way | " + " | ".join(FIGURES) + " |", "|" + " --- |" * (2 + len(FIGURES)),
    ]
    changes = ["", "| set | from | to | " + " | ".join(FIGURES) + " |", "|" + " --- |" * (3 + len(FIGURES))]
    chosen = [each for each in SETS if each.name in NAMES]
    for name, asked, assistant in opened(encoder, limit, chosen):
        if name not in NAMES:
            continue
        before = None
        for way, (settings, reader, adapted) in WAYS.items():
            folder = RUNS / f"ablation-{slug(name)}-{slug(way)}"
            with Assistant.open(assistant.library.folder, encoder, settings) as other, progress_bar(f"{name}, {way}") as bar:
                other.reader = reader(encoder, settings)
                other.search.adapter = other.search.adapter if adapted else None
                metrics = run(asked, other, folder, said={"way": way}, progress=bar, overwrite=True).metrics
            cells = [f"{figure(metrics, each)} ({interval_of(metrics, each).replace(' – ', '–')})" for each in FIGURES]
            lines.append(f"| {name} | {way} | " + " | ".join(cells) + " |")
            print(lines[-1], flush=True)
            if before:
                changes.append(_change(name, before, way))
            before = way
        changes.append(_change(name, next(iter(WAYS)), list(WAYS)[-1]))
    TABLE.with_name("ablation.md").write_text("\n".join(lines + changes) + "\n", "utf8")


def _change(name: str, before: str, way: str) -> str:
    """What the step changed, with the p of the paired test (Holm)."""
    folders = [RUNS / f"ablation-{slug(name)}-{slug(each)}" for each in (before, way)]
    found = compare(folders)[0].measures
    cells = [f"{found[each].delta:+.3f} (p {found[each].p_holm:.3f})" if each in found else "—" for each in FIGURES]
    return f"| {name} | {before} | {way} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main(sys.argv[1:])
