"""A process that works on a library and kills itself after so many moments, wherever it is then.

A moment is some instructions of SQLite's machine, or a call of the system that changes the disk. Work that is
the same each time has the same moments, so that a test can be killed at each of them.
"""

import multiprocessing
import os
import random
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faiss
import matplotlib.backends.backend_svg  # what draws an evaluation's charts, imported once and not in each process
import matplotlib.figure  # noqa: F401

import rag.batch
import rag.vectors
from corpus import Document, Library, YinjuError
from corpus.document import Block
from eval import Question, QuestionSet, run
from eval import asking as eval_asking
from eval import kept as eval_kept
from rag import Assistant, index_documents, index_paths
from rag.reader import WordsAndCosine
from rag.rebuild import rebuild
from tests.cheap import CheapEncoder, cheap_library

# Instructions of SQLite's machine to a moment.
INSTRUCTIONS = 40
Work = Callable[..., None]


def killed_at(moment: int | None, work: Work, *arguments: object, tally: Path | None = None) -> int:
    """Do the work in a process of its own, killed at that moment (None: never); its exit status, -9 where it was killed."""
    process = server().Process(target=_armed, args=(moment, tally, work, *arguments))
    process.start()
    process.join(120)
    assert process.exitcode is not None, "it hangs"
    return process.exitcode


def server() -> "multiprocessing.context.ForkServerContext":
    """What starts processes that have imported already what they need."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(["tests.victim", "tests.limited"])
    return found


def moments_of(work: Work, *arguments: object, tally: Path) -> int:
    """How many moments the work has, which is done."""
    assert killed_at(None, work, *arguments, tally=tally) == 0
    return int(tally.read_text())


def _armed(moment: int | None, tally: Path | None, work: Work, *arguments: object) -> None:
    count = 0

    def tick() -> int:
        nonlocal count
        count += 1
        if count == moment:
            os.kill(os.getpid(), signal.SIGKILL)
        return 0

    connect = sqlite3.connect

    def counted(*given: Any, **named: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*given, **named)
        connection.set_progress_handler(tick, INSTRUCTIONS)
        return connection

    def around(call: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*given: Any, **named: Any) -> Any:
            tick()
            found = call(*given, **named)
            tick()
            return found

        return counting

    save = faiss.write_index

    def torn(index: Any, path: str) -> None:
        """A file half written is a moment too."""
        save(index, path)
        if moment == count + 1:
            os.truncate(path, random.randrange(os.path.getsize(path)))
        tick()

    sqlite3.connect = counted  # type: ignore[assignment]
    faiss.write_index = torn
    for name in ("fsync", "replace", "unlink", "truncate", "mkdir"):
        setattr(os, name, around(getattr(os, name)))
    work(*arguments)
    if tally is not None:
        tally.write_text(str(count))


# Work


def open_library(library: Path) -> None:
    Library.open(library).close()


def index(folder: Path, library: Path) -> None:
    rag.batch.EMBED_TOGETHER = 8
    rag.vectors.FEW = 5
    with cheap_library(library) as held:
        index_paths([folder], held, CheapEncoder())


def grow(library: Path, count: int) -> None:
    """A library of many texts, whose index is packed, or of few, whose index is not."""
    rag.vectors.LARGE, rag.vectors.FEW, rag.batch.EMBED_TOGETHER = 60, 5, 16
    with cheap_library(library) as held:
        index_documents([document(number) for number in range(count)], held, CheapEncoder())


def document(number: int) -> Document:
    text = numbered(number)
    return Document(f"{number}.txt", "", text, (Block("paragraph", 0, len(text)),))


def numbered(number: int) -> str:
    chance = random.Random(number)
    return "".join(chr(chance.randrange(0x4E00, 0x9FA0)) for _ in range(14)) + f"，第{number}号。"


def repair(library: Path) -> None:
    rebuild(library, CheapEncoder())


def evaluate(library: Path, output: Path, asked: int) -> None:
    for module in (eval_kept, eval_asking):
        module.BLOCK = 4  # type: ignore[attr-defined]
    encoder = CheapEncoder()
    with Assistant(Library.open(library), encoder, WordsAndCosine(encoder)) as assistant:
        run(QuestionSet(questions(asked)), assistant, output)


def questions(count: int) -> tuple[Question, ...]:
    return tuple(Question(f"q{number}", f"{numbered(number)[:14]}是第几号？", (f"第{number}号",), (f"{number}.txt",)) for number in range(count))


def try_to_index(folder: Path, library: Path) -> None:
    """Ends with 3 where the library says in a sentence that it cannot be written now."""
    try:
        index(folder, library)
    except YinjuError as reason:
        os._exit(3 if "another process is indexing" in str(reason) and "\n" not in str(reason) else 4)


def try_to_evaluate(library: Path, output: Path, asked: int) -> None:
    try:
        evaluate(library, output, asked)
    except YinjuError as reason:
        os._exit(3 if "another process is writing a run" in str(reason) and "\n" not in str(reason) else 4)


def ask_for_ever(library: Path) -> None:
    encoder = CheapEncoder()
    with Assistant(Library.open(library), encoder, WordsAndCosine(encoder)) as assistant:
        while True:
            assistant.ask("代表团")
