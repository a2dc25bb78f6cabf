"""What workers send, in whatever order it comes, as the files that indexing asks for one after the other.

Vectors are stored as they arrive. Documents wait in memory for the turn of their file, up to a bound: past it the
files that are last in turn are let go, and read by this process when they come up (their vectors are stored by then).
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from corpus import Document, UnreadableFile, YinjuError
from corpus.rows import Prepared
from corpus.store import Store
from embeddings.index import Vectors
from rag.batch import Batch
from rag.cluster.desk import Claims
from rag.cluster.rows import Row, document_from, named, vectors_of
from rag.reading import Part, ReadHere, Reading, Status

# Texts that are stored together, and seconds that they wait for others; bytes of documents that wait at most.
STORE, WAIT, KEPT = 256, 1.0, 256 << 20


@dataclass(frozen=True)
class Expected:
    """A file that workers read: of which group, by what name, and how it was when it was handed out (`digest` is empty)."""

    number: int
    group: int
    name: str
    status: Status


class Arrivals:
    """The reader of the files at `expected` (by absolute path); `rows` are what workers give of them."""

    def __init__(
        self, rows: Iterator[Row], expected: Mapping[Path, Expected], library: Store, batch: Batch, here: ReadHere, claims: Claims
    ) -> None:
        self.here = here
        self._rows = rows
        self._expected = expected
        self._library = library
        self._batch = batch
        self._claims = claims
        self._turn = -1
        self._buffer: dict[int, dict[int, Row]] = {}
        self._bytes = 0
        self._let_go: set[int] = set()
        self._stored = time.monotonic()
        self._vectors: dict[bytes, tuple[Vectors, Mapping[str, int]]] = {}

    def read(self, path: Path, name: str) -> Reading:
        """Raises UnreadableFile as `ReadHere` does, YinjuError where the workers cannot go on."""
        expected = self._expected.get(Path(os.path.abspath(path)))
        if expected is None:
            return Arrived(self, path, name, None, self.here.read(path, name))
        self._begin(expected)
        first = self.row(expected.number, 0)
        if first is None or first.kind != "read":
            return Arrived(self, path, name, None, self.here.read(path, name))
        return Arrived(self, path, name, expected, None, first.body.decode())

    def row(self, number: int, part: int) -> Row | None:
        """That row of the file whose turn it is; None where it does not come."""
        while part not in self._buffer.get(number, {}):
            if number in self._let_go or not self._more():
                return None
        row = self._buffer[number].pop(part)
        self._bytes -= len(row.body)
        return row

    def wait_for(self, keys: Sequence[bytes]) -> None:
        """Until the vectors of these keys are stored, or nobody is embedding them."""
        while (awaited := self._claims.awaited(keys)) and any(key not in self._vectors for key in awaited) and self._more():
            pass
        if any(key in self._vectors for key in keys):
            self.store()

    def are_held(self, keys: Sequence[bytes]) -> bool:
        """Whether the library has the vectors of all these keys."""
        return self._library.held(list(keys)).issuperset(keys)

    def finish(self) -> None:
        """Take what is still to come."""
        self._forget(self._buffer.copy())
        self._turn = max((each.number for each in self._expected.values()), default=-1) + 1
        while self._more():
            pass
        self.store()

    def store(self) -> None:
        """Store the vectors that are here."""
        if self._vectors:
            keys = list(self._vectors)
            found = [self._vectors[key] for key in keys]
            self._batch.store(keys, np.stack([vector for vector, _ in found]), [terms for _, terms in found])
            self._claims.stored(keys)
            self._vectors = {}
        self._stored = time.monotonic()

    def _begin(self, expected: Expected) -> None:
        self._forget([each for each in self._buffer if each < expected.number])
        self._turn = expected.number
        self._claims.done(expected.group)

    def _more(self) -> bool:
        """Take what comes next; whether anything came."""
        row = next(self._rows, None)
        if row is None:
            return False
        if row.kind == "broken":
            raise YinjuError(row.body.decode())
        if row.kind == "texts":
            keys, vectors, terms = vectors_of(row, self._library.dimension)
            self._vectors |= zip(keys, zip(vectors, terms, strict=True), strict=True)
            if len(self._vectors) >= STORE or time.monotonic() - self._stored > WAIT:
                self.store()
        elif row.file >= self._turn and row.file not in self._let_go:
            self._buffer.setdefault(row.file, {})[row.part] = row
            self._bytes += len(row.body)
            while self._bytes > KEPT and (last := max(self._buffer)) > self._turn:
                self._forget([last])
                self._let_go.add(last)
        return True

    def _forget(self, numbers: Iterable[int]) -> None:
        for number in list(numbers):
            self._bytes -= sum(len(row.body) for row in self._buffer.pop(number).values())


class Arrived:
    """A file as workers read it (`expected`), or this process did (`held`)."""

    def __init__(
        self, arrivals: Arrivals, path: Path, name: str, expected: Expected | None, held: Reading | None, digest: str = ""
    ) -> None:
        self._arrivals = arrivals
        self._path = path
        self._name = name
        self._expected = expected
        self._held = held
        self._digest = digest

    @property
    def status(self) -> Status:
        if self._held is not None:
            return self._held.status
        assert self._expected is not None
        known = self._expected.status
        return Status(self._digest, known.size, known.mtime_ns, known.ctime_ns, known.read_ns)

    def parts(self, name: str) -> Iterator[Part | UnreadableFile]:
        given = 0
        if self._expected is not None and name == self._expected.name:
            for each in self._sent(self._expected.number):
                yield each
                given += 1
            if self._held is None:
                return
        for each in islice(self._here(name).parts(name), given, None):
            yield each if isinstance(each, UnreadableFile) else Part(each.document, partial(self._cut_here, each.cut))

    def _sent(self, number: int) -> Iterator[Part | UnreadableFile]:
        """The parts that come from workers; where some do not come, this process reads the file."""
        part, pieces = 0, b""
        while True:
            part += 1
            row = self._arrivals.row(number, part)
            if row is None or row.kind == "here":
                self._here(self._name)
                return
            if row.kind == "end":
                return
            if row.kind == "failed":
                yield UnreadableFile(row.body.decode())
                continue
            pieces += row.body
            if row.kind == "document":
                item = document_from(pieces)
                pieces = b""
                yield Part(item.document, partial(self._cut, item))

    def _here(self, name: str) -> Reading:
        if self._held is None:
            held = self._arrivals.here.read(self._path, name)
            if held.status.digest != self._digest:
                raise UnreadableFile(f"{name} is being changed; index it again when it is done")
            self._held = held
        return self._held

    def _cut(self, item: Prepared, document: Document) -> tuple[Prepared, list[str]]:
        """As workers cut it, where the vectors have come."""
        self._arrivals.wait_for(item.keys)
        if self._arrivals.are_held(item.keys):
            return named(item, document), []
        return self._cut_here(self._arrivals.here.cut, document)

    def _cut_here(self, cut: Callable[[Document], tuple[Prepared, list[str]]], document: Document) -> tuple[Prepared, list[str]]:
        item, texts = cut(document)
        self._arrivals.wait_for(item.keys)
        return item, texts
