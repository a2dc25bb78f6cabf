"""The one public door: open a library, ask it."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from corpus import LibraryError, QuestionError
from corpus.store import Store, open_store
from corpus.where import parse_where
from corpus.whereabouts import NamedFile
from embeddings import Encoder, load_encoder
from embeddings.index import Vectors
from rag.adapter import load_adapter
from rag.answer import Answer, Found
from rag.candidates import Candidates
from rag.clock import Clock
from rag.conversation import TURNS, Turn, chosen, forms, plain, turn
from rag.engines import engine_of
from rag.indexing import IndexReport, Progress, index_paths, remove_documents, silent
from rag.named_files import Step, index_named
from rag.question import check_question
from rag.quote import found, nearest_first, quotes
from rag.reader import ACROSS, Candidate, Reader, Reading, load_reader, to_read
from rag.reader.authorship import topic
from rag.retrieve import Hit
from rag.settings import Settings, library_settings

# Passages that the reader and the confidence are given, however few are asked for.
READ = 5
# Passages that are read of a question's other forms, to choose between them (bench/conversations.py).
GLANCE = 1
# Of the threshold, for a question in another language than the text: what answers is less sure of itself there, and who
# cannot read the text looks for it less easily (bench/answers.py).
ACROSS_THRESHOLD = 0.75
LOG = logging.getLogger(__name__)
# Told as an answer is made: that passages are searched for (0), then how many are read.
Stage = Literal["searching", "reading"]
Tell = Callable[[Stage, int], None]


def quiet(stage: Stage, count: int) -> None:
    """Tells no one."""


@dataclass(frozen=True)
class Sought:
    """One form of a question, its vector (shape: dimension), the candidates that are to be read and further passages."""

    text: str
    vector: Vectors
    candidates: Sequence[Candidate]
    rest: Sequence[Found]


@dataclass(frozen=True)
class Read:
    """One form of a question with its best candidates, their readings (best first), and the probability
    that the first of these answers; `rest` are further passages."""

    text: str
    candidates: Sequence[Candidate]
    rest: Sequence[Found]
    readings: Sequence[Reading]
    sure: float

    @property
    def across(self) -> bool:
        """Whether what may answer is in another language than the question."""
        return bool(self.readings) and self.candidates[self.readings[0].candidate].far


class Assistant:
    """An open library that can be asked. May be used by many threads."""

    def __init__(
        self, library: Store, encoder: Encoder, reader: Reader | None = None, settings: Settings | None = None
    ) -> None:
        library.require_model(encoder.name, encoder.dimension)
        self.library = library
        self.encoder = encoder
        self.settings = settings or library_settings(library)
        self.reader = reader or load_reader(encoder, self.settings)
        self.search = engine_of(library).open_search(library, load_adapter(encoder.name))
        self._count = max(READ, self.settings.read)
        self._found = Candidates(library, self.search, self.settings)
        if not self.has_words:
            LOG.warning("%s has no index of words yet: passages are found by vectors alone until you run "
                        "yinju index again", library.address)  # fmt: skip

    @classmethod
    def open(cls, folder: str | Path, encoder: Encoder | None = None, settings: Settings | None = None) -> "Assistant":
        """The library in `folder` with the model it was made with and, unless others are given, its own settings.

        Raises LibraryError where there is no such library, ModelError where its model is gone.
        """
        library = open_store(folder)
        try:
            return cls(library, encoder or load_encoder(library.model, remember=True), settings=settings)
        except BaseException:
            library.close()
            raise

    def __enter__(self) -> "Assistant":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.search.close()
        self.library.close()

    def reload(self) -> None:
        """Take up what this or another process has indexed since: only what is new is read."""
        self._found.reload()

    @property
    def has_words(self) -> bool:
        """Whether passages are found by words as well; only an older library that could not be written is without."""
        return self.search.has_words

    def index(self, paths: Sequence[Path], progress: Progress = silent) -> IndexReport:
        """Index files and folders into the open library. Raises YinjuError as `index_paths` does."""
        report = index_paths(paths, self.library, self.encoder, progress)
        self.reload()
        return report

    def index_named(self, files: Sequence[NamedFile], tell: Callable[[Step], None], gone: Sequence[bytes] = ()) -> IndexReport:
        """Index single files into the open library, and take out those that are `gone`. Raises LibraryError as `index_named` does."""
        report = index_named(files, self.library, self.encoder, tell, gone)
        self.reload()
        return report

    def remove(self, names: Sequence[str]) -> int:
        """Take documents out of the open library, their files stay; how many were there. Raises LibraryError where another
        process is writing."""
        removed = remove_documents(self.library, names)
        self.reload()
        return removed

    def ask(
        self, question: str, top_k: int = 5, where: str | None = None, history: Sequence["Answer | str"] = (), tell: Tell = quiet
    ) -> Answer:
        """Quotes that answer, or none; and the `top_k` nearest passages either way.

        With `where` only documents that fulfil it are asked (`corpus.where`). `history` are the answers (or
        questions) before it in the conversation, oldest first: a question that leans on them is
        understood with them, and `Answer.understood` says how. `tell` is called as the answer is made.

        Raises QuestionError where the question is empty or too long, the condition cannot be read, `top_k` is less than 1 or
        `history` is a text, LibraryError where the library is empty.
        """
        if where is not None:
            parse_where(where)
        turns = self._turns(history, where)
        clock = Clock()
        (answer,) = self._answers([question], [turns], top_k, where, self.settings.threshold, clock, tell)
        return answer

    def ask_many(
        self, questions: Sequence[str], top_k: int = 5, threshold: float | None = None,
        histories: Sequence[Sequence[Answer | str]] | None = None,
    ) -> list[Answer]:  # fmt: skip
        """The answers that `ask` gives one by one, sooner: what must be embedded is embedded together.

        `threshold` 0 gives every answer its quotes, however sure it is. `timings` are each question's
        share of the whole; ask one by one to know how long a question takes.

        Raises as `ask` does.
        """
        if not questions:
            return []
        turns = [self._turns(each, None) for each in histories or [()] * len(questions)]
        limit = self.settings.threshold if threshold is None else threshold
        return self._answers(questions, turns, top_k, None, limit, Clock())

    def glances(self, texts: Sequence[str]) -> list[float]:
        """The probability that each is answered, as a form of a question is judged: by its first passages alone."""
        clock = Clock()
        return [each.sure for each in self._read(self._sought(texts, READ, None, clock, quiet), clock, quiet, GLANCE)]

    def _answers(
        self, questions: Sequence[str], turns: Sequence[Sequence[Turn]], top_k: int, where: str | None,
        threshold: float, clock: Clock, tell: Tell = quiet,
    ) -> list[Answer]:  # fmt: skip
        if top_k < 1:
            raise QuestionError(f"top_k is {top_k}; give 1 or more")
        asked = [check_question(each) for each in questions]
        taken = self._read(self._sought(asked, top_k, where, clock, tell), clock, tell)
        # What leans on earlier questions, or is not plainly answered alone, is tried in its other forms too.
        others = [
            forms(text, before)[1:] if before and not plain(text, read.sure) else []
            for text, before, read in zip(asked, turns, taken, strict=True)
        ]
        sought = self._sought([form for each in others for form in each], top_k, where, clock, tell)
        glances = iter(zip(sought, self._read(sought, clock, tell, GLANCE), strict=True))
        meant: dict[int, Sought] = {}
        for number, each in enumerate(others):
            tried = list(islice(glances, len(each)))
            best = chosen(asked[number], [taken[number].sure, *(glance.sure for _, glance in tried)])
            if best:
                meant[number] = tried[best - 1][0]
        for number, read in zip(meant, self._read(list(meant.values()), clock, tell), strict=True):
            taken[number] = read
        timings = {stage: value / len(questions) for stage, value in clock.timings().items()}
        return [
            self._answer(question, text, read, top_k, timings, threshold)
            for question, text, read in zip(questions, asked, taken, strict=True)
        ]

    def _sought(self, texts: Sequence[str], top_k: int, where: str | None, clock: Clock, tell: Tell) -> list[Sought]:
        """Each text's best passages."""
        if not texts:
            return []
        tell("searching", 0)
        if len(texts) == 1:
            self.reader.prepare()
        # Who asks who wrote about something finds by what it is about: nothing in the article is like the rest of the question.
        vectors = self.encoder.encode_queries([topic(each) or each for each in texts])
        clock.stop("embed")
        sought = []
        for text, vector in zip(texts, vectors, strict=True):
            candidates = self.candidates(text, vector, max(top_k, ACROSS * self._count), where)
            if not candidates and where is None:
                raise LibraryError(f"{self.library.address} holds no documents yet; add some with: yinju index PATH")
            # The rest's documents are let go: in a library of large ones they would fill the memory.
            best = to_read(candidates, self._count)
            sought.append(Sought(text, vector, best, [found(each) for each in candidates[len(best) :]]))
        clock.stop("search")
        return sought

    def _read(self, sought: Sequence[Sought], clock: Clock, tell: Tell, most: int | None = None) -> list[Read]:
        """How each text's passages read, of each the first `most`."""
        given = [(each.text, each.vector, each.candidates[:most]) for each in sought]
        if not given:
            return []
        tell("reading", max(len(candidates) for _, _, candidates in given))
        readings = self.reader.read_many(given)
        clock.stop("read")
        return [
            Read(each.text, each.candidates, each.rest, read, self.reader.confidence(each.text, each.candidates, read) if read else 0.0)
            for each, read in zip(sought, readings, strict=True)
        ]

    def _answer(
        self, question: str, text: str, read: Read, top_k: int, timings: Mapping[str, float], threshold: float
    ) -> Answer:
        answered = bool(read.readings) and read.sure >= threshold * (ACROSS_THRESHOLD if read.across else 1)
        given = quotes(question, read.readings, read.candidates, self.reader.margins) if answered else ()
        nearest = nearest_first(read.candidates, read.readings, read.rest, self.reader)[:top_k]
        understood = read.text if read.text != text else None
        return Answer(question, answered, read.sure, given, tuple(nearest), timings, understood)

    def _turns(self, history: Sequence[Answer | str], where: str | None) -> list[Turn]:
        """What was asked before; a question that comes without its answer is asked again."""
        if isinstance(history, str):
            raise QuestionError('the history is one text; give a list of questions, like ["…"]')
        turns: list[Turn] = []
        for each in history[-TURNS:]:
            if isinstance(each, str):
                (each,) = self._answers([each], [turns], 1, where, self.settings.threshold, Clock())
            turns.append(turn(each))
        return turns

    def candidates(self, question: str, vector: Vectors, count: int, where: str | None = None) -> list[Candidate]:
        """The `count` best passages of a question and its vector (shape: dimension), best first.

        Raises QuestionError where `where` cannot be read or asks about what no document has.
        """
        return self._found.best(question, vector, count, where)

    def hits(self, question: str, vector: Vectors, count: int) -> list[Hit]:
        """What `candidates` are made from, with the figures of each way of finding them."""
        return self._found.hits(question, vector, count)
