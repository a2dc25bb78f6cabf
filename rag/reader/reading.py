"""The seam of reading: which sentence of the candidates answers, and which of its words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from corpus import Document, Passage, Sentence
from embeddings.index import Vectors


@dataclass(frozen=True)
class Candidate:
    """A passage found for a question, with its document and the sentences inside it.

    `words` is the share (0 to 1) of the question's words that it holds, as they stand or translated, weighed by rarity.
    `far`: it is in another language than the question (`rag.across`).
    `headings` are among the sentences of a passage that begins with them; a heading rarely answers.
    """

    passage: Passage
    document: Document
    sentences: tuple[Sentence, ...]
    score: float
    words: float = 0.0
    far: bool = False


@dataclass(frozen=True)
class Reading:
    """A sentence that may answer: of which candidate, its answering words, and how well (higher is better).

    `evidence` is what the reader made the score from, in an order of its own.
    """

    candidate: int
    sentence: Sentence
    answer: Sentence | None
    score: float
    evidence: tuple[float, ...]


@dataclass(frozen=True)
class Margins:
    """In the reader's own scores: how far below the first a further quote may read; how far one that
    answers as well, where several things are asked for; how far below its neighbour a sentence quoted with it."""

    further: float
    several: float
    beside: float


# How many times as many are read where the best is in another language.
ACROSS = 2


def to_read(candidates: Sequence[Candidate], read: int) -> Sequence[Candidate]:
    """Those that are read: the first `read`, or `ACROSS` times as many where the first is in another language than the question:
    the right passage is less often among the first then."""
    return candidates[: ACROSS * read if candidates and candidates[0].far else read]


Asked = tuple[str, Vectors, Sequence[Candidate]]


class Reader(Protocol):
    @property
    def margins(self) -> Margins: ...

    @property
    def passage_weight(self) -> float:
        """What the score of a reading's passage is multiplied by in the reading's score."""
        ...

    def prepare(self) -> None:
        """Begin to open what reading needs, beside whatever is done until then."""
        ...

    def read(self, question: str, vector: Vectors, candidates: Sequence[Candidate]) -> list[Reading]:
        """Readings, best first. `vector` is the embedded question (shape: dimension)."""
        ...

    def read_many(self, asked: Sequence[Asked]) -> list[list[Reading]]:
        """The same for many questions at once, each with its vector and its candidates."""
        ...

    def confidence(self, question: str, candidates: Sequence[Candidate], readings: Sequence[Reading]) -> float:
        """The probability (0 to 1) that the first of the readings answers."""
        ...

    def passage_scores(self, candidates: Sequence[Candidate], readings: Sequence[Reading]) -> tuple[list[float], float]:
        """The candidates' scores now that they are read, and what to add to the score of a passage that was not."""
        ...
