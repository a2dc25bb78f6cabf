"""FAISS's product quantiser with four bits for every two dimensions, for libraries too large to be searched through as they are.

A search goes through the codes of all vectors, an eighth of their size as float16, sixteen or more at once (product
quantisation: Jégou et al. 2011; scanned in registers: André et al. 2017); whoever asks measures the best again with the
vectors as they are stored: only one that its code puts far back can be missed. Lists around
centres (IVF) or a graph would look at fewer, and miss more: a question that nothing answers lies near no centre.
"""

from collections.abc import Callable
from math import ceil, sqrt
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from embeddings.faiss_index import add_to, found_by, remove_from, selector
from embeddings.index import Flags, Ids, Vectors

# How many of those with the best codes are given: for each that is asked for, and of all vectors so many or so many times
# the root of their number (bench/scale.py: 4,000 of a million; of a quarter as many the ten best by vectors and words lack .02).
AGAIN, AGAIN_LEAST, ROOTS = 4, 500, 4

# The vectors (n, dimension) of numbers, from where they are kept exactly.
Stored = Callable[[Ids], Vectors]


class PackedIndex:
    """An approximate inner-product index (IndexIVFPQFastScan of one list, for its ids) over vectors stored elsewhere."""

    def __init__(self, index: Any, stored: Stored) -> None:
        self._index = index
        self._stored = stored

    @classmethod
    def trained(cls, sample: Vectors, stored: Stored) -> "PackedIndex":
        """An empty index for vectors like those of the sample (n, dimension), of which there are sixteen or more."""
        dimension = sample.shape[1]
        parts = dimension // 2 if dimension % 2 == 0 else dimension
        index: Any = faiss.index_factory(dimension, f"IVF1,PQ{parts}x4fs", faiss.METRIC_INNER_PRODUCT)
        index.pq.cp.min_points_per_centroid = 1  # else FAISS writes to standard error that it would like more
        index.train(np.ascontiguousarray(sample, np.float32))
        return cls(index, stored)

    @classmethod
    def load(cls, path: Path, stored: Stored) -> "PackedIndex":
        """The index saved at `path`. Raises RuntimeError (FAISS's own) where the file is torn."""
        return cls(faiss.read_index(str(path)), stored)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def ids(self) -> Ids:
        lists = self._index.invlists
        return np.array(faiss.rev_swig_ptr(lists.get_ids(0), lists.list_size(0)), np.int64)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        add_to(self._index, ids, vectors)

    def remove(self, ids: Ids) -> None:
        remove_from(self._index, ids)

    def vectors(self, ids: Ids) -> Vectors:
        return self._stored(np.asarray(ids, np.int64))

    def scan(self, query: Vectors, count: int, among: Flags | None = None) -> tuple[Ids, Vectors]:
        total = len(self) if among is None else int(np.count_nonzero(among))
        share = total / max(len(self), 1)
        wanted = min(max(AGAIN * count, ceil(share * max(AGAIN_LEAST, ROOTS * sqrt(len(self))))), total) if count > 0 else 0
        if wanted == total and among is not None:
            numbers = np.flatnonzero(among).astype(np.int64)
            return numbers, self._stored(numbers) @ query
        chosen = None if among is None else selector(among)
        return found_by(self._index, query, wanted, faiss.SearchParametersIVF(nprobe=1, sel=chosen))  # type: ignore[call-arg]

    def save(self, path: Path) -> None:
        faiss.write_index(self._index, str(path))


def is_packed(path: Path) -> bool:
    """Whether the index saved at `path` is one of these: its first four letters say so. Raises OSError."""
    with path.open("rb") as file:
        return file.read(4) == b"IwPf"
