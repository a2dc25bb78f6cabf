"""Passages with their documents, as they are found for a question and given to the reader."""

import logging
import threading
from collections import OrderedDict

from corpus import Document, Passage, Sentence
from corpus.document import passage_id
from corpus.errors import DamagedDocument
from corpus.store import Store
from corpus.where import parse_where
from embeddings.index import Vectors
from rag.across import is_across
from rag.engines import Searching
from rag.reader import Candidate
from rag.reader.authorship import bylines, meant, topic
from rag.retrieve import Hit
from rag.settings import Settings

LOG = logging.getLogger(__name__)
# Documents kept in memory, with their sentences, for the next question.
DOCUMENTS_KEPT = 256


class Candidates:
    """What an open library has for a question. May be used by many threads."""

    def __init__(self, library: Store, search: Searching, settings: Settings) -> None:
        self.library, self.search, self.settings = library, search, settings
        self._seen = search.seen
        self._lock = threading.Lock()
        self._documents: OrderedDict[str, tuple[Document, list[Sentence]]] = OrderedDict()
        self._damaged: set[str] = set()

    def reload(self) -> None:
        """Take up what this or another process has indexed since: only what is new is read."""
        with self.library.reading(), self._lock:
            self.search.catch_up()
            now = self.search.seen
            if now != self._seen:
                self._seen = now
                self._documents.clear()

    def best(self, question: str, vector: Vectors, count: int, where: str | None = None) -> list[Candidate]:
        """The `count` best passages of a question and its vector (shape: dimension), best first.

        Raises QuestionError where `where` cannot be read or asks about what no document has.
        """
        self.library.follow()
        # All of one moment: whatever another process writes meanwhile, these belong together.
        with self.library.reading():
            self.reload()
            among = parse_where(where) if where is not None else None
            hits = {each.id: each for each in self.search.hits(topic(question) or question, vector, count, self.settings, among)}
            found = [self._candidate(question, each, hits[each.id]) for each in self.library.passages(list(hits))]
            return self._signed(question, [each for each in found if each is not None])[:count]

    def hits(self, question: str, vector: Vectors, count: int) -> list[Hit]:
        """What `best` is made from, with the figures of each way of finding them."""
        with self.library.reading():
            self.reload()
            return self.search.hits(question, vector, count, self.settings)

    def _signed(self, question: str, found: list[Candidate]) -> list[Candidate]:
        """Where who wrote an article is asked, its bylines come after the first: as near as the best of its passages, though
        nothing in them says so."""
        article = meant(question, found)
        if article is None:
            return found
        document, number = article
        lines = [each.start for each in bylines(document, number)]
        score = max(each.score for each in found if each.document.id == document.id)
        signed = [
            self._candidate(question, passage, Hit(passage.id, score, 0.0, 0.0, 0.0, 0.0))
            for passage, _ in (self.library.passages_with_keys(document.id) if lines else ())
            if any(passage.start <= line < passage.end for line in lines)
        ]
        places = {each.passage.id for each in signed if each is not None}
        rest = [each for each in found if each.passage.id not in places]
        return [*rest[:1], *(each for each in signed if each is not None), *rest[1:]]

    def _candidate(self, question: str, passage: Passage, hit: Hit) -> Candidate | None:
        """The passage with its document; None where the document is not the one that it was cut from."""
        entry = self._document(passage.document_id)
        if entry is None:
            return None
        document, sentences = entry
        words = document.text[passage.start : passage.end]
        if passage_id(document.id, passage.start, passage.end, words) != passage.id:
            with self._lock:
                self._documents.pop(document.id, None)
            return None
        headings = {(block.start, block.end) for block in document.blocks if block.kind == "heading"}
        inside = [each for each in sentences if each.start < passage.end and each.end > passage.start]
        body = [each for each in inside if (each.start, each.end) not in headings]
        far = is_across(question, words)
        return Candidate(passage, document, tuple(body or inside), hit.score, max(hit.words, hit.translated), far)

    def _document(self, identity: str) -> tuple[Document, list[Sentence]] | None:
        with self._lock:
            if identity in self._documents:
                self._documents.move_to_end(identity)
                return self._documents[identity]
        try:
            entry = self.library.with_sentences(identity)
        except DamagedDocument as reason:
            # The others answer all the same; it is told once, and not at every question.
            if identity not in self._damaged:
                self._damaged.add(identity)
                LOG.warning("%s; until then it is left out", reason)
            return None
        if entry is None:
            return None
        with self._lock:
            self._documents[identity] = entry
            while len(self._documents) > DOCUMENTS_KEPT:
                self._documents.popitem(last=False)
        return entry
