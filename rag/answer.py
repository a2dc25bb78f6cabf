"""What comes back from a question, and its form as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Found:
    """A passage that was found, best first: `text` is `document.text[start:end]`.

    `score` is the cosine of question and passage.
    """

    document_id: str
    document: str
    title: str
    text: str
    start: int
    end: int
    page: int | None
    headings: tuple[str, ...]
    score: float


@dataclass(frozen=True)
class Quote:
    """Whole sentences, word for word: `text` is `document.text[start:end]`.

    The answering words are `document.text[answer_start:answer_end]`, inside the quote, or both None.
    `score` orders the quotes of one answer.
    """

    document_id: str
    document: str
    title: str
    text: str
    start: int
    end: int
    page: int | None
    headings: tuple[str, ...]
    answer_start: int | None
    answer_end: int | None
    score: float


@dataclass(frozen=True)
class Answer:
    """Quotes that answer, or none and the nearest passages.

    `confidence` (0 to 1) is the probability that the documents answer; `timings` are milliseconds
    for `embed`, `search`, `read` and `total`.
    `understood` is how a question that leans on earlier ones was taken, None where it stands alone.
    """

    question: str
    answered: bool
    confidence: float
    quotes: tuple[Quote, ...]
    passages: tuple[Found, ...]
    timings: Mapping[str, float]
    understood: str | None = None


def answer_to_json(answer: Answer) -> dict[str, Any]:
    """The answer as `ask --json` prints it."""
    return {
        "question": answer.question,
        **({"understood": answer.understood} if answer.understood else {}),
        "answered": answer.answered,
        "confidence": round(answer.confidence, 4),
        "quotes": [_place(each) | {"answer": _marked(each), "score": round(each.score, 4)} for each in answer.quotes],
        "passages": [_place(each) | {"score": round(each.score, 4)} for each in answer.passages],
        "timings_ms": {stage: round(value, 2) for stage, value in answer.timings.items()},
    }


def _place(found: Found | Quote) -> dict[str, Any]:
    return {
        "text": found.text,
        "document": found.document,
        "title": found.title,
        "start": found.start,
        "end": found.end,
        "page": found.page,
        "headings": list(found.headings),
    }


def _marked(quote: Quote) -> dict[str, Any] | None:
    if quote.answer_start is None or quote.answer_end is None:
        return None
    words = quote.text[quote.answer_start - quote.start : quote.answer_end - quote.start]
    return {"start": quote.answer_start, "end": quote.answer_end, "text": words}
