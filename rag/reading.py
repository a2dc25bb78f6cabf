"""A file as it was read: its hash and times, its documents, and each of them cut into passages.

By this process (`ReadHere`), or by others that give what they read (`rag.cluster`).
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from corpus import Document, UnreadableFile, read_all
from corpus.file_table import file_hash
from corpus.files import read_stable
from corpus.rows import Prepared
from embeddings import Encoder
from rag.batch import prepared
from rag.settings import Settings


@dataclass(frozen=True)
class Status:
    """What tells whether a file is still as it was read: `digest` is its `file_hash`, times in nanoseconds."""

    digest: str
    size: int
    mtime_ns: int
    ctime_ns: int
    read_ns: int


@dataclass(frozen=True)
class Part:
    """A document of a file. `cut` gives it, by then with its own name and labels, cut into passages; and the texts of its keys,
    none where all their vectors are in the library."""

    document: Document
    cut: Callable[[Document], tuple[Prepared, list[str]]]


class Reading(Protocol):
    """A file that was read."""

    @property
    def status(self) -> Status: ...

    def parts(self, name: str) -> Iterator[Part | UnreadableFile]:
        """Its documents, named after `name`; one that cannot be read is given as its error."""
        ...


class Reader(Protocol):
    """Who reads files."""

    def read(self, path: Path, name: str) -> Reading:
        """Raises UnreadableFile where it is of no known kind, cannot be read, or changes meanwhile."""
        ...


class ReadHere:
    """This process reads."""

    def __init__(self, encoder: Encoder, settings: Settings) -> None:
        self.encoder = encoder
        self.settings = settings

    def read(self, path: Path, name: str) -> "HeldFile":
        read_ns = time.time_ns()
        data, status = read_stable(path, name)
        known = Status(file_hash(data), status.st_size, status.st_mtime_ns, status.st_ctime_ns, read_ns)
        return HeldFile(self, data, known)

    def cut(self, document: Document) -> tuple[Prepared, list[str]]:
        return prepared(document, self.encoder, self.settings)


class HeldFile:
    """A file whose bytes are in memory."""

    def __init__(self, reader: ReadHere, data: bytes, status: Status) -> None:
        self.status = status
        self._reader = reader
        self._data = data

    def parts(self, name: str) -> Iterator[Part | UnreadableFile]:
        for each in parts_of(self._data, name):
            yield each if isinstance(each, UnreadableFile) else Part(each, self._reader.cut)


def parts_of(data: bytes, name: str) -> Iterator[Document | UnreadableFile]:
    """The documents of a file. A reader that fails in a way of its own fails for this file only."""
    try:
        yield from read_all(data, name)
    except Exception as reason:
        if os.environ.get("YINJU_DEBUG"):
            raise
        yield UnreadableFile(
            f"{name} cannot be read by this version ({type(reason).__name__}: {reason}); "
            "leave it out, and please report it"
        )
