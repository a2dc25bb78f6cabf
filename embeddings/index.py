"""The seam between vectors and the engine that searches them."""

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Ids = NDArray[np.int64]


class VectorIndex(Protocol):
    """Vectors of unit length under 63-bit ids, searched by inner product."""

    def __len__(self) -> int: ...

    def add(self, ids: Ids, vectors: Vectors) -> None: ...

    def remove(self, ids: Ids) -> None: ...

    def vectors(self, ids: Ids) -> Vectors:
        """The vectors (n, dimension) of ids that are here."""
        ...

    def search(self, query: Vectors, count: int, among: Ids | None = None) -> list[tuple[int, float]]:
        """The `count` nearest ids of one query (shape: dimension) with their cosines, best first.

        With `among`, the nearest of those ids: exactly, as if there were no others.
        """
        ...

    def save(self, path: Path) -> None: ...
