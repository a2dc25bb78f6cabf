"""A question with what is known of its answer, and a set of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from corpus import Document


@dataclass(frozen=True)
class Span:
    """Where an answer stands: `text[start:end]` of the document of that name."""

    document: str
    start: int
    end: int


@dataclass(frozen=True)
class Question:
    """One question; `answers` are gold answers, `documents` the names of those that hold them.

    `spans` are gold by place. `grades` are how relevant each document is (as many as documents, or none:
    all are 1). `extra` is whatever else the set says of the question; each becomes a slice.
    """

    id: str
    question: str
    answers: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    answerable: bool = True
    lang: str | None = None
    history: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    grades: tuple[int, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_gold(self) -> bool:
        """Whether a quote can be told right from wrong."""
        return self.answerable and bool(self.answers or self.spans)


@dataclass(frozen=True)
class QuestionSet:
    """Questions, and the documents that came with them (none for most formats)."""

    questions: tuple[Question, ...]
    corpus: tuple[Document, ...] = ()

    def digest(self) -> str:
        """Names the set by its content: two runs are compared only where it is the same."""
        digest = blake2b(digest_size=12)
        for each in self.questions:
            parts = (each.id, each.question, *each.answers, "", *each.documents, "", str(each.answerable), *map(str, each.spans))
            digest.update("\0".join((*parts, *map(str, each.grades), "\1")).encode("utf8", "surrogatepass"))
        return digest.hexdigest()
