"""Engines for the words of a library, measured: time to build, size, time of a question, what is found.

    python -m bench.lexical [PASSAGES] [ENGINE...]     (100,000; stored fts5 bm25s)

Passages are six sentences of the shared news, drawn at random, and among them the paragraphs of CMRC, whose
questions are asked: how often is the right paragraph among the first 50? Cutting is the same for all
and not counted. The news' 65,000 sentences have fewer different words than a million real passages.
"""

import json
import random
import re
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from bench.fusion_sets import SHARED
from corpus import Library
from rag.lexical import PAIRS, WORDS, StoredLexical, weights_of
from rag.words import Asked, Terms, passage_terms, question_terms

SENTENCES, QUESTIONS, FOUND = 6, 200, 50
# What a question finds: the numbers of passages, best first.
Search = Callable[[Asked], Sequence[int]]
AT_ONCE = 4096


def stored(folder: Path, passages: Iterator[Terms]) -> Search:
    """Our own postings in SQLite, as a library has them."""
    library = Library.create(folder / "library", "none", 1)
    number = 0
    while some := [weights_of(each) for each in islice(passages, AT_ONCE)]:
        library.put_texts([f"{number + at}".encode() for at in range(len(some))], np.zeros((len(some), 1), np.float32), some)
        number += len(some)
    lexical = StoredLexical(library.postings, np.arange(number + 1) > 0)

    def search(asked: Asked) -> Sequence[int]:
        words, pairs = lexical.search((WORDS, asked.words), (PAIRS, asked.pairs))
        scores = words.shares + pairs.shares
        best = np.argpartition(-scores, FOUND)[:FOUND]
        return [int(each) for each in best[np.argsort(-scores[best])]]

    return search


def fts5(folder: Path, passages: Iterator[Terms]) -> Search:
    """SQLite's full-text search over the same terms, without the text, ranked by its own bm25()."""
    connection = sqlite3.connect(folder / "fts.sqlite")
    connection.execute("CREATE VIRTUAL TABLE lexical USING fts5(words, pairs, tokenize='ascii', content='')")
    rows = ((number, " ".join(each.words), " ".join(each.pairs)) for number, each in enumerate(passages))
    connection.executemany("INSERT INTO lexical (rowid, words, pairs) VALUES (?, ?, ?)", rows)
    connection.commit()

    def search(asked: Asked) -> Sequence[int]:
        kinds = (("words", asked.words), ("pairs", asked.pairs))
        parts = [f'{kind}: "{each}"' for kind, groups in kinds for group in groups for each in group.alternatives]
        query = "SELECT rowid FROM lexical WHERE lexical MATCH ? ORDER BY rank LIMIT ?"
        return [row[0] for row in connection.execute(query, (" OR ".join(parts), FOUND))]

    return search


def bm25s(folder: Path, passages: Iterator[Terms]) -> Search:
    """BM25S: a sparse matrix on disk that is built whole and cannot be changed."""
    import bm25s as engine

    model = engine.BM25(k1=0.9, b=0.4)
    model.index([[*(WORDS + w for w in each.words), *(PAIRS + p for p in each.pairs)] for each in passages], show_progress=False)
    model.save(folder / "bm25s")

    def search(asked: Asked) -> Sequence[int]:
        kinds = ((WORDS, asked.words), (PAIRS, asked.pairs))
        terms = [kind + each for kind, groups in kinds for group in groups for each in group.alternatives]
        found, _ = model.retrieve([terms], k=FOUND, show_progress=False, n_threads=1)
        return [int(each) for each in found[0]]

    return search


ENGINES = {"stored": stored, "fts5": fts5, "bm25s": bm25s}


def main(arguments: Sequence[str]) -> None:
    if not SHARED.is_dir():
        print(f"nothing measured: {SHARED} is not there")
        return
    count = int(arguments[0]) if arguments else 100_000
    news = [passage_terms(each) for each in _sentences()]
    paragraphs, questions = _cmrc()
    gold = [passage_terms(each) for each in paragraphs]
    print(f"{count:,} passages\n| engine | built | bytes a passage | question p50 | p95 | right one among {FOUND} |\n" + "| --- |" * 6)
    for name in arguments[1:] or ENGINES:
        with tempfile.TemporaryDirectory(prefix="yinju-bench-") as scratch:
            began = time.perf_counter()
            search = ENGINES[name](Path(scratch), _passages(news, gold, count))
            built = time.perf_counter() - began
            size = sum(each.stat().st_size for each in Path(scratch).rglob("*") if each.is_file())
            first = 1 if name == "stored" else 0
            times, right = [], []
            for question, number in questions:
                asked = question_terms(question)
                began = time.perf_counter()
                found = search(asked)
                times.append(time.perf_counter() - began)
                right.append(number + first in found)
            p50, p95 = np.percentile(times, (50, 95)) * 1000
            print(f"| {name} | {built:.0f} s | {size / count:,.0f} | {p50:.0f} ms | {p95:.0f} ms | {np.mean(right):.3f} |", flush=True)


def _sentences() -> list[str]:
    texts = [line for file in sorted((SHARED / "news").glob("*.txt")) for line in file.read_text("utf8").splitlines()]
    return [each for text in texts for each in re.split(r"(?<=[。！？])", text) if 10 < len(each) < 120]


def _cmrc() -> tuple[list[str], list[tuple[str, int]]]:
    """The paragraphs of CMRC, and questions with the number of their paragraph."""
    data = json.loads((SHARED / "cmrc2018" / "cmrc2018_dev.json").read_text("utf8"))["data"]
    paragraphs = [each for article in data for each in article["paragraphs"]]
    questions = [(q["question"], number) for number, each in enumerate(paragraphs) for q in each["qas"]]
    return [each["context"] for each in paragraphs], random.Random(1).sample(questions, QUESTIONS)


def _passages(news: Sequence[Terms], gold: Sequence[Terms], count: int) -> Iterator[Terms]:
    chance = random.Random(2)
    yield from gold
    for _ in range(count - len(gold)):
        some = chance.choices(news, k=SENTENCES)
        yield Terms(tuple(w for each in some for w in each.words), tuple(p for each in some for p in each.pairs))


if __name__ == "__main__":
    main(sys.argv[1:])
