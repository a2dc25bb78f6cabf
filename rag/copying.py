"""A library copied into another, wherever either is kept: nothing is embedded, and a copy that was stopped goes on where it was."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

import numpy as np

from corpus.document import Document
from corpus.document_table import KnownDocument
from corpus.errors import DamagedDocument, LibraryError
from corpus.passages import text_with_key
from corpus.rows import Prepared
from corpus.store import Store
from rag.engines import engine_of
from rag.indexing import Progress, silent
from rag.lexical import weights
from rag.settings import KEY as SETTINGS

# Documents written together.
TOGETHER = 32
# Vectors of the copy are those of the original as far as two bytes a number tell.
NEAR = 1e-3


@dataclass(frozen=True)
class Copied:
    """How many documents were written, how many were there already, and how many passages the copy has."""

    written: int
    unchanged: int
    passages: int


def copy_library(source: Store, target: Store, progress: Progress = silent) -> Copied:
    """Make `target` hold what `source` holds: documents, vectors, files, settings and what people said. Then both are compared.

    Raises LibraryError where the target holds documents that the source has not, where a document of the source is damaged, or
    where what was written is not what was read.
    """
    target.require_model(source.model, source.dimension)
    names = {name for _, name, _, _ in source.labels()}
    other = next((name for _, name, _, _ in target.labels() if name not in names), None)
    if other is not None:
        raise LibraryError(f"{target.address} holds documents that {source.address} has not, such as {other!r}; copy into an empty library")
    total = source.document_count()
    done = written = 0
    with target.writing():
        engine_of(target).begin(target)
        documents = _documents(source, target)
        while some := list(islice(documents, TOGETHER)):
            fresh = [each for each, is_there in some if not is_there]
            with target.changing():
                for each in fresh:
                    _put(source, target, each)
            written += len(fresh)
            done += len(some)
            progress(done, total, f"{written:,} documents written")
        for path in source.files.under(b"/"):
            file = source.files.get(path)
            if file is not None:
                target.files.put(file)
        _say_the_same(source, target)
        target.drop_unused()
        engine_of(target).finish(target)
    _verify(source, target)
    return Copied(written, total - written, target.passage_count())


def _documents(source: Store, target: Store) -> Iterator[tuple[KnownDocument, bool]]:
    """Every document, and whether the target has it as it is."""
    for path in chain([None], source.files.under(b"/")):
        there = target.known_documents(path)
        for each in source.known_documents(path).values():
            yield each, there.get(each.name) == each


def _put(source: Store, target: Store, known: KnownDocument) -> None:
    name, path = known.name, known.path
    if path is not None and target.files.get(path) is None:
        file = source.files.get(path)
        if file is not None:  # until its last document is here
            target.files.put(replace(file, finished=False))
    identity = Document(name, "", "", ()).id
    entry = source.with_sentences(identity)
    if entry is None:
        raise LibraryError(f"{name} was removed from {source.address} while it was copied; run the same command again")
    document, sentences = entry
    cut = source.passages_with_keys(identity)
    keys = [key for _, key in cut]
    held = target.held(keys)
    missing = [each for each in dict.fromkeys(keys) if each not in held]
    vectors = source.vectors_of(missing)
    if len(vectors) < len(missing):
        raise DamagedDocument(f"{name} in {source.address} lacks {len(missing) - len(vectors)} of its vectors; run: yinju check --library {source.address}")
    texts = {key: text_with_key(document, passage, key) for passage, key in cut}
    if missing:
        target.put_texts(missing, np.stack([vectors[each] for each in missing]), [weights(texts[each]) for each in missing])
    target.put(Prepared(document, known.hash, sentences, [each for each, _ in cut], keys), path)


def _say_the_same(source: Store, target: Store) -> None:
    settings = source.meta(SETTINGS)
    if settings is not None:
        target.set_meta(SETTINGS, settings)
    said = list(target.feedback())
    for each in source.feedback():
        if each not in said:
            target.add_feedback(each)


def _verify(source: Store, target: Store) -> None:
    """Every document and passage of the source is in the target, word for word, and every vector near what it was."""
    for _, name, _, _ in source.labels():
        identity = Document(name, "", "", ()).id
        if source.with_sentences(identity) != target.with_sentences(identity):
            raise _differs(source, target, name, "its text")
        cut = source.passages_with_keys(identity)
        if cut != target.passages_with_keys(identity) or len(target.passages([each.id for each, _ in cut])) != len(cut):
            raise _differs(source, target, name, "its passages")
        keys = [key for _, key in cut]
        if not _same_vectors(source, target, keys):
            raise _differs(source, target, name, "its vectors")
    if source.passage_count() != target.passage_count():
        raise _differs(source, target, "the whole", "the number of its passages")


def _same_vectors(source: Store, target: Store, keys: Sequence[bytes]) -> bool:
    before, after = source.vectors_of(keys), target.vectors_of(keys)
    return before.keys() == after.keys() and all(np.allclose(before[each], after[each], atol=NEAR) for each in before)


def _differs(source: Store, target: Store, name: str, what: str) -> LibraryError:
    return LibraryError(f"{name} in {target.address} is not as in {source.address} ({what} differ); was one of them changed meanwhile? run the same command again")
