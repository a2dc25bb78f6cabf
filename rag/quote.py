"""Readings to quotes: whole sentences, best first, never two that say the same.

A quote is as short as answers: one sentence. It takes in the one beside it where that reads nearly
as well, the one before where it points back to it (`rag.leaning`), and a whole row of a table or point of a list.
"""

from collections.abc import Sequence
from dataclasses import replace

from corpus import Sentence, page_at, title_at
from rag.answer import Found, Quote
from rag.leaning import leans
from rag.reader import Candidate, Margins, Reader, Reading
from rag.several import asks_for_several
from rag.terms import terms

MAX_QUOTES = 3
# Characters up to which a quote takes in what is beside it.
LONGEST, LONGEST_BLOCK = 220, 400
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


def nearest_first(
    candidates: Sequence[Candidate], readings: Sequence[Reading], rest: Sequence[Found], reader: Reader
) -> list[Found]:
    """The passages as they are shown: those that were read in the reader's order, then the rest."""
    read, unread = reader.passage_scores(candidates, readings)
    shown = [replace(found(each), score=score) for each, score in zip(candidates, read, strict=True)]
    shown += [replace(each, score=each.score + unread) for each in rest]
    return sorted(shown, key=lambda each: -each.score)


def quotes(
    question: str, readings: Sequence[Reading], candidates: Sequence[Candidate], margins: Margins
) -> tuple[Quote, ...]:
    """Up to three quotes of the readings (best first) that stand apart from one another.

    A question that asks for several things gets them in the order of the text.
    """
    chosen: list[Quote] = []
    said: list[set[str]] = []
    best = readings[0].score if readings else 0.0
    for reading in readings:
        if len(chosen) == MAX_QUOTES or reading.score < best - margins.further:
            break
        if any(_within(reading, candidates[reading.candidate], each) for each in chosen):
            continue
        quote = _quote(reading, candidates[reading.candidate], readings, margins)
        words = terms(quote.text)
        if any(len(words & other) >= SAME * max(min(len(words), len(other)), 1) for other in said):
            continue
        chosen.append(quote)
        said.append(words)
    if asks_for_several(question) and chosen:
        chosen = _in_order(chosen, best - margins.several)
    return tuple(chosen)


def _in_order(chosen: list[Quote], least: float) -> list[Quote]:
    """Those of the best quote's document that read about as well come first, as they stand in it."""
    together = [each for each in chosen if each.score >= least and each.document_id == chosen[0].document_id]
    return sorted(together, key=lambda each: each.start) + [each for each in chosen if each not in together]


def _within(reading: Reading, candidate: Candidate, quote: Quote) -> bool:
    """Whether the sentence is quoted already."""
    return (
        candidate.document.id == quote.document_id
        and reading.sentence.start < quote.end
        and quote.start < reading.sentence.end
    )


def _span(reading: Reading, candidate: Candidate, readings: Sequence[Reading], margins: Margins) -> Sentence:
    """The whole sentences to quote for a reading."""
    document, span = candidate.document, reading.sentence
    block = next((each for each in document.blocks if each.start <= span.start < each.end), None)
    if block is None:
        return span
    if block.kind in ("table", "list") and block.end - block.start <= LONGEST_BLOCK:
        return Sentence(min(block.start, span.start), max(block.end, span.end))
    sentences = [each for each in candidate.sentences if block.start <= each.start and each.end <= block.end]
    if span not in sentences:
        return span
    at = sentences.index(span)
    first = last = at
    close = {
        each.sentence
        for each in readings
        if each.candidate == reading.candidate and each.score >= reading.score - margins.beside
    }
    for beside in (at - 1, at + 1):
        if 0 <= beside < len(sentences) and sentences[beside] in close:
            left, right = min(first, beside), max(last, beside)
            if sentences[right].end - sentences[left].start <= LONGEST:
                first, last = left, right
    text = document.text[sentences[first].start : sentences[first].end]
    if first > 0 and leans(text) and sentences[last].end - sentences[first - 1].start <= LONGEST:
        first -= 1
    return Sentence(sentences[first].start, sentences[last].end)


def _quote(reading: Reading, candidate: Candidate, readings: Sequence[Reading], margins: Margins) -> Quote:
    document, answer = candidate.document, reading.answer
    span = _span(reading, candidate, readings, margins)
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
