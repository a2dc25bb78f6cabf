"""A library in Milvus: its own indexes, and whether it is whole."""

from collections.abc import Iterator
from itertools import islice

from corpus.check import Problem, document_problems
from corpus.errors import DamagedDocument
from corpus.milvus.collections import passages_of, records_of
from corpus.milvus.library import MilvusLibrary
from corpus.passages import text_with_key
from corpus.store import Store
from embeddings import Encoder
from rag.adapter import Adapter
from rag.check import sample_problems
from rag.lexical import weights
from rag.milvus_search import MilvusSearch
from rag.words import VERSION

KEY = "words"
AGAIN = "run any `yinju index PATH` into it: what a stopped process left is taken away, and what is missing written again"
# Problems that are named one by one.
NAMED = 20
RESTORE = "restore the library from a copy, or index your files again into a new one"


class MilvusEngine:
    """`rag.engines.Engine` of `corpus.milvus.library.MilvusLibrary`."""

    def begin(self, library: Store) -> None:
        """The terms of all passages are those that this version cuts."""
        kept = _milvus(library)
        if kept.meta(KEY) == str(VERSION):
            return
        for identity, _, _, _ in kept.labels():
            entry = kept.with_sentences(identity)
            if entry is None:
                continue
            terms = {}
            for passage, key in kept.passages_with_keys(identity):
                terms[passage.id] = identity, weights(text_with_key(entry[0], passage, key))
            kept.rows.retermed(terms)
        kept.rows.recount()
        kept.set_meta(KEY, str(VERSION))

    def finish(self, library: Store) -> None:
        """What was written is sealed, so that Milvus builds its indexes of it."""
        kept = _milvus(library)
        for name in (passages_of, records_of):
            kept.connection.call("flush", name(kept.connection.address))

    def open_search(self, library: Store, adapter: Adapter | None) -> MilvusSearch:
        return MilvusSearch(_milvus(library), adapter)

    def problems(self, library: Store, encoder: Encoder | None) -> list[Problem]:
        """All that is wrong: each document against itself and its passages, and passages without a document."""
        kept = _milvus(library)
        found = list(islice(_problems(kept), NAMED + 1))
        if len(found) > NAMED:
            found[NAMED] = Problem("there are more problems than are named here", RESTORE)
        return found or sample_problems(kept, encoder)


def _problems(library: MilvusLibrary) -> Iterator[Problem]:
    there = set(library.passage_ids().tolist())
    for identity, name, _, _ in library.labels():
        yield from document_problems(library, identity)
        try:
            passages = {each.id for each, _ in library.passages_with_keys(identity)}
        except DamagedDocument:  # named already
            continue
        lacking = len(passages - there)
        if lacking:
            yield Problem(f"{name}: {lacking} of its passages are not in Milvus", f"run: yinju docs remove {name!r}, and index its file again")
        there -= passages
    if there:
        yield Problem(f"{len(there)} passages are of no document", AGAIN)


def _milvus(library: Store) -> MilvusLibrary:
    assert isinstance(library, MilvusLibrary)
    return library
