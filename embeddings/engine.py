"""ONNX Runtime over token numbers: one text at a time, one worker a core.

The session computes on one thread and is shared by the workers, so that one text's states are pooled while another's
are computed, and nothing is padded. Where texts come alone, as questions do, a second session computes one on several threads.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from threading import Lock, Thread
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from corpus.errors import ModelError
from embeddings.cache import mended
from embeddings.priority import give_way

Ids = NDArray[np.int64]
States = NDArray[np.float32]
Result = TypeVar("Result")

# Texts that have come alone when the second session is opened: one command has a question and a passage or two. Its threads
# at most: more than two were never measured.
ALONE, THREADS = 3, 4
# Texts that one question may have computed at once: its own forms, or passages that are read.
FEW = 32


class Engine:
    """An encoder's graph (`embeddings.graph`), opened when it is first used. May be used by many threads."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.cores = cores()
        # One for each engine: `cached_property` has one for all of a class, and two are opened at the same time.
        self._opening = Lock()
        self._opened: Any = None
        self._together: Any = None
        self._alone = self._running = 0
        self._counting = Lock()

    def _session(self) -> Any:
        with self._opening:
            if self._opened is None:
                try:
                    self._opened = session_of(self.file)
                except ModelError:
                    if not mended(self.file.parent):
                        raise
                    self._opened = session_of(self.file)
            return self._opened

    def open_soon(self) -> None:
        """Begin to open it; whoever computes waits for it, and is told what is wrong with it."""
        if self._opened is None:
            # Not a daemon, here and below: the process that ended while ONNX Runtime opens a session would be aborted.
            Thread(target=self._open).start()

    def _open(self) -> None:
        with suppress(ModelError):
            self._session()

    @cached_property
    def _workers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.cores, thread_name_prefix="engine")

    @cached_property
    def _patient_workers(self) -> ThreadPoolExecutor:
        """Of texts by the batch, as documents have them: a question that is asked meanwhile goes before."""
        return ThreadPoolExecutor(self.cores, thread_name_prefix="patient engine", initializer=give_way)

    def each(self, rows: Sequence[Ids], take: Callable[[States, int], Result]) -> list[Result]:
        """`take(states, number)` of every row, in no particular order of time: its states, shape (tokens, hidden)."""
        session = self._session()

        def one(number: int, session: Any = session) -> Result:
            states = self._run(session, rows[number])
            return take(np.asarray(states, np.float32), number)

        with self._counted() as others:
            if self.cores < 2 or not rows:
                return [one(number) for number in range(len(rows))]
            if len(rows) == 1:
                # On several threads two texts at once take longer than on one each.
                return [one(0, session if others else self._for_one() or session)]
            # The longest first: no core waits long for the last.
            order = sorted(range(len(rows)), key=lambda number: -len(rows[number]))
            workers = self._workers if len(rows) <= FEW else self._patient_workers
            results = dict(zip(order, workers.map(one, order), strict=True))
            return [results[number] for number in range(len(rows))]

    def _run(self, session: Any, row: Ids) -> Any:
        try:
            return session.run(None, {"ids": row[None]})[0]
        except Exception as reason:  # onnxruntime's errors have no common class
            raise self.damaged(_first(reason)) from None

    def damaged(self, reason: str) -> ModelError:
        """What to say where something that is no vector comes out of it; it is written anew where it is not what was written."""
        if mended(self.file.parent):
            self._opened = self._together = None
            return ModelError(f"the model {self.file} was damaged ({reason}) and has been made anew; ask again")
        return ModelError(f"the model {self.file} could not compute a text ({reason}); delete it and ask again: it is made anew")

    @contextmanager
    def _counted(self) -> Iterator[int]:
        """How many others compute when one begins."""
        with self._counting:
            self._running += 1
            others = self._running - 1
        try:
            yield others
        finally:
            with self._counting:
                self._running -= 1

    def _for_one(self) -> Any:
        """The session of several threads; none until it is open."""
        with self._counting:
            self._alone += 1
            if self._alone == ALONE:
                Thread(target=self._open_together).start()
        return self._together

    def _open_together(self) -> None:
        with suppress(ModelError):
            self._together = session_of(self.file, min(self.cores, THREADS))


def cores() -> int:
    """The cores that this process may use; `YINJU_CORES` says so where others share them, as the workers of a cluster do."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    given = os.environ.get("YINJU_CORES", "")
    return min(int(given), there) if given.isdecimal() and int(given) else there


def session_of(model: Path | bytes, threads: int = 1) -> Any:
    """An ONNX Runtime session of a file or a serialised model. Raises ModelError where it cannot be opened."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Threads that went on waiting busily after a text would take the cores from whatever comes next.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    try:
        return onnxruntime.InferenceSession(model if isinstance(model, bytes) else str(model), options, providers=["CPUExecutionProvider"])
    except Exception as reason:  # onnxruntime's errors have no common class
        name = "that is being written" if isinstance(model, bytes) else model
        raise ModelError(f"the model {name} cannot be opened ({_first(reason)}); delete it and ask again: it is made anew") from None


def _first(reason: Exception) -> str:
    return (str(reason).strip().splitlines() or [type(reason).__name__])[0]
