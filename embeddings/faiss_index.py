"""FAISS: exact search by inner product on normalised vectors."""

from pathlib import Path
from typing import Any

import faiss
import numpy as np

from embeddings.index import Ids, Vectors


class FaissIndex:
    """An exact inner-product index with 63-bit ids (IndexIDMap2 over IndexFlatIP)."""

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
        """The ids, in the order in which they are stored."""
        return np.array(faiss.vector_to_array(self._index.id_map), np.int64)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        if len(ids):
            self._index.add_with_ids(np.ascontiguousarray(vectors, np.float32), np.asarray(ids, np.int64))

    def remove(self, ids: Ids) -> None:
        if len(ids):
            self._index.remove_ids(faiss.IDSelectorBatch(np.asarray(ids, np.int64)))

    def vectors(self, ids: Ids) -> Vectors:
        """The vectors (n, dimension) of ids that are here."""
        return np.array([self._index.reconstruct(int(each)) for each in ids], np.float32).reshape(len(ids), self._index.d)

    def search(self, query: Vectors, count: int, among: Ids | None = None) -> list[tuple[int, float]]:
        count = min(count, len(self) if among is None else len(among))
        if count <= 0:
            return []
        rows = np.ascontiguousarray(query, np.float32).reshape(1, -1)
        if among is None:
            scores, ids = self._index.search(rows, count)
        else:
            # The selector points into the array, which must live as long as the search.
            wanted = np.ascontiguousarray(among, np.int64)
            only = faiss.SearchParameters(sel=faiss.IDSelectorBatch(wanted))  # type: ignore[call-arg]
            scores, ids = self._index.search(rows, count, params=only)
        return [(int(id_), float(score)) for id_, score in zip(ids[0], scores[0], strict=True) if id_ >= 0]

    def save(self, path: Path) -> None:
        faiss.write_index(self._index, str(path))
