"""ONNX Runtime over token numbers: one text at a time, one worker a core.

The session computes on one thread and is shared by the workers, so that one text's states are pooled while another's
are computed, and nothing is padded.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from threading import Lock, Thread
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from corpus.errors import ModelError

Ids = NDArray[np.int64]
States = NDArray[np.float32]
Result = TypeVar("Result")


class Engine:
    """An encoder's graph (`embeddings.graph`), opened when it is first used. May be used by many threads."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.cores = cores()
        # One for each engine: `cached_property` has one for all of a class, and two are opened at the same time.
        self._opening = Lock()
        self._opened: Any = None

    def _session(self) -> Any:
        with self._opening:
            if self._opened is None:
                self._opened = session_of(self.file)
            return self._opened

    def open_soon(self) -> None:
        """Begin to open it; whoever computes waits for it, and is told what is wrong with it."""
        if self._opened is None:
            Thread(target=self._open, daemon=True).start()

    def _open(self) -> None:
        with suppress(ModelError):
            self._session()

    @cached_property
    def _workers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.cores, thread_name_prefix="engine")

    def each(self, rows: Sequence[Ids], take: Callable[[States, int], Result]) -> list[Result]:
        """`take(states, number)` of every row, in no particular order of time: its states, shape (tokens, hidden)."""
        session = self._session()

        def one(number: int) -> Result:
            (states,) = session.run(None, {"ids": rows[number][None]})
            return take(np.asarray(states, np.float32), number)

        if len(rows) < 2 or self.cores < 2:
            return [one(number) for number in range(len(rows))]
        # The longest first: no core waits long for the last.
        order = sorted(range(len(rows)), key=lambda number: -len(rows[number]))
        results = dict(zip(order, self._workers.map(one, order), strict=True))
        return [results[number] for number in range(len(rows))]


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def session_of(model: Path | bytes) -> Any:
    """An ONNX Runtime session of a file or a serialised model, on one thread. Raises ModelError where it cannot be opened."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(model if isinstance(model, bytes) else str(model), options, providers=["CPUExecutionProvider"])
    except Exception as reason:  # onnxruntime's errors have no common class
        name = "that is being written" if isinstance(model, bytes) else model
        raise ModelError(f"the model {name} cannot be opened ({_first(reason)}); delete it and ask again: it is made anew") from None


def _first(reason: Exception) -> str:
    return (str(reason).strip().splitlines() or [type(reason).__name__])[0]
