"""Files and folders into a library: read, cut, embedded and stored, batch by batch."""

import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from corpus import Document, YinjuError
from corpus.files import Unlisted, printable, walk
from corpus.rows import document_hash
from corpus.store import Store
from corpus.whereabouts import holds_any
from embeddings import Encoder
from rag.batch import Batch, prepared
from rag.engines import engine_of
from rag.recut import finish_recut
from rag.refresh import Refresh
from rag.settings import library_settings

if TYPE_CHECKING:
    from rag.cluster import RayWorkers

# Files after which progress is told where nothing is embedded.
TELL_EVERY = 256
# done, of how many, and what to say beside them.
Progress = Callable[[int, int, str], None]
# What is at a path, with the folder that its name is relative to.
Found = tuple[Unlisted | tuple[Path, str], Path]


@dataclass(frozen=True)
class IndexReport:
    """What one run of indexing did; `failures` are (document, reason), `seconds` wall time.

    `passages` is how many the library holds, `embedded` how many of them this run had to embed.
    """

    added: int
    updated: int
    removed: int
    unchanged: int
    failed: int
    passages: int
    seconds: float
    failures: tuple[tuple[str, str], ...]
    embedded: int = 0


def silent(done: int, total: int, label: str) -> None:
    """A progress that shows nothing."""


def index_paths(
    paths: Sequence[Path], library: Store, encoder: Encoder, progress: Progress = silent, workers: "RayWorkers | None" = None
) -> IndexReport:
    """Add or update the files of these paths, and drop documents of theirs whose files are gone.

    Unchanged files (by content) embed nothing, and a changed one only its new passages. A file that
    cannot be read stops no other: it is among the failures, and what the library had of it stays.
    Stopped at any moment (KeyboardInterrupt), the work done is kept. `progress` is told bytes. With `workers`, those
    read, cut and embed, and this process stores. Of a folder that holds nothing at all, as the place of a disk that is not plugged
    in does, no document is dropped, and it is a failure.

    Raises YinjuError where a path is not there or holds no file, before anything is written;
    LibraryError where another process writes, or the disk is full.
    """
    began = time.perf_counter()
    library.require_model(encoder.name, encoder.dimension)
    total = sum(_size_of(path, library) for path in paths)
    finish_recut(library, encoder)
    with library.writing():
        engine_of(library).begin(library)
        meter = _Meter(progress, total)
        batch = Batch(library, encoder, meter.tell)
        roots = {os.fsencode(os.path.join(os.path.abspath(each), "")): printable(str(each)) for each in paths if each.is_dir()}
        refresh = Refresh(library, encoder, batch, list(roots), meter.within)
        meter.watch(batch, refresh)
        try:
            found = refresh.files_ahead((each for path in paths for each in _found(path, library)), _file_of)
            with closing(_handed_out(found, workers, refresh, library, batch) if workers is not None else found) as files:
                for each in files:
                    _refresh_one(*each, refresh, meter)
            batch.flush()
            away = _away(roots, library, refresh)
            removed = library.files.remove(_gone([each for each in roots if each not in away], library, refresh.seen))
            library.drop_unused()
        except KeyboardInterrupt:
            engine_of(library).finish(library)
            raise
        engine_of(library).finish(library)
    return report_of(refresh, removed, batch, library, began)


def report_of(refresh: Refresh, removed: int, batch: Batch, library: Store, began: float) -> IndexReport:
    """What was done since `began` (of `time.perf_counter`); `removed` are documents of files that are gone."""
    return IndexReport(
        added=refresh.added,
        updated=refresh.updated,
        removed=refresh.removed + removed,
        unchanged=refresh.unchanged,
        failed=len(refresh.failures),
        passages=library.passage_count(),
        seconds=time.perf_counter() - began,
        failures=tuple(refresh.failures),
        embedded=batch.embedded,
    )


def index_documents(
    documents: Iterable[Document], library: Store, encoder: Encoder, progress: Progress = silent
) -> IndexReport:
    """Make the library hold exactly these documents, which are in no file of their own."""
    began = time.perf_counter()
    library.require_model(encoder.name, encoder.dimension)
    wanted = {each.name: each for each in documents}
    finish_recut(library, encoder)
    with library.writing():
        engine_of(library).begin(library)
        hashes = {name: each.hash for name, each in library.known_documents(None).items()}
        batch = Batch(library, encoder, lambda: None)
        settings = library_settings(library)
        changed = [each for each in wanted.values() if hashes.get(each.name) != document_hash(each)]
        for done, each in enumerate(changed):
            batch.put(*prepared(each, encoder, settings), None)
            progress(done, len(changed), each.name)
        batch.flush()
        removed = library.remove([each.name for each in library.list_documents() if each.name not in wanted])
        library.drop_unused()
        engine_of(library).finish(library)
    progress(len(changed), len(changed), "")
    added = sum(each.name not in hashes for each in changed)
    return IndexReport(
        added, len(changed) - added, removed, len(wanted) - len(changed), 0,
        library.passage_count(), time.perf_counter() - began, (), batch.embedded,
    )  # fmt: skip


