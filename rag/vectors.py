"""A library's vectors as an index: loaded from its file, or rebuilt from the truth where that fails."""

import os
import zlib
from pathlib import Path

import numpy as np

from corpus import Library
from embeddings import FaissIndex, VectorIndex

KEY = "faiss"


def open_index(library: Library) -> tuple[VectorIndex, int]:
    """The index of all vectors, and the generation it stands for. Embeds nothing."""
    named = library.derived(KEY)
    if named is not None:
        path, generation, checksum = named
        if generation == library.generation and path.is_file() and _checksum(path) == checksum:
            index = FaissIndex.load(path)
            if len(index) == library.passage_count():
                return index, generation
    return _rebuilt(library)


def save_index(library: Library) -> VectorIndex:
    """Rebuild the index, write it under a new name, fsync it, and let a transaction name it."""
    index, generation = _rebuilt(library)
    path = library.folder / f"vectors-{generation}.faiss"
    index.save(path)
    with path.open("rb") as file:
        os.fsync(file.fileno())
    library.name_derived(KEY, path.name, generation, _checksum(path))
    for old in library.folder.glob("vectors-*.faiss"):
        if old != path:
            old.unlink(missing_ok=True)
    return index


def _rebuilt(library: Library) -> tuple[VectorIndex, int]:
    generation, ids, vectors = library.vectors()
    index = FaissIndex.empty(library.dimension)
    index.add(ids, vectors.astype(np.float32))
    return index, generation


def _checksum(path: Path) -> int:
    value = 0
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            value = zlib.crc32(part, value)
    return value
