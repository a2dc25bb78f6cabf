"""The one public door: open a library, ask it."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path

from corpus import Document, Library, LibraryError, Sentence
from embeddings import Encoder, VectorIndex, load_encoder
from embeddings.index import Vectors
from rag.answer import Answer
from rag.confidence import THRESHOLD, confidence, features
from rag.indexing import IndexReport, Progress, index_paths, silent
from rag.question import check_question
from rag.quote import found, quotes
from rag.reader import Candidate, Reader, WordsAndCosine
from rag.vectors import open_index

# Documents kept in memory, with their sentences, for the next question.
DOCUMENTS_KEPT = 256
# Passages that the reader is given, however few are asked for.
READ = 5


class Assistant:
    """An open library that can be asked. May be used by many threads."""

    def __init__(self, library: Library, encoder: Encoder, reader: Reader | None = None) -> None:
        library.require_model(encoder.name, encoder.dimension)
        self.library = library
        self.encoder = encoder
        self.reader = reader or WordsAndCosine(encoder)
        self._lock = threading.Lock()
        self._documents: OrderedDict[str, tuple[Document, list[Sentence]]] = OrderedDict()
        self._index: VectorIndex
        self._index, self._generation = open_index(library)

    @classmethod
    def open(cls, folder: str | Path, encoder: Encoder | None = None) -> "Assistant":
        """The library in `folder` with the model it was made with.

        Raises LibraryError where there is no such library, ModelError where its model is gone.
        """
        library = Library.open(folder)
        try:
            return cls(library, encoder or load_encoder(library.model))
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
        """Take up what this or another process has indexed since."""
        with self._lock:
            if self.library.generation != self._generation:
                self._index, self._generation = open_index(self.library)
                self._documents.clear()

    def index(self, paths: Sequence[Path], progress: Progress = silent) -> IndexReport:
        """Index files and folders into the open library. Raises YinjuError as `index_paths` does."""
        report = index_paths(paths, self.library, self.encoder, progress)
        self.reload()
        return report

    def ask(self, question: str, top_k: int = 5) -> Answer:
        """Quotes that answer, or none; and the `top_k` nearest passages either way.

        Raises QuestionError where the question is empty or too long, LibraryError where the library is empty.
        """
        text = check_question(question)
        self.reload()
        clock = _Clock()
        vector = self.encoder.encode_queries([text])[0]
        clock.stop("embed")
        candidates = self.candidates(vector, max(top_k, READ))
        clock.stop("search")
        if not candidates:
            raise LibraryError(f"{self.library.folder} holds no documents yet; add some with: yinju index PATH")
        readings = self.reader.read(text, vector, candidates[:READ])
        clock.stop("read")
        sure = confidence(features(text, candidates, readings)) if readings else 0.0
        answered = bool(readings) and sure >= THRESHOLD
        return Answer(
            question,
            answered,
            sure,
            quotes(readings, candidates) if answered else (),
            tuple(found(each) for each in candidates[:top_k]),
            clock.timings(),
        )

    def candidates(self, vector: Vectors, count: int) -> list[Candidate]:
        """The `count` nearest passages of an embedded question (shape: dimension), best first."""
        nearest = dict(self._index.search(vector, count))
        candidates = []
        for passage in self.library.passages(list(nearest)):
            entry = self._document(passage.document_id)
            if entry is None:
                continue
            document, sentences = entry
            headings = {(block.start, block.end) for block in document.blocks if block.kind == "heading"}
            inside = [each for each in sentences if each.start < passage.end and each.end > passage.start]
            body = [each for each in inside if (each.start, each.end) not in headings]
            candidates.append(Candidate(passage, document, tuple(body or inside), nearest[passage.id]))
        return candidates

    def _document(self, identity: str) -> tuple[Document, list[Sentence]] | None:
        with self._lock:
            if identity in self._documents:
                self._documents.move_to_end(identity)
                return self._documents[identity]
        document = self.library.document_by_id(identity)
        if document is None:
            return None
        entry = (document, self.library.sentences(identity))
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
