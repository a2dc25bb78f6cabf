"""The seam between vectors and the engine that searches them."""

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Ids = NDArray[np.int64]
Flags = NDArray[np.bool_]


class VectorIndex(Protocol):
    """Vectors of unit length under small numbers, searched by inner product."""

    def __len__(self) -> int: ...

    @property
    def ids(self) -> Ids:
        """All numbers, in any order."""
        ...

    def add(self, ids: Ids, vectors: Vectors, apart: Flags | None = None) -> None:
        """Keep vectors (n, dimension) under these numbers (n). With `apart`, a flag for each: they may be searched apart from the
        others."""
        ...

    def remove(self, ids: Ids) -> None:
        """Take these away; those that are not here do not matter."""
        ...

    def vectors(self, ids: Ids) -> Vectors:
        """The vectors (n, dimension) of numbers that are here, exactly as they were added."""
        ...

    def products(self, ids: Ids, query: Vectors) -> Vectors:
        """About the products (n) of a query (dimension) with the vectors of numbers; -1 for one that is gone."""
        ...

    def scan(self, query: Vectors, count: int, among: Flags | None = None, apart: bool | None = None) -> tuple[Ids, Vectors]:
        """Numbers among which the `count` nearest to a query (shape: dimension) are, in any order, and about its product with
        each of their vectors (n).

        With `among`, a flag for each number (a number beyond them has none), the nearest of those, as if there were
        no others; with `apart` as well, they all were added apart, or none of them was. An index of many vectors may miss a few of the nearest.
        """
        ...

    def save(self, path: Path) -> None: ...
