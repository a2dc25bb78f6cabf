"""FAISS's inverted file with a byte for each dimension, for libraries that are too large to be searched through.

Vectors lie in lists around centres (k-means); a search looks into the lists whose centres are nearest (IVF: Sivic and
Zisserman 2003; Jégou et al. 2011, sec. 4). What it finds is measured again with the vectors as they are stored, so
that every cosine is exact, and only one that was never looked at can be missed.
"""

from collections.abc import Callable
from math import ceil, sqrt
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from embeddings.faiss_index import one_thread, selector
from embeddings.index import Flags, Ids, Vectors

# So many lists for the root of the number of vectors; each has about eight vectors of the sample to be trained on.
LISTS, FEWEST = 4, 8
# Lists looked into, and how many of what is found there are measured again, for each that is asked for and at least.
PROBES, AGAIN, AGAIN_LEAST = 64, 4, 200

# The vectors (n, dimension) of numbers, from where they are kept exactly.
Stored = Callable[[Ids], Vectors]


class IvfIndex:
    """An approximate inner-product index (IndexIVFScalarQuantizer, 8 bits) over vectors that are stored elsewhere."""

    def __init__(self, index: Any, stored: Stored) -> None:
        self._index = index
        self._stored = stored

    @classmethod
    def trained(cls, sample: Vectors, count: int, stored: Stored) -> "IvfIndex":
        """An empty index for about `count` vectors like those of the sample (n, dimension)."""
        dimension = sample.shape[1]
        lists = max(1, min(int(LISTS * sqrt(count)), len(sample) // FEWEST))
        index: Any = faiss.index_factory(dimension, f"IVF{lists},SQ8", faiss.METRIC_INNER_PRODUCT)
        index.cp.min_points_per_centroid = 1  # else FAISS writes to standard error that it would like more
        index.train(np.ascontiguousarray(sample, np.float32))
        return cls(index, stored)

    @classmethod
    def load(cls, path: Path, stored: Stored) -> "IvfIndex":
        """The index saved at `path`. Raises RuntimeError (FAISS's own) where the file is torn."""
        return cls(faiss.read_index(str(path)), stored)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def ids(self) -> Ids:
        lists = self._index.invlists
        some = [faiss.rev_swig_ptr(lists.get_ids(each), lists.list_size(each)) for each in range(lists.nlist)]
        return np.concatenate([np.array(each, np.int64) for each in some])

    def add(self, ids: Ids, vectors: Vectors) -> None:
        if len(ids):
            self._index.add_with_ids(np.ascontiguousarray(vectors, np.float32), np.asarray(ids, np.int64))

    def remove(self, ids: Ids) -> None:
        if len(ids):
            self._index.remove_ids(faiss.IDSelectorBatch(np.asarray(ids, np.int64)))

    def vectors(self, ids: Ids) -> Vectors:
        return self._stored(np.asarray(ids, np.int64))

    def search(self, query: Vectors, count: int, among: Flags | None = None) -> list[tuple[int, float]]:
        total = len(self) if among is None else int(np.count_nonzero(among))
        count = min(count, total)
        if count <= 0:
            return []
        # Of a part of all vectors each list holds fewer, and so more lists are looked into.
        probes = min(self._index.nlist, ceil(PROBES * len(self) / total))
        wanted = min(max(AGAIN * count, AGAIN_LEAST), total)
        chosen = None if among is None else selector(among)
        params = faiss.SearchParametersIVF(nprobe=probes, sel=chosen)  # type: ignore[call-arg]
        row = np.ascontiguousarray(query, np.float32)
        with one_thread():
            _, found = self._index.search(row.reshape(1, -1), wanted, params=params)
        ids = found[0][found[0] >= 0]
        cosines = self._stored(ids) @ row
        best = np.lexsort((ids, -cosines))[:count]
        return [(int(ids[each]), float(cosines[each])) for each in best]

    def save(self, path: Path) -> None:
        faiss.write_index(self._index, str(path))


def is_ivf(path: Path) -> bool:
    """Whether the index saved at `path` is one of these: its first four letters say so. Raises OSError."""
    with path.open("rb") as file:
        return file.read(4) == b"IwSq"
