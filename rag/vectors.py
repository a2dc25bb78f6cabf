"""A library's vectors as an index: loaded from its file, or rebuilt from the truth where that fails."""

import os
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corpus import Library, LibraryError
from corpus.vector_table import Ids
from embeddings import FaissIndex

KEY = "faiss"


@dataclass(frozen=True)
class OpenIndex:
    """An index of all vectors, and what it stands for: a generation, its passages and their keys' heads."""

    index: FaissIndex
    generation: int
    ids: Ids
    heads: Ids


def open_index(library: Library) -> OpenIndex:
    """The index of all vectors as they stand now. Embeds nothing."""
    with library.reading():
        generation = library.generation
        ids, heads = library.vectors.passage_keys()
        index = _loaded(library, generation)
        if index is None or not np.array_equal(np.sort(index.ids), ids):
            index = _rebuilt(library)
        return OpenIndex(index, generation, ids, heads)


def caught_up(library: Library, opened: OpenIndex) -> OpenIndex:
    """The same index, changed to what the library holds now: only what is new is read.

    The caller sees to it that nothing searches it meanwhile.
    """
    with library.reading():
        generation = library.generation
        ids, heads = library.vectors.passage_keys()
        places = np.searchsorted(opened.ids, ids)
        places[places == len(opened.ids)] = 0
        same = (opened.ids[places] == ids) & (opened.heads[places] == heads) if len(opened.ids) else np.zeros(len(ids), bool)
        opened.index.remove(opened.ids[~np.isin(opened.ids, ids[same])])
        for some, vectors in library.vectors.chunks([int(each) for each in ids[~same]]):
            opened.index.add(some, vectors.astype(np.float32))
        return OpenIndex(opened.index, generation, ids, heads)


def save_index(library: Library) -> None:
    """Write the index under a new name, fsync it, and let a transaction name it; for who may write.

    Does nothing where the file that is named is whole and of this generation. Raises LibraryError where
    the file cannot be written; the library is whole all the same.
    """
    generation = library.generation
    if _file(library, generation) is not None:
        return
    path = library.folder / f"vectors-{generation}.faiss"
    building = library.folder / f".vectors-{generation}.new"
    try:
        index = _rebuilt(library)
        index.save(building)
        _to_disk(building)
        checksum = _checksum(building)
        os.replace(building, path)
        _to_disk(library.folder)
    except (OSError, RuntimeError) as reason:
        building.unlink(missing_ok=True)
        text = getattr(reason, "strerror", None) or str(reason).strip().splitlines()[-1]
        raise LibraryError(
            f"the index of {library.folder} could not be written, as on a full disk ({text}); all documents are kept "
            "and can be asked: free some space and run the same command again"
        ) from None
    library.name_derived(KEY, path.name, generation, checksum)
    for pattern in ("vectors-*.faiss", ".vectors-*.new"):
        for old in library.folder.glob(pattern):
            if old != path:
                old.unlink(missing_ok=True)


def torn_file(library: Library) -> Path | None:
    """The file that is named for this generation, where it is missing or not what was written."""
    named = library.derived(KEY)
    if named is None or named[1] != library.generation or _file(library, named[1]) is not None:
        return None
    return named[0]


def _file(library: Library, generation: int) -> Path | None:
    """The file named for a generation, where it is as it was written."""
    named = library.derived(KEY)
    if named is None or named[1] != generation:
        return None
    try:
        return named[0] if _checksum(named[0]) == named[2] else None
    except OSError:
        return None


def _loaded(library: Library, generation: int) -> FaissIndex | None:
    path = _file(library, generation)
    try:
        return FaissIndex.load(path) if path is not None else None
    except (OSError, RuntimeError):  # another process has written a newer one, and removed this
        return None


def _rebuilt(library: Library) -> FaissIndex:
    index = FaissIndex.empty(library.dimension)
    for ids, vectors in library.vectors.chunks():
        index.add(ids, vectors.astype(np.float32))
    return index


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _checksum(path: Path) -> int:
    value = 0
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            value = zlib.crc32(part, value)
    return value
