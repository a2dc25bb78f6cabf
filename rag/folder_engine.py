"""A library in a folder: FAISS, and words in SQLite."""

from corpus import Library
from corpus.check import Problem
from corpus.store import Store
from embeddings import Encoder
from rag.adapter import Adapter
from rag.check import folder_problems
from rag.posting import bring_up
from rag.search import Search
from rag.vectors import save_index


class FolderEngine:
    """`rag.engines.Engine` of `corpus.library.Library`."""

    def begin(self, library: Store) -> None:
        bring_up(_folder(library))

    def finish(self, library: Store) -> None:
        save_index(_folder(library))

    def open_search(self, library: Store, adapter: Adapter | None) -> Search:
        return Search(_folder(library), adapter)

    def problems(self, library: Store, encoder: Encoder | None) -> list[Problem]:
        return folder_problems(_folder(library), encoder)


def _folder(library: Store) -> Library:
    assert isinstance(library, Library)
    return library
