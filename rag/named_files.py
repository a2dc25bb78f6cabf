"""Single files into a library, each under the name that it is given, with the time that is left."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from corpus.store import Store
from corpus.whereabouts import NamedFile
from embeddings import Encoder
from rag.batch import Batch
from rag.engines import engine_of
from rag.indexing import IndexReport, bytes_of, report_of
from rag.refresh import Refresh


@dataclass(frozen=True)
class Step:
    """How far reading is: files done of all, the one at hand, the share of all bytes, and the seconds left where that is known."""

    done: int
    total: int
    name: str
    share: float
    left: float | None


class _Meter:
    """How far it is. The seconds left go by what is embedded: to read a file is nothing beside it."""

    def __init__(self, files: Sequence[NamedFile], tell: Callable[[Step], None]) -> None:
        self._sizes = [bytes_of(each.path) for each in files]
        self._all = max(sum(self._sizes), 1)
        self._tell = tell
        self._number, self._name = 0, ""
        self._before = self._done = 0
        self._began = time.monotonic()
        self._rate: float | None = None

    def begin(self, number: int, name: str) -> None:
        """The next file, or without a name the end of all."""
        self._number, self._name = number, name
        self._before += self._sizes[number - 1] if number else 0
        self._done = self._before
        self.tell()

    def within(self, done: int) -> None:
        """So many bytes of the file are done."""
        self._done = self._before + min(done, self._sizes[self._number])

    def embedded(self) -> None:
        """All that is done by now is embedded as well."""
        if self._done:
            self._rate = (time.monotonic() - self._began) / self._done
        self.tell()

    def tell(self) -> None:
        left = None if self._rate is None else max(self._rate * self._all - (time.monotonic() - self._began), 0.0)
        self._tell(Step(self._number, len(self._sizes), self._name, min(self._done / self._all, 1.0), left))


def index_named(
    files: Sequence[NamedFile], library: Store, encoder: Encoder, tell: Callable[[Step], None], gone: Sequence[bytes] = ()
) -> IndexReport:
    """Add or update these files, and take out the documents of the files at the paths that are `gone`.

    Does what `rag.index_paths` does of a path, but that each file has the name that it is given; what fails is in the report.
    Raises LibraryError where another process writes, or the disk is full.
    """
    began = time.perf_counter()
    meter = _Meter(files, tell)
    with library.writing():
        engine_of(library).begin(library)
        batch = Batch(library, encoder, meter.embedded)
        refresh = Refresh(library, encoder, batch, [], meter.within)
        for number, each in enumerate(refresh.files_ahead(files, lambda each: (each.path, each.name))):
            meter.begin(number, each.name)
            refresh.any_file(each.path, each.name, each.root)
        meter.begin(len(files), "")
        batch.flush()
        removed = library.files.remove(gone)
        library.drop_unused()
        engine_of(library).finish(library)
    return report_of(refresh, removed, batch, library, began)