def _size_of(path: Path, library: Store) -> int:
    """The bytes of a path's files. Raises YinjuError where it holds none and the library knows of none."""
    total = -1
    for each in walk(path, library.folder):
        total = max(total, 0)
        if not isinstance(each, Unlisted):
            total += bytes_of(each[0])
    if total < 0 and not library.files.under(os.fsencode(os.path.abspath(path))):
        raise YinjuError(f"{path} holds no files; put documents into it, or give another path")
    return max(total, 0)


def _file_of(found: Found) -> tuple[Path, str] | None:
    return None if isinstance(found[0], Unlisted) else found[0]


def _found(path: Path, library: Store) -> Iterator[Found]:
    """What is at a path, each with the folder that its name is relative to."""
    root = Path(os.path.abspath(path))
    root = root if path.is_dir() else root.parent
    return ((each, root) for each in walk(path, library.folder))


def _handed_out(
    found: Iterable[Found], workers: "RayWorkers", refresh: Refresh, library: Store, batch: Batch
) -> Generator[Found, None, None]:
    """The same, while workers read what is to be read of it."""
    for some in workers.rounds(found, refresh.name_to_read):
        with workers.reading(some, library, batch, refresh.here) as refresh.reader:
            yield from refresh.files_ahead(some.found, _file_of)
            batch.flush()
    refresh.reader = refresh.here


def _refresh_one(each: Unlisted | tuple[Path, str], root: Path, refresh: Refresh, meter: "_Meter") -> None:
    if isinstance(each, Unlisted):
        refresh.fail(each.name, each.reason)
        return
    file, name = each
    meter.begin(bytes_of(file))
    refresh.any_file(file, name, root)


def _away(roots: Mapping[bytes, str], library: Store, refresh: Refresh) -> set[bytes]:
    """Those of the folders, each with what it is called, that hold nothing and have documents in the library: a failure each."""
    empty = [each for each in roots if not holds_any(each)]
    known = [path for path, _ in library.files.with_documents()] if empty else []
    away = {each: count for each in empty if (count := sum(path.startswith(each) for path in known))}
    for root, count in away.items():
        name = roots[root]
        if name not in dict(refresh.failures):  # one that cannot be listed is said already
            refresh.fail(name, f"{name} holds nothing now, and documents of {count} file{'s' * (count > 1)} of it are in the library: they stay; "
                         "bring its disk back, or take each out with: yinju docs remove NAME")  # fmt: skip
    return set(away)


def _gone(roots: Sequence[bytes], library: Store, seen: set[bytes]) -> list[bytes]:
    """Known files below these folders that are no longer there.

    A file that is there and was not seen was given by itself (a hidden one, say) and stays; a link
    that was not seen leads out by now.
    """
    return [
        each
        for root in roots
        for each in library.files.under(root)
        if each not in seen and (os.path.islink(each) or _is_no_file(each))
    ]


def _is_no_file(path: bytes) -> bool:
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):  # the last of a damaged path, which is no file's
        return True
    except OSError:  # its folder cannot be read now: that is no reason to forget it
        return False
    return not os.path.isfile(path)


def bytes_of(path: Path) -> int:
    """The size of a file; 0 where it cannot be told."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


class _Meter:
    """How far indexing is, in bytes of files, with documents and passages per second beside it."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._before = self._file = self._within = self._files = 0
        self._began = time.perf_counter()
        self._batch: Batch | None = None
        self._refresh: Refresh | None = None

    def watch(self, batch: Batch, refresh: Refresh) -> None:
        self._batch, self._refresh = batch, refresh

    def begin(self, size: int) -> None:
        """The next file, of that size."""
        self._before += self._file
        self._file, self._within = size, 0
        self._files += 1
        if self._files % TELL_EVERY == 0:
            self.tell()

    def within(self, done: int) -> None:
        """So many bytes of the file are done."""
        self._within = min(done, self._file)

    def tell(self) -> None:
        if self._batch is None or self._refresh is None:
            return
        documents = self._refresh.added + self._refresh.updated + self._refresh.unchanged
        rate = self._batch.embedded / max(time.perf_counter() - self._began, 1e-9)
        label = f"{documents:,} documents, {self._batch.embedded:,} passages, {rate:.1f} passages/s"
        self._progress(min(self._before + self._within, self._total), self._total, label)


def remove_documents(library: Store, names: Sequence[str]) -> int:
    """Take documents out of a library, their files stay; how many were there. Raises LibraryError where another process
    is writing."""
    with library.writing():
        removed = library.remove(names)
        if removed:
            library.drop_unused()
            engine_of(library).finish(library)
    return removed
