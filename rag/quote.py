"""Readings to quotes: whole sentences, best first, never two that say the same."""

from collections.abc import Sequence

from corpus import page_at, title_at
from rag.answer import Found, Quote
from rag.reader import Candidate, Reading
from rag.terms import terms

MAX_QUOTES = 3
# A further quote is given while it reads about as well as the first.
MARGIN = 0.06
# Two sentences that share this much of their terms say the same.
SAME = 0.8


def found(candidate: Candidate) -> Found:
    """A candidate as it is shown."""
    passage, document = candidate.passage, candidate.document
    return Found(
        document.id,
        document.name,
        title_at(document, passage.start),
        document.text[passage.start : passage.end],
        passage.start,
        passage.end,
        page_at(document, passage.start),
        passage.headings,
        candidate.score,
    )


def quotes(readings: Sequence[Reading], candidates: Sequence[Candidate]) -> tuple[Quote, ...]:
    """Up to three quotes of the readings (best first) that stand apart from one another."""
    chosen: list[Quote] = []
    said: list[set[str]] = []
    for reading in readings:
        if len(chosen) == MAX_QUOTES or reading.score < readings[0].score - MARGIN:
            break
        quote = _quote(reading, candidates[reading.candidate])
        words = terms(quote.text)
        if any(len(words & other) >= SAME * max(min(len(words), len(other)), 1) for other in said):
            continue
        chosen.append(quote)
        said.append(words)
    return tuple(chosen)


def _quote(reading: Reading, candidate: Candidate) -> Quote:
    document, span, answer = candidate.document, reading.sentence, reading.answer
    return Quote(
        document.id,
        document.name,
        title_at(document, span.start),
        document.text[span.start : span.end],
        span.start,
        span.end,
        page_at(document, span.start),
        candidate.passage.headings,
        answer.start if answer else None,
        answer.end if answer else None,
        reading.score,
    )
