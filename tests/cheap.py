"""What tests of storing need instead of a model and of readers: deterministic, and fast."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from corpus import COLLECTIONS, Document, Library, UnreadableFile, read_bytes
from corpus.store import Store, create_store


class CheapEncoder:
    """Counts of character pairs, hashed. `embedded` holds every passage's text it was given."""

    name = "cheap"
    dimension = 16
    max_tokens = 60

    def __init__(self, log: Path | None = None) -> None:
        self.embedded: list[str] = []
        self._log = log

    def count_tokens(self, text: str) -> int:
        return len("".join(text.split()))

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.full((len(texts), self.dimension), 1e-3, np.float32)
        for row, text in zip(rows, texts, strict=True):
            for at in range(len(text)):
                row[crc32(text[at : at + 2].encode("utf8", "surrogatepass")) % self.dimension] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.embedded += texts
        if self._log is not None:
            with self._log.open("a") as file:
                file.write("".join(json.dumps(each) + "\n" for each in texts))
        return self.encode_queries(texts)


def cheap_library(folder: Path) -> Library:
    return Library.create(folder, CheapEncoder.name, CheapEncoder.dimension)


def cheap_store(address: str | Path) -> Store:
    """A library for the cheap encoder, in a folder or in Milvus."""
    return create_store(address, CheapEncoder.name, CheapEncoder.dimension)


def read_lines(data: bytes, name: str) -> Iterator[Document | UnreadableFile]:
    """A collection for tests: each line is `key=text`."""
    for line in data.decode().splitlines():
        key, _, text = line.partition("=")
        try:
            yield read_bytes(text.encode(), f"{name}/{key}.txt")
        except UnreadableFile as reason:
            yield reason


def with_lines() -> None:
    COLLECTIONS[".lines"] = read_lines
