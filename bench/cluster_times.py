"""How long each part of an answer takes here, question by question: what `bench.cluster_sim` draws its service times from.

    python -m bench.cluster_times [--questions 60] [--repeats 3]     (writes bench/cluster_times.json)

All times are of CPU (of all threads of the process), for that is what a machine has to give, and it is about the same on a machine that
does other things as well. Answers: CMRC's questions of 350 of its paragraphs, the library of `bench.load`; of each answer
its vector, its search, its reading, and the rest. Searches: the questions and libraries of `bench.scale` (made by it, 100,000 and
a million passages), the vectors and the words of each apart, on one thread. Every question is asked several times, so that
the same question on several shards can be drawn as well.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import faiss
import numpy as np

from bench.answer_sets import libraries
from bench.answers import kept_library
from bench.scale import FOLDER, embedded, questions
from corpus import Library
from embeddings import load_encoder
from embeddings.encoder import BUNDLED
from rag import Assistant
from rag.adapter import load_adapter
from rag.clock import Clock
from rag.lexical import EITHER, PAIRS, WORDS
from rag.retrieve import retrieve
from rag.search import Search
from rag.settings import Settings
from rag.translation import with_translations
from rag.words import question_terms
from ui.allocation import keep_freed_memory

FILE = Path(__file__).with_name("cluster_times.json")
SIZES = (100_000, 1_000_000)
STAGES = ("embed", "search", "read", "rest")
WARM = 10
Rows = list[list[float]]


def answers(asked: Sequence[str], assistant: Assistant, repeats: int) -> dict[str, Rows]:
    """Milliseconds of each stage (repeats × questions)."""

    def one(question: str) -> list[float]:
        clock = Clock(time.process_time)
        # What `Assistant.ask` does, by a clock of our own.
        (answer,) = assistant._answers([question], [()], 3, None, assistant.settings.threshold, clock)
        stages = [answer.timings[each] for each in STAGES[:3]]
        return [*stages, answer.timings["total"] - sum(stages)]

    for each in asked[:WARM]:
        one(each)
    rows = np.array([[one(each) for each in asked] for _ in range(repeats)])
    return {name: np.round(rows[:, :, number], 2).tolist() for number, name in enumerate(STAGES)}


def searches(folder: Path, count: int, repeats: int) -> dict[str, Rows]:
    """Milliseconds of a question's search by vectors, by words, and of all of it with both (questions × repeats)."""
    vectors = embedded("questions", questions(), True)[:count]
    asked = questions()[:count]
    settings = Settings()
    found: dict[str, Rows] = {"dense": [], "lexical": [], "both": []}
    with Library.open(folder) as library:
        search = Search(library, load_adapter(BUNDLED))
        for number, (question, vector) in enumerate([*zip(asked[:WARM], vectors, strict=False), *zip(asked, vectors, strict=True)]):
            with library.reading():
                terms = with_translations(question_terms(question), question, search.lexical)
                kinds = ((WORDS, terms.words), (PAIRS, terms.pairs), (EITHER, terms.translations))
                parts: dict[str, Callable[[], object]] = {
                    "dense": lambda vector=vector: search.opened.index.scan(vector, settings.pool),
                    "lexical": lambda kinds=kinds: search.lexical.search(*kinds),
                    "both": lambda terms=terms, vector=vector: retrieve(
                        search.opened.index, search.lexical, library.vectors.passages, terms, vector, 10, settings
                    ),
                }
                for name, work in parts.items():
                    times = [_milliseconds(work) for _ in range(repeats)]
                    if number >= WARM:
                        found[name].append(times)
        search.close()
    return found


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return round((time.process_time() - began) * 1000, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    keep_freed_memory()  # as the server does
    paragraphs, some = libraries("measure", given.questions, {"cmrc"})["cmrc"]
    asked, encoder = [each.question for each in some], load_encoder()
    written: dict[str, object] = {"answers": {}, "searches": {}}
    with Assistant.open(kept_library("cmrc", paragraphs, encoder), encoder) as assistant:
        written["answers"] = answers(asked, assistant, given.repeats)
    # A query node answers many questions at once, each on a core of its own.
    faiss.omp_set_num_threads(1)
    written["searches"] = {
        str(size): searches(FOLDER / f"library-{size}", given.questions, given.repeats) for size in SIZES if (FOLDER / f"library-{size}").is_dir()
    }
    FILE.write_text(json.dumps(written, separators=(",", ":")) + "\n", "utf8")
    for what, parts in (("answers", written["answers"]), *((f"{int(size):,} passages", each) for size, each in written["searches"].items())):  # type: ignore[attr-defined]
        print(f"{what}: " + ", ".join(f"{name} p50 {np.median(rows):.1f}, p95 {np.percentile(rows, 95):.1f} ms" for name, rows in parts.items()))
    print(FILE.relative_to(Path.cwd()) if FILE.is_relative_to(Path.cwd()) else FILE, file=sys.stderr)


if __name__ == "__main__":
    main()
