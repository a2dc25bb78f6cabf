"""A question's vector turned towards passages in another script: English asked of Chinese, Chinese of Spanish.

The packaged encoder finds a passage in the question's own script far more surely than in another. A residual
linear map, q' = (q + q M) / |q + q M|, trained on questions asked across scripts (`rag.adapter.train`) and used for
passages of the other script alone, finds more of them; passages and their vectors stay as they are.
"""

import logging
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from corpus.errors import ModelError
from embeddings.encoder import BUNDLED
from embeddings.index import Vectors

LOG = logging.getLogger(__name__)
MATRIX = Path(__file__).with_name("adapter.safetensors")


@dataclass(frozen=True)
class Adapter:
    """`matrix` is M, of shape (dimension, dimension).

    Training leaves the turned cosines anywhere; `slope · cosine + offset` puts those of right passages where the
    question's own script has them, one offset for passages in scripts without spaces and one for others.
    """

    matrix: Vectors
    slope: float = 1.0
    unspaced: float = 0.0
    spaced: float = 0.0

    def adapted(self, vectors: Vectors) -> Vectors:
        """Question vectors of unit length, shape (…, dimension), turned; of unit length again."""
        turned = vectors + vectors @ self.matrix
        length = np.linalg.norm(turned, axis=-1, keepdims=True)
        return np.ascontiguousarray(turned / length, np.float32)


def load_adapter(encoder: str) -> Adapter | None:
    """The adapter of an encoder of that name; only the packaged one has one. Raises ModelError where it is damaged."""
    if encoder != BUNDLED:
        return None
    if not MATRIX.is_file():
        LOG.warning("the adapter for passages in another script is not installed (%s)", MATRIX.name)
        return None
    return _packaged()


@cache
def _packaged() -> Adapter:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        tensors = load_file(MATRIX)
        matrix, levels = tensors["matrix"].astype(np.float32), tensors["levels"]
        if matrix.shape[:1] != matrix.shape[1:] or levels.shape != (3,) or not np.isfinite(matrix).all() & np.isfinite(levels).all():
            raise ValueError("its tensors are not those of an adapter")
        return Adapter(matrix, *map(float, levels))
    except (OSError, SafetensorError, KeyError, ValueError) as reason:
        raise ModelError(f"the adapter {MATRIX} cannot be read ({reason}); reinstall yinju") from None
