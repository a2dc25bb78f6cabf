"""What users would take instead, on the same machine in the same run, of the same models and the same documents.

    python -m bench.peers [--count 100] [--only yinju,faiss,txtai,haystack] [--sets cmrc,squad]
                          [--python bench/runs/peers-venv/bin/python] [--passages 350]

A set's passages are its first 350 paragraphs and its questions those of the measuring fifth, as in `bench.answers`.
Each of those compared indexes them in one process and answers in another, one question at a time:
    passages/s   of the whole indexing process, from its start to its end
    cold         from the start of a process to the first answer; the median of three
    p50, p95     of the questions after the first, each asked once
    peak         memory of the indexing process, and of the answering one
    recall@1     the quote (where there is none, the first passage) is of the right paragraph
    hit@1        the quote holds the answer; "sentences": the whole sentences that the quote is part of hold it
Yinju's models are written into the user's cache before anything is measured, as `yinju index` does at its first run.
The peers' packages live in an environment of their own, see requirements.txt. What each peer loses by its own handling
of the reader is told in its module and in `reader_folder`.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from bench.answer_sets import libraries
from bench.answers import name_of
from bench.peers.measure import Measured, Peer, measure
from bench.peers.reader_folder import reader_folder
from bench.peers.shape import Document, Models
from embeddings.bundled import model_folder, packaged_engine
from rag.dictionary import dictionary
from rag.reader.data import Asked, Paragraph
from rag.reader.scoring import network_folder

NAMES = {
    "yinju": "Yinju", "faiss": "sentence-transformers + FAISS", "txtai": "txtai", "haystack": "Haystack",
}  # fmt: skip
SETS = {"cmrc": "CMRC 2018", "squad": "SQuAD 2"}
ENVIRONMENT = Path(__file__).parents[1] / "runs" / "peers-venv"
COLUMNS = (
    "set", "who", "passages/s", "cold, s", "p50 / p95, ms", "peak MB, indexing / answering", "recall@1", "hit@1",
    "hit@1, sentences", "mean characters",
)  # fmt: skip


def chosen(name: str, count: int, passages: int | None) -> tuple[list[Paragraph], list[Asked]]:
    """A set's paragraphs and its questions about them; fewer paragraphs only to try this out."""
    paragraphs, asked = libraries("measure", count if passages is None else sys.maxsize, {name}).get(name, ([], []))
    paragraphs = paragraphs[:passages]
    return paragraphs, [each for each in asked if each.paragraph in set(paragraphs)][:count]


def row(name: str, paragraphs: list[Paragraph], found: Measured) -> str:
    cells = (
        f"{SETS[name]}, {found.questions} of {len(paragraphs)}", found.versions or "Yinju", f"{found.rate:.1f}",
        f"{found.cold:.1f}", f"{found.p50:.0f} / {found.p95:.0f}", f"{found.indexing:.0f} / {found.answering:.0f}",
        f"{found.recall:.3f}", f"{found.hit:.3f}", f"{found.sentences:.3f}", f"{found.characters:.0f}",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def require(python: Path) -> None:
    if not python.is_file():
        environment = python.parents[1]
        print(f"the peers' environment is not at {environment}; make it with: python3.11 -m venv {environment} && "
              f"{environment}/bin/pip install -r bench/peers/requirements.txt", file=sys.stderr)  # fmt: skip
        raise SystemExit(2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--only", default=",".join(NAMES))
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--python", type=Path, default=ENVIRONMENT / "bin" / "python")
    parser.add_argument("--passages", type=int, help="only the first of them, to try this out")
    given = parser.parse_args()
    peers, sets = given.only.split(","), given.sets.split(",")
    for each, known in [(each, NAMES) for each in peers] + [(each, SETS) for each in sets]:
        if each not in known:
            parser.error(f"{each} is not one of {', '.join(known)}")
    if peers != ["yinju"]:
        require(given.python)
    packaged_engine(), network_folder(), dictionary()
    models = Models(str(model_folder()), str(reader_folder()))
    print(f"| {' | '.join(COLUMNS)} |\n|{' --- |' * len(COLUMNS)}", flush=True)
    failed = False
    for name in sets:
        paragraphs, asked = chosen(name, given.count, given.passages)
        if not asked:
            print(f"nothing measured of {SETS[name]}: it is not in ../shared/datasets", file=sys.stderr)
            continue
        documents = [Document(name_of(each), each.text) for each in paragraphs]
        for each in peers:
            python = Path(sys.executable) if each == "yinju" else given.python
            with tempfile.TemporaryDirectory() as scratch:
                try:
                    found = measure(Peer(each, python, models, Path(scratch)), documents, asked)
                except RuntimeError as reason:
                    print(f"{NAMES[each]} failed: {reason}", file=sys.stderr, flush=True)
                    failed = True
                else:
                    print(row(name, paragraphs, found), flush=True)
    raise SystemExit(int(failed))


if __name__ == "__main__":
    main()
