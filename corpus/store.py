"""A library, wherever it is kept: what indexing, asking, measuring and serving need of it.

`corpus.library.Library` keeps one in a folder, `corpus.milvus.library.MilvusLibrary` in a Milvus.
Which of them an address means is known here and nowhere else (`open_store`, `create_store`); what searches one is
`rag.engines`.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from corpus.document import Document, Passage, Sentence
from corpus.document_list import Found
from corpus.document_table import KnownDocument, Listed
from corpus.feedback import Feedback
from corpus.file_table import KnownFile
from corpus.library import Library
from corpus.rows import Prepared

if TYPE_CHECKING:
    from corpus.milvus.records import Records

Ids = NDArray[np.int64]
# The addresses of libraries that are not folders begin so.
LITE = "milvus-lite:"
SCHEMES = ("milvus://", "milvus+tls://", LITE)


class Files(Protocol):
    """What a library knows of files (`corpus.file_table.FileTable`)."""

    def get(self, path: bytes) -> KnownFile | None: ...

    def called(self, name: str) -> list[bytes]: ...

    def under(self, folder: bytes) -> list[bytes]: ...

    def with_documents(self) -> list[tuple[bytes, str]]: ...

    def put(self, file: KnownFile) -> None: ...

    def document_count(self, path: bytes) -> int: ...

    def move(self, path: bytes, to: bytes) -> None: ...

    def remove(self, paths: Sequence[bytes]) -> int: ...


class Store(Protocol):
    """An open library. `corpus.library.Library` says what each of these does.

    `engine` names what searches it; `write_together` is how many passages are better written at once, because a write is a way;
    `address` is what it was opened by, and `folder` where what belongs to it on this machine is kept (uploads, conversations,
    runs). `mark` tells it from every other library, wherever it is opened.
    """

    engine: str
    write_together: int
    folder: Path
    dimension: int

    @property
    def files(self) -> Files: ...

    @property
    def address(self) -> str: ...

    @property
    def mark(self) -> str: ...

    @property
    def model(self) -> str: ...

    @property
    def generation(self) -> int: ...

    def __enter__(self) -> "Store": ...

    def __exit__(self, *_: object) -> None: ...

    def close(self) -> None: ...

    def discard(self) -> None: ...

    def size(self) -> int | None:
        """Bytes on this machine's disk; None where it is kept elsewhere."""
        ...

    def writing(self) -> AbstractContextManager[None]: ...

    def changing(self) -> AbstractContextManager[object]: ...

    def reading(self) -> AbstractContextManager[object]: ...

    def follow(self) -> None: ...

    def meta(self, key: str) -> str | None: ...

    def set_meta(self, key: str, value: str) -> None: ...

    def require_model(self, model: str, dimension: int) -> None: ...

    def document_count(self) -> int: ...

    def passage_count(self) -> int: ...

    def list_documents(self) -> list[Listed]: ...

    def find_documents(self, words: str = "", limit: int = 50, offset: int = 0) -> Found: ...

    def known_documents(self, path: bytes | None) -> dict[str, KnownDocument]: ...

    def document(self, name: str) -> Document | None: ...

    def name_of(self, identity: str) -> str: ...

    def with_sentences(self, identity: str) -> tuple[Document, list[Sentence]] | None: ...

    def put(self, prepared: Prepared, path: bytes | None) -> None: ...

    def relabel(self, name: str, title: str, metadata: Mapping[str, str]) -> None: ...

    def remove(self, names: Sequence[str]) -> int: ...

    def held(self, keys: Sequence[bytes]) -> set[bytes]: ...

    def vectors_of(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]: ...

    def put_texts(self, keys: Sequence[bytes], vectors: NDArray[np.float32], terms: Sequence[Mapping[str, int]]) -> None: ...

    def drop_unused(self) -> None: ...

    def passages(self, ids: Sequence[int]) -> list[Passage]: ...

    def passage_ids(self) -> Ids: ...

    def passages_with_keys(self, document_id: str) -> list[tuple[Passage, bytes]]: ...

    def ahead(self, files: Sequence[tuple[bytes, str]] = (), names: Sequence[str] = (), contents: Sequence[str] = ()) -> None:
        """What whoever writes will ask about next, so that a library far away can be asked once: files (path, and the name of
        one that is new), then the names and contents (`document_hash`) of documents of one file."""
        ...

    def cut_before(self, content: str) -> list[tuple[Passage, bytes]]: ...

    def labels(self) -> list[tuple[str, str, str, dict[str, str]]]: ...

    def distinct_values(self, key: str, limit: int) -> list[str]: ...

    def add_feedback(self, said: Feedback) -> None: ...

    def feedback(self) -> Iterator[Feedback]: ...


def is_remote(address: str | Path) -> bool:
    """Whether this is the address of a library that is not a folder of this machine."""
    return str(address).startswith(SCHEMES)


def is_of_several_machines(library: Store) -> bool:
    """Whether other machines may have it open, whose files are not this one's."""
    return is_remote(library.address) and not library.address.startswith(LITE)


def open_store(address: str | Path) -> Store:
    """The library at an address: a folder, `milvus://host:19530/name`, `milvus+tls://…`, or `milvus-lite:PATH`.

    Raises LibraryError where there is none that this version reads, or where it cannot be reached.
    """
    if is_remote(address):
        from corpus.milvus.library import MilvusLibrary

        return MilvusLibrary.open(str(address))
    return Library.open(address)


def create_store(address: str | Path, model: str, dimension: int) -> Store:
    """A new library there for vectors of that model, or the one that is there for the same model. Raises LibraryError."""
    if is_remote(address):
        from corpus.milvus.library import MilvusLibrary

        return MilvusLibrary.create(str(address), model, dimension)
    return Library.create(address, model, dimension)


def folder_of(address: str | Path) -> Path:
    """Where what belongs to a library on this machine is kept: in its own folder, or for one in Milvus, among the user's data."""
    if is_remote(address):
        from corpus.milvus.address import parse_address

        return parse_address(str(address)).folder
    return Path(address)


def records_beside(library: Store, patience: float) -> "Records | None":
    """Where what belongs to a library is kept for all processes that serve it, in calls of at most `patience` seconds; None where
    that is its folder."""
    if not is_remote(library.address):
        return None
    from corpus.milvus.library import MilvusLibrary

    assert isinstance(library, MilvusLibrary)
    return library.records_beside(patience)


def store_exists(address: str | Path) -> bool:
    """Whether there is a library at an address. Raises LibraryError where it cannot be reached."""
    if is_remote(address):
        from corpus.milvus.library import MilvusLibrary

        return MilvusLibrary.exists(str(address))
    return Library.exists(Path(address))
