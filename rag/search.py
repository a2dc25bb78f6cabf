"""A library's passages, found by vectors and words, as the library stands at each question.

What is in memory (an index of the vectors, which numbers are those of texts, which of these are in a script without
spaces) catches up with the library by what has come and gone. A better index that another process or
thread has written is loaded beside, while the older one goes on to be asked.
"""

import logging
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from corpus import Library, LibraryError
from corpus.where import Condition, fulfils, require_known, searchable
from embeddings.index import Vectors
from rag.adapter import Adapter
from rag.lexical import NO_WORDS, Lexical
from rag.posting import open_lexical, try_to_bring_up, up_to_date
from rag.retrieve import Among, Far, Hit, retrieve
from rag.settings import Settings
from rag.translation import with_translations
from rag.vectors import NO_COPY, caught_up, is_newer, open_index
from rag.words import is_unspaced, question_terms

LOG = logging.getLogger(__name__)
# Conditions whose passages are kept in memory.
CONDITIONS_KEPT = 8


class Search:
    """An open library that is searched. May be used by many threads, which take turns."""

    def __init__(self, library: Library, adapter: Adapter | None) -> None:
        self._library = library
        self.adapter = adapter
        self._lock = threading.RLock()
        self._beside = ThreadPoolExecutor(1, "near")
        self._loading: threading.Thread | None = None
        # Of the documents as they stood last: their fields, and what fulfils a condition.
        self._labels: list[tuple[str, dict[str, str]]] | None = None
        self._chosen: dict[Condition, Among] = {}
        self._known = library.generation
        with library.reading():
            self.opened = open_index(library)
            self.lexical = open_lexical(library, self.opened.alive)
        if not self.has_words and try_to_bring_up(library):
            self.catch_up()

    @property
    def has_words(self) -> bool:
        """Whether passages are found by words as well; only an older library that could not be written is without."""
        return self.lexical is not NO_WORDS

    @property
    def seen(self) -> object:
        """Stands for what was taken up last."""
        return self._known, self.opened

    def close(self) -> None:
        """Wait for what is read in the background; the library may then be closed."""
        loading = self._loading
        if loading is not None:
            loading.join()
        with self._lock:
            self._beside.shutdown()

    def catch_up(self) -> None:
        """Take up what has come and gone. An `Among` that was made before, of another `opened`, does not hold any longer."""
        with self._library.reading(), self._lock:
            before_now, known_now = self.opened, self._library.generation
            if (self._library.vectors.marks(), self._library.copies) != (self.opened.marks, self.opened.copy):
                self._take_up()
            elif not self.has_words and up_to_date(self._library):
                self.lexical = open_lexical(self._library, self.opened.alive)
            if self._loading is None and is_newer(self._library, self.opened):
                self._loading = threading.Thread(target=self._load, daemon=True)
                self._loading.start()
            if self.opened is not before_now or known_now != self._known:
                self._known = known_now
                self._labels, self._chosen = None, {}

    def _take_up(self) -> None:
        before = self.opened
        # Until it is done, the index may hold a part of what is new: whoever comes after a failure opens it anew.
        self.opened = replace(before, copy=NO_COPY)
        opened = caught_up(self._library, before)
        known = self.lexical if opened.copy == before.copy else NO_WORDS
        self.lexical = open_lexical(self._library, opened.alive, known)
        self.opened = opened

    def _load(self) -> None:
        try:
            loaded = open_index(self._library)
            with self._library.reading(), self._lock:
                opened = caught_up(self._library, loaded)
                self.lexical = open_lexical(self._library, opened.alive)
                self.opened, self._chosen = opened, {}
        except (sqlite3.Error, LibraryError) as reason:
            LOG.warning("a newer index of %s could not be loaded (%s)", self._library.folder, reason)
        finally:
            self._loading = None

    def hits(
        self, question: str, vector: Vectors, count: int, settings: Settings, among: Condition | None = None
    ) -> list[Hit]:
        """The `count` best passages of a question and its vector (dimension), best first (`rag.retrieve`); with `among`, of the
        documents that fulfil it. Raises QuestionError where that asks about what no document has."""
        with self._library.reading(), self._lock:
            chosen = self._among(among) if among is not None else None
            asked = question_terms(question)
            if settings.by_translation:
                asked = with_translations(asked, question, self.lexical)
            far = self._far(question, vector, self.lexical)
            passages = self._library.vectors.passages
            return retrieve(self.opened.index, self.lexical, passages, asked, vector, count, settings, chosen, far, self._beside)

    def _among(self, condition: Condition) -> Among:
        """The passages of the documents that fulfil a condition."""
        if condition not in self._chosen:
            if self._labels is None:
                rows = self._library.labels()
                self._labels = [(identity, searchable(name, title, metadata)) for identity, name, title, metadata in rows]
            require_known(condition, {"name", "title"}.union(*(fields for _, fields in self._labels)))
            documents = [identity for identity, fields in self._labels if fulfils(fields, condition)]
            while len(self._chosen) >= CONDITIONS_KEPT:
                del self._chosen[next(iter(self._chosen))]
            self._chosen[condition] = Among.of(*self._library.passages_of(documents), len(self.opened.alive))
        return self._chosen[condition]

    def _far(self, question: str, vector: Vectors, lexical: Lexical) -> Far | None:
        """The texts in another script than the question's, where there are any and an adapter for them."""
        if self.adapter is None:
            return None
        unspaced = is_unspaced(question)
        if unspaced is None:
            return None
        texts, near = lexical.in_script(not unspaced), lexical.in_script(unspaced)
        offset = self.adapter.spaced if unspaced else self.adapter.unspaced
        return Far(texts, near, not unspaced, self.adapter.adapted(vector), self.adapter.slope, offset) if texts.any() else None
