"""Embeddings: text to unit vectors, and vectors to their nearest neighbours.

    encoder = load_encoder("bundled")
    index = FaissIndex.empty(encoder.dimension)

Every row is float32 of unit length, so that the inner product is the cosine.
"""

from embeddings.encoder import Encoder, load_encoder
from embeddings.faiss_index import FaissIndex
from embeddings.index import VectorIndex

__all__ = ["Encoder", "FaissIndex", "VectorIndex", "load_encoder"]
