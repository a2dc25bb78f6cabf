"""FAISS: exact search by inner product on normalised vectors, for libraries that are small enough for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from embeddings.index import Flags, Ids, Vectors


class FaissIndex:
    """An exact inner-product index (IndexIDMap2 over IndexFlatIP)."""

    def __init__(self, index: Any) -> None:
        self._index = index

    @classmethod
    def empty(cls, dimension: int) -> "FaissIndex":
        return cls(faiss.IndexIDMap2(faiss.IndexFlatIP(dimension)))

    @classmethod
    def load(cls, path: Path) -> "FaissIndex":
        """The index saved at `path`. Raises RuntimeError (FAISS's own) where the file is torn."""
        return cls(faiss.read_index(str(path)))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def ids(self) -> Ids:
        """The numbers, in the order in which they are stored."""
        return np.array(faiss.vector_to_array(self._index.id_map), np.int64)

    def add(self, ids: Ids, vectors: Vectors, apart: Flags | None = None) -> None:
        add_to(self._index, ids, vectors)

    def remove(self, ids: Ids) -> None:
        remove_from(self._index, ids)

    def vectors(self, ids: Ids) -> Vectors:
        rows = self._index.reconstruct_batch(np.asarray(ids, np.int64)) if len(ids) else []
        return np.array(rows, np.float32).reshape(len(ids), self._index.d)

    def products(self, ids: Ids, query: Vectors) -> Vectors:
        given: Vectors = self.vectors(ids) @ query
        return given

    def scan(self, query: Vectors, count: int, among: Flags | None = None, apart: bool | None = None) -> tuple[Ids, Vectors]:
        count = min(count, len(self) if among is None else int(np.count_nonzero(among)))
        chosen = None if among is None else selector(among)
        return found_by(self._index, query, count, faiss.SearchParameters(sel=chosen))  # type: ignore[call-arg]

    def save(self, path: Path) -> None:
        write_index(self._index, path)


def write_index(index: Any, path: Path) -> None:
    """Raises OSError or RuntimeError where the disk does not take all of it: FAISS, given a path, says nothing where the last bytes fail."""
    with path.open("wb") as file:
        faiss.write_index(index, faiss.PyCallbackIOWriter(file.write))  # type: ignore[attr-defined]


def add_to(index: Any, ids: Ids, vectors: Vectors) -> None:
    """Put vectors (n, dimension) under these numbers into any of FAISS's indexes that keeps numbers."""
    if len(ids):
        index.add_with_ids(np.ascontiguousarray(vectors, np.float32), np.asarray(ids, np.int64))


def remove_from(index: Any, ids: Ids) -> None:
    """Take these numbers out of it; those that are not there do not matter."""
    if len(ids):
        index.remove_ids(faiss.IDSelectorBatch(np.asarray(ids, np.int64)))


def found_by(index: Any, query: Vectors, count: int, params: Any) -> tuple[Ids, Vectors]:
    """What any of FAISS's indexes finds for one query: numbers, best first, and scores; fewer than `count` where it has no more."""
    if count <= 0:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    with one_thread():
        scores, numbers = index.search(np.ascontiguousarray(query, np.float32).reshape(1, -1), count, params=params)
    there = numbers[0] >= 0
    return numbers[0][there], scores[0][there]


@contextmanager
def one_thread() -> Iterator[None]:
    """FAISS asked from this thread uses no other: for one question these cost more than they bring, on a busy machine 8 ms."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def selector(among: Flags) -> Any:
    """FAISS's selector of the numbers that are flagged."""
    packed: Any = np.packbits(among, bitorder="little")
    return faiss.IDSelectorBitmap(packed)  # type: ignore[call-arg]
