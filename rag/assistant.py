"""The one public door: open a library, ask it."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from corpus import Document, Library, LibraryError, Passage, Sentence
from corpus.document import passage_id
from corpus.vector_table import Ids
from corpus.where import fulfils, parse_where, require_known, searchable
from embeddings import Encoder, load_encoder
from embeddings.index import Vectors
from rag.answer import Answer, Found
from rag.confidence import confidence, features
from rag.indexing import IndexReport, Progress, index_paths, silent
from rag.lexical import NO_WORDS
from rag.posting import open_lexical, try_to_bring_up, up_to_date
from rag.question import check_question
from rag.quote import found, quotes
from rag.reader import Candidate, Reader, Reading, WordsAndCosine
from rag.retrieve import Hit, retrieve
from rag.settings import Settings, library_settings
from rag.translation import with_translations
from rag.vectors import caught_up, open_index
from rag.words import question_terms

# Documents kept in memory, with their sentences, for the next question.
DOCUMENTS_KEPT = 256
# Passages that the reader and the confidence are given, however few are asked for.
READ = 5
LOG = logging.getLogger(__name__)


class Assistant:
    """An open library that can be asked. May be used by many threads."""

    def __init__(
        self, library: Library, encoder: Encoder, reader: Reader | None = None, settings: Settings | None = None
    ) -> None:
        library.require_model(encoder.name, encoder.dimension)
        self.library = library
        self.encoder = encoder
        self.settings = settings or library_settings(library)
        self.reader = reader or WordsAndCosine(encoder, self.settings)
        self._read = max(READ, self.settings.read)
        self._lock = threading.Lock()
        self._documents: OrderedDict[str, tuple[Document, list[Sentence]]] = OrderedDict()
        self._labels: list[tuple[str, dict[str, str]]] | None = None
        with library.reading():
            self._opened = open_index(library)
            self._lexical = open_lexical(library)
        if not self.has_words and try_to_bring_up(library):
            self._lexical = open_lexical(library)
        if not self.has_words:
            LOG.warning("%s has no index of words yet: passages are found by vectors alone until you run "
                        "yinju index again", library.folder)  # fmt: skip

    @classmethod
    def open(cls, folder: str | Path, encoder: Encoder | None = None, settings: Settings | None = None) -> "Assistant":
        """The library in `folder` with the model it was made with and, unless others are given, its own settings.

        Raises LibraryError where there is no such library, ModelError where its model is gone.
        """
        library = Library.open(folder)
        try:
            return cls(library, encoder or load_encoder(library.model), settings=settings)
        except BaseException:
            library.close()
            raise

    def __enter__(self) -> "Assistant":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.library.close()

    def reload(self) -> None:
        """Take up what this or another process has indexed since: only what is new is read."""
        with self.library.reading(), self._lock:
            if self.library.generation != self._opened.generation:
                self._opened = caught_up(self.library, self._opened)
                self._lexical = open_lexical(self.library)
                self._documents.clear()
                self._labels = None
            elif not self.has_words and up_to_date(self.library):
                self._lexical = open_lexical(self.library)

    @property
    def has_words(self) -> bool:
        """Whether passages are found by words as well; only an older library that could not be written is without."""
        return self._lexical is not NO_WORDS

    def index(self, paths: Sequence[Path], progress: Progress = silent) -> IndexReport:
        """Index files and folders into the open library. Raises YinjuError as `index_paths` does."""
        report = index_paths(paths, self.library, self.encoder, progress)
        self.reload()
        return report

    def ask(self, question: str, top_k: int = 5, where: str | None = None) -> Answer:
        """Quotes that answer, or none; and the `top_k` nearest passages either way.

        With `where` only documents that fulfil it are asked (`corpus.where`).

        Raises QuestionError where the question is empty or too long or the condition cannot be read,
        LibraryError where the library is empty.
        """
        text = check_question(question)
        if where is not None:
            parse_where(where)
        clock = _Clock()
        vector = self.encoder.encode_queries([text])[0]
        clock.stop("embed")
        candidates = self.candidates(text, vector, max(top_k, self._read), where)
        clock.stop("search")
        if not candidates and where is None:
            raise self._empty()
        readings = self.reader.read(text, vector, candidates[: self._read]) if candidates else []
        clock.stop("read")
        nearest = tuple(found(each) for each in candidates[:top_k])
        return self._answer(question, candidates, readings, nearest, clock.timings(), self.settings.threshold)

    def ask_many(self, questions: Sequence[str], top_k: int = 5, threshold: float | None = None) -> list[Answer]:
        """The answers that `ask` gives one by one, sooner: what must be embedded is embedded together.

        `threshold` 0 gives every answer its quotes, however sure it is. `timings` are each question's
        share of the whole; ask one by one to know how long a question takes.

        Raises as `ask` does.
        """
        if not questions:
            return []
        clock = _Clock()
        texts = [check_question(each) for each in questions]
        vectors = self.encoder.encode_queries(texts)
        clock.stop("embed")
        read: list[list[Candidate]] = []
        nearest: list[tuple[Found, ...]] = []
        for text, vector in zip(texts, vectors, strict=True):
            candidates = self.candidates(text, vector, max(top_k, self._read))
            if not candidates:
                raise self._empty()
            nearest.append(tuple(found(each) for each in candidates[:top_k]))
            # The rest's documents are let go: in a library of large ones they would fill the memory.
            read.append(candidates[: self._read])
        clock.stop("search")
        readings = self.reader.read_many(list(zip(texts, vectors, read, strict=True)))
        clock.stop("read")
        timings = {stage: value / len(questions) for stage, value in clock.timings().items()}
        limit = self.settings.threshold if threshold is None else threshold
        return [
            self._answer(*each, timings, limit) for each in zip(questions, read, readings, nearest, strict=True)
        ]

    def _empty(self) -> LibraryError:
        return LibraryError(f"{self.library.folder} holds no documents yet; add some with: yinju index PATH")

    def _answer(
        self, question: str, candidates: Sequence[Candidate], readings: Sequence[Reading],
        nearest: tuple[Found, ...], timings: Mapping[str, float], threshold: float,
    ) -> Answer:  # fmt: skip
        sure = confidence(features(check_question(question), candidates, readings)) if readings else 0.0
        answered = bool(readings) and sure >= threshold
        given = quotes(readings, candidates) if answered else ()
        return Answer(question, answered, sure, given, nearest, timings)

    def candidates(self, question: str, vector: Vectors, count: int, where: str | None = None) -> list[Candidate]:
        """The `count` best passages of a question and its vector (shape: dimension), best first.

        Raises QuestionError where `where` cannot be read or asks about what no document has.
        """
        # All of one moment: whatever another process writes meanwhile, these belong together.
        with self.library.reading():
            self.reload()
            among = self._among(where) if where is not None else None
            scores = {each.id: each.score for each in self._hits(question, vector, count, among)}
            found = [self._candidate(each, scores[each.id]) for each in self.library.passages(list(scores))]
            return [each for each in found if each is not None]

    def hits(self, question: str, vector: Vectors, count: int) -> list[Hit]:
        """What `candidates` are made from, with the figures of each way of finding them."""
        with self.library.reading():
            self.reload()
            return self._hits(question, vector, count, None)

    def _hits(self, question: str, vector: Vectors, count: int, among: Ids | None) -> list[Hit]:
        with self._lock:
            opened, lexical = self._opened, self._lexical
            asked = question_terms(question)
            if self.settings.by_translation:
                asked = with_translations(asked, question, lexical)
            return retrieve(opened.index, lexical, opened.ids, asked, vector, count, self.settings, among)

    def _candidate(self, passage: Passage, score: float) -> Candidate | None:
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
        return Candidate(passage, document, tuple(body or inside), score)

    def _among(self, where: str) -> Ids:
        """The passages of the documents that fulfil a condition."""
        condition = parse_where(where)
        labels = self._labels
        if labels is None:
            rows = self.library.labels()
            labels = [(identity, searchable(name, title, metadata)) for identity, name, title, metadata in rows]
            with self._lock:
                self._labels = labels
        require_known(condition, {"name", "title"}.union(*(fields for _, fields in labels)))
        chosen = [identity for identity, fields in labels if fulfils(fields, condition)]
        return self.library.passages_of(chosen)

    def _document(self, identity: str) -> tuple[Document, list[Sentence]] | None:
        with self._lock:
            if identity in self._documents:
                self._documents.move_to_end(identity)
                return self._documents[identity]
        entry = self.library.with_sentences(identity)
        if entry is None:
            return None
        with self._lock:
            self._documents[identity] = entry
            while len(self._documents) > DOCUMENTS_KEPT:
                self._documents.popitem(last=False)
        return entry


class _Clock:
    """Milliseconds between stops, by stage, and altogether."""

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self._began = self._last = now()
        self._stages: dict[str, float] = {}

    def stop(self, stage: str) -> None:
        moment = self._now()
        self._stages[stage] = (moment - self._last) * 1000
        self._last = moment

    def timings(self) -> dict[str, float]:
        return self._stages | {"total": (self._now() - self._began) * 1000}
