"""FAISS's product quantiser with four bits for every two dimensions, for libraries too large to be searched through as they are.

A search goes through the codes of all vectors or of one part of them, an eighth of their size as float16, sixteen or more at once (product
quantisation: Jégou et al. 2011; scanned in registers: André et al. 2017); whoever asks measures the best again with the
vectors as they are stored: only one that its code puts far back can be missed. Lists around
centres (IVF) or a graph would look at fewer, and miss more: a question that nothing answers lies near no centre.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, sqrt
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from embeddings.faiss_index import add_to, found_by, remove_from, selector, write_index
from embeddings.index import Flags, Ids, Vectors

# How many of those with the best codes are given: for each that is asked for, and of all vectors so many or so many times
# the root of their number (bench/scale.py: 4,000 of a million; of a quarter as many the ten best by vectors and words lack .02).
AGAIN, AGAIN_LEAST, ROOTS = 4, 500, 4
# FAISS keeps codes in blocks of so many vectors.
BLOCK = 32

# The vectors (n, dimension) of numbers, from where they are kept exactly.
Stored = Callable[[Ids], Vectors]


@dataclass(frozen=True)
class Places:
    """Where the codes of numbers lie: in which list (0 where there is none such), and at which place of it."""

    lists: NDArray[np.int8]
    places: NDArray[np.int32]


class PackedIndex:
    """An approximate inner-product index (IndexIVFPQFastScan) over vectors stored elsewhere.

    It has one list or two: the second is of those that were added apart. Its centres say nothing.
    """

    def __init__(self, index: Any, stored: Stored) -> None:
        self._index = index
        self._stored = stored
        self._parted = index.nlist == 2
        self._where: Places | None = None

    @classmethod
    def trained(cls, sample: Vectors, stored: Stored, parted: bool = False) -> "PackedIndex":
        """An empty index for vectors like those of the sample (n, dimension), of which there are sixteen or more."""
        dimension = sample.shape[1]
        parts = dimension // 2 if dimension % 2 == 0 else dimension
        centres = _centres(faiss.IndexFlatL2(dimension), 0, 2 if parted else 1)
        index: Any = faiss.IndexIVFPQFastScan(centres, dimension, centres.ntotal, parts, 4, faiss.METRIC_INNER_PRODUCT, BLOCK)
        index.by_residual = False
        index.pq.cp.min_points_per_centroid = 1  # else FAISS writes to standard error that it would like more
        index.train(np.ascontiguousarray(sample, np.float32))
        index.own_fields = True
        centres.this.disown()
        return cls(index, stored)

    @classmethod
    def load(cls, path: Path, stored: Stored) -> "PackedIndex":
        """The index saved at `path`. Raises RuntimeError (FAISS's own) where the file is torn."""
        return cls(faiss.read_index(str(path)), stored)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def ids(self) -> Ids:
        return np.concatenate([self._ids(number) for number in range(self._index.nlist)])

    def add(self, ids: Ids, vectors: Vectors, apart: Flags | None = None) -> None:
        self._where = None
        if self._index.nlist == 1 or apart is None:
            self._parted = False  # some that belong apart may lie with the others
            apart = np.zeros(len(ids), bool)
        for number, chosen in enumerate((~apart, apart)[: self._index.nlist]):
            self._turn_to(number)
            add_to(self._index, ids[chosen], vectors[chosen])

    def remove(self, ids: Ids) -> None:
        self._where = None
        remove_from(self._index, ids)

    def vectors(self, ids: Ids) -> Vectors:
        return self._stored(np.asarray(ids, np.int64))

    def products(self, ids: Ids, query: Vectors) -> Vectors:
        where = self._places()
        given = np.full(len(ids), -1, np.float32)
        known = ids < len(where.places)
        quantiser = self._index.pq
        centroids = faiss.vector_to_array(quantiser.centroids).reshape(quantiser.M, quantiser.ksub, quantiser.dsub)
        table = np.einsum("mcd,md->mc", centroids, np.asarray(query, np.float32).reshape(quantiser.M, quantiser.dsub))
        rows = quantiser.ksub * np.arange(quantiser.M)
        for number in range(self._index.nlist):
            some = np.flatnonzero(known)
            some = some[where.lists[ids[some]] == number]
            some = some[where.places[ids[some]] >= 0]
            if len(some):
                codes = self._codes(number, where.places[ids[some]])
                given[some] = table.ravel().take(rows + codes[:, : quantiser.M]).sum(axis=1)
        return given

    def scan(self, query: Vectors, count: int, among: Flags | None = None, apart: bool | None = None) -> tuple[Ids, Vectors]:
        total = len(self) if among is None else int(np.count_nonzero(among))
        share = total / max(len(self), 1)
        wanted = min(max(AGAIN * count, ceil(share * max(AGAIN_LEAST, ROOTS * sqrt(len(self))))), total) if count > 0 else 0
        if wanted == total and among is not None:
            numbers = np.flatnonzero(among).astype(np.int64)
            return numbers, self.products(numbers, query)
        lists = self._index.nlist
        if apart is not None and self._parted:
            self._turn_to(int(apart))
            lists = 1
        held = len(self) if lists == self._index.nlist else self._index.invlists.list_size(int(bool(apart)))
        chosen = None if among is None or total == held else selector(among)  # where all are flagged, nothing is chosen
        return found_by(self._index, query, wanted, faiss.SearchParametersIVF(nprobe=lists, sel=chosen))  # type: ignore[call-arg]

    def save(self, path: Path) -> None:
        write_index(self._index, path)

    def _turn_to(self, number: int) -> None:
        """From now on a list is that of all vectors: FAISS takes the one whose centre is the nearest."""
        if self._index.nlist == 2:
            _centres(faiss.downcast_index(self._index.quantizer), number, 2)

    def _ids(self, number: int) -> Ids:
        lists = self._index.invlists
        size = lists.list_size(number)
        return np.array(faiss.rev_swig_ptr(lists.get_ids(number), size), np.int64) if size else np.empty(0, np.int64)

    def _places(self) -> Places:
        if self._where is None:
            ids = [self._ids(number) for number in range(self._index.nlist)]
            size = max((int(each.max(initial=-1)) for each in ids), default=-1) + 1
            lists, places = np.zeros(size, np.int8), np.full(size, -1, np.int32)
            for number, each in enumerate(ids):
                lists[each], places[each] = number, np.arange(len(each))
            self._where = Places(lists, places)
        return self._where

    def _codes(self, number: int, places: NDArray[np.int32]) -> NDArray[np.uint8]:
        """The codes (n, pairs of parts times 2) of the vectors at these places of a list.

        A block holds, for each two parts, sixteen bytes of the first and sixteen of the second: in the low halves those of its first
        sixteen vectors, in the high halves those of the others, in the order 0, 8, 1, 9 and so on (faiss/impl/pq4_fast_scan.h).
        """
        lists, pairs = self._index.invlists, self._index.M2 // 2
        blocks = -(-lists.list_size(number) // BLOCK)
        packed = faiss.rev_swig_ptr(lists.get_codes(number), blocks * pairs * BLOCK).reshape(blocks, pairs, 2, BLOCK // 2)
        within = places % BLOCK
        half = within % 16
        found = packed[places // BLOCK, :, :, half % 8 * 2 + half // 8].reshape(len(places), -1)
        return np.where((within >= 16)[:, np.newaxis], found >> 4, found & 15)


def _centres(flat: Any, chosen: int, count: int) -> Any:
    """Put so many centres into an index, one of them the nearest to every vector of unit length."""
    flat.reset()
    rows = np.zeros((count, flat.d), np.float32)
    rows[np.arange(count) != chosen, 0] = 1e3
    flat.add(rows)
    return flat


def is_packed(path: Path) -> bool:
    """Whether the index saved at `path` is one of these: its first four letters say so. Raises OSError."""
    with path.open("rb") as file:
        return file.read(4) == b"IwPf"
