"""What is embedded together and stored together, so that both many small and a few large documents are fast.

Vectors are stored as soon as there are sixty-four of them, before the document that needs them is
whole: a process killed at any moment embeds at most those again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from corpus import Document, Passage, passage_text, split_passages, split_sentences
from corpus.document import passage_id
from corpus.rows import Prepared, document_hash, text_key
from corpus.store import Store
from embeddings import Encoder
from embeddings.index import Vectors
from embeddings.memory import give_back_memory
from rag.lexical import weights
from rag.settings import Settings

# Passages embedded together, over documents, so that short documents fill a batch as well.
EMBED_TOGETHER = 64
# Of those, passages given to the model at once, of about one length: so much fills it, and more holds more memory.
AT_ONCE = 16
# Where nothing needs embedding, documents stored together.
STORE_TOGETHER = 512


def prepared(document: Document, encoder: Encoder, settings: Settings) -> tuple[Prepared, list[str]]:
    """A document cut into passages of at most `passage_tokens`, and the text that is embedded for each."""
    passages = split_passages(document, encoder.count_tokens, min(settings.passage_tokens, encoder.max_tokens))
    texts = [embedded_text(document, each, encoder) for each in passages]
    keys = [text_key(each) for each in texts]
    return Prepared(document, document_hash(document), split_sentences(document), passages, keys), texts


def cut_again(document: Document, content: str, before: Sequence[tuple[Passage, bytes]]) -> Prepared:
    """A document with the passages that another of the same content has: nothing is counted or embedded."""
    passages = []
    for old, _ in before:
        identity = passage_id(document.id, old.start, old.end, document.text[old.start : old.end])
        passages.append(replace(old, id=identity, document_id=document.id))
    return Prepared(document, content, split_sentences(document), passages, [key for _, key in before])


def embedded_text(document: Document, passage: Passage, encoder: Encoder) -> str:
    """The passage's words below its headings; without them where the model could not read it whole."""
    text = passage_text(document, passage)
    words = document.text[passage.start : passage.end]
    return text if text == words or encoder.count_tokens(text) <= encoder.max_tokens else words


def embedded(texts: Sequence[str], encoder: Encoder) -> Vectors:
    """The vectors of texts (texts, dimension), embedded with those of about their length."""
    vectors = np.empty((len(texts), encoder.dimension), np.float32)
    order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
    for at in range(0, len(order), AT_ONCE):
        some = order[at : at + AT_ONCE]
        vectors[some] = encoder.encode_passages([texts[number] for number in some])
        give_back_memory()
    return vectors


class Batch:
    """Changes to a library that wait for their vectors; `embedded` counts passages embedded so far."""

    def __init__(self, library: Store, encoder: Encoder, told: Callable[[], None]) -> None:
        self.embedded = 0
        self.stored_passages = 0
        self._library = library
        self._encoder = encoder
        self._told = told
        self._texts: dict[bytes, str] = {}
        self._changes: list[Callable[[], object]] = []
        self._passages = 0

    def put(self, item: Prepared, texts: list[str], path: bytes | None) -> None:
        """Store a document of the file at `path`, when the vectors of these texts are there (none: all are)."""
        self._texts.update(zip(item.keys, texts, strict=bool(texts)))
        self._passages += len(item.passages)
        self.change(lambda: self._library.put(item, path))
        if self._passages >= max(EMBED_TOGETHER, self._library.write_together):
            self.flush()

    def change(self, change: Callable[[], object]) -> None:
        """Do this after what was asked for before it, in the same transaction or a later one."""
        self._changes.append(change)
        if len(self._changes) >= STORE_TOGETHER:
            self.flush()

    def store(self, keys: Sequence[bytes], vectors: Vectors, terms: Sequence[Mapping[str, int]]) -> None:
        """Keep what others embedded, (keys, dimension) and the terms of each text, at once; the documents come later."""
        self._library.put_texts(keys, vectors, terms)
        self.embedded += len(keys)
        self._told()

    def flush(self) -> None:
        """Embed what is new and cut its terms, and store all that waits: all of it, or nothing but texts."""
        held = self._library.held(list(self._texts))
        missing = [key for key in self._texts if key not in held]
        for at in range(0, len(missing), EMBED_TOGETHER):
            keys = missing[at : at + EMBED_TOGETHER]
            texts = [self._texts[key] for key in keys]
            store = partial(self._library.put_texts, keys, embedded(texts, self._encoder), [weights(each) for each in texts])
            self.embedded += len(keys)
            if at + EMBED_TOGETHER < len(missing):
                store()
                self._told()
            else:
                self._changes.insert(0, store)
        if self._changes:
            with self._library.changing():
                for change in self._changes:
                    change()
        self.stored_passages += self._passages
        self._texts, self._changes, self._passages = {}, [], 0
        self._told()
