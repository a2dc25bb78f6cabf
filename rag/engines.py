"""What searches a library: by where it is kept, its vectors and words in FAISS and SQLite, or in Milvus.

A further engine is a module with these four functions and a line in ENGINES.
"""

from collections.abc import Callable
from typing import Protocol

from corpus.check import Problem
from corpus.store import Store
from corpus.where import Condition
from embeddings import Encoder
from embeddings.index import Vectors
from rag.adapter import Adapter
from rag.retrieve import Hit
from rag.settings import Settings


class Searching(Protocol):
    """An open library that is searched. May be used by many threads."""

    adapter: Adapter | None

    @property
    def has_words(self) -> bool:
        """Whether passages are found by words as well."""
        ...

    @property
    def seen(self) -> object:
        """Stands for what was taken up last: another when something has come or gone."""
        ...

    def catch_up(self) -> None: ...

    def close(self) -> None: ...

    def hits(self, question: str, vector: Vectors, count: int, settings: Settings, among: Condition | None = None) -> list[Hit]:
        """The `count` best passages of a question and its vector (dimension), best first; with `among`, of the documents that
        fulfil it. Raises QuestionError where that asks about what no document has."""
        ...


class Engine(Protocol):
    """`begin` is done by who writes before anything else, `finish` after it; `problems` is what is wrong with a library."""

    def begin(self, library: Store) -> None: ...

    def finish(self, library: Store) -> None: ...

    def open_search(self, library: Store, adapter: Adapter | None) -> Searching: ...

    def problems(self, library: Store, encoder: Encoder | None) -> list[Problem]: ...


def _folder() -> Engine:
    from rag.folder_engine import FolderEngine

    return FolderEngine()


def _milvus() -> Engine:
    from rag.milvus_engine import MilvusEngine

    return MilvusEngine()


ENGINES: dict[str, Callable[[], Engine]] = {"folder": _folder, "milvus": _milvus}


def engine_of(library: Store) -> Engine:
    """What searches this library."""
    return ENGINES[library.engine]()
