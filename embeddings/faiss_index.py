"""FAISS: exact search by inner product on normalised vectors."""

from pathlib import Path

import faiss
import numpy as np

from embeddings.index import Ids, Vectors


class FaissIndex:
    """An exact inner-product index with 63-bit ids (IndexIDMap2 over IndexFlatIP)."""

    def __init__(self, index: "faiss.Index") -> None:
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

    def add(self, ids: Ids, vectors: Vectors) -> None:
        if len(ids):
            self._index.add_with_ids(np.ascontiguousarray(vectors, np.float32), np.asarray(ids, np.int64))

    def remove(self, ids: Ids) -> None:
        if len(ids):
            self._index.remove_ids(faiss.IDSelectorBatch(np.asarray(ids, np.int64)))

    def search(self, query: Vectors, count: int) -> list[tuple[int, float]]:
        count = min(count, len(self))
        if count <= 0:
            return []
        scores, ids = self._index.search(np.ascontiguousarray(query, np.float32).reshape(1, -1), count)
        return [(int(id_), float(score)) for id_, score in zip(ids[0], scores[0], strict=True) if id_ >= 0]

    def save(self, path: Path) -> None:
        faiss.write_index(self._index, str(path))
