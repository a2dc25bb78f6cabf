"""ONNX Runtime over token numbers: batches of about one length, one worker a core.

A session computes on one thread and is shared by the workers, so that one batch's tokens are padded and its
states pooled while another is computed; a lone batch gets a session that uses every core.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from corpus.errors import ModelError

Ids = NDArray[np.int64]
States = NDArray[np.float32]
Result = TypeVar("Result")

# Tokens of a batch, padding included; of four sizes tried from 300 to 2,048 the quickest for reading an answer.
TOGETHER = 512


class Engine:
    """An encoder's graph (`embeddings.graph`), opened when it is first used. May be used by many threads."""

    def __init__(self, file: Path, pad: int) -> None:
        self.file, self.pad = file, pad
        self.cores = cores()

    @cached_property
    def _alone(self) -> Any:
        """For one batch at a time."""
        return _session(self.file, self.cores)

    def open_soon(self) -> None:
        """Begin to open what one batch needs; whoever computes one waits for it, and is told what is wrong with it."""
        if "_alone" not in vars(self):
            Thread(target=self._open, daemon=True).start()

    def _open(self) -> None:
        with suppress(ModelError):
            self._alone  # noqa: B018 (opened by being asked for)

    @cached_property
    def _beside(self) -> Any:
        """For a batch a worker."""
        return _session(self.file, 1)

    @cached_property
    def _workers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.cores, thread_name_prefix="engine")

    def each(self, rows: Sequence[Ids], take: Callable[[States, Sequence[int]], Result]) -> list[Result]:
        """`take(states, numbers)` of every batch: states (n, tokens, hidden) of the rows of those numbers.

        The states after a row's own tokens mean nothing.
        """
        batches = batched([len(each) for each in rows])
        if len(batches) < 2 or self.cores < 2:
            return [take(self._states(self._alone, rows, numbers), numbers) for numbers in batches]
        beside = self._beside
        return list(self._workers.map(lambda numbers: take(self._states(beside, rows, numbers), numbers), batches))

    def _states(self, session: Any, rows: Sequence[Ids], numbers: Sequence[int]) -> States:
        width = max(len(rows[number]) for number in numbers)
        ids = np.full((len(numbers), width), self.pad, np.int64)
        attention = np.zeros((len(numbers), width), np.int64)
        for at, number in enumerate(numbers):
            ids[at, : len(rows[number])] = rows[number]
            attention[at, : len(rows[number])] = 1
        (states,) = session.run(None, {"ids": ids, "attention": attention})
        return np.asarray(states, np.float32)


def batched(lengths: Sequence[int], together: int = TOGETHER) -> list[list[int]]:
    """Row numbers in batches of at most `together` tokens (or one row), the longest first: little padding."""
    batches: list[list[int]] = []
    for number in sorted(range(len(lengths)), key=lambda each: -lengths[each]):
        width = lengths[batches[-1][0]] if batches else 0
        if batches and width * (len(batches[-1]) + 1) <= together:
            batches[-1].append(number)
        else:
            batches.append([number])
    return batches


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _session(file: Path, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Workers wait for each other's batches: spinning would take the core from who computes.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as reason:  # onnxruntime's errors have no common class
        raise ModelError(f"the model {file} cannot be opened ({_first(reason)}); delete it and ask again: it is made anew") from None


def _first(reason: Exception) -> str:
    return (str(reason).strip().splitlines() or [type(reason).__name__])[0]
