"""A library's own encoder, loaded when something must be embedded: where nothing has changed, never."""

from collections.abc import Sequence
from functools import cached_property

from corpus.store import Store
from embeddings import Encoder, load_encoder
from embeddings.encoder import Vectors


class DeferredEncoder:
    """The encoder of that name, whose dimension is known already."""

    def __init__(self, name: str, dimension: int) -> None:
        self.name = name
        self.dimension = dimension

    @classmethod
    def of(cls, library: Store) -> "DeferredEncoder":
        return cls(library.model, library.dimension)

    @cached_property
    def _encoder(self) -> Encoder:
        return load_encoder(self.name, remember=True)

    @property
    def max_tokens(self) -> int:
        return self._encoder.max_tokens

    def count_tokens(self, text: str) -> int:
        return self._encoder.count_tokens(text)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._encoder.encode_queries(texts)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return self._encoder.encode_passages(texts)
