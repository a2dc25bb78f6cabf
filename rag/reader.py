"""The seam of reading: which sentence of the candidates answers, and which of its words.

`WordsAndCosine` is the plain baseline. A trained reader takes its place by giving the same Readings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from corpus import Document, Passage, Sentence
from embeddings import Encoder
from embeddings.index import Vectors
from rag.mark import holds_kind, mark
from rag.terms import rarity, shared, terms

# Weights of the baseline, chosen on the training part of the shared Chinese, Japanese and English
# sets (bench/confidence.py).
WORDS, COSINE, PASSAGE, KIND = 0.2, 1.0, 1.0, 0.01
# Sentences embedded when asked: the best by words, of the best passages.
EMBEDDED_PASSAGES, EMBEDDED_SENTENCES = 3, 24


@dataclass(frozen=True)
class Candidate:
    """A passage found for a question, with its document and the sentences inside it.

    `headings` are among the sentences of a passage that begins with them; a heading rarely answers.
    """

    passage: Passage
    document: Document
    sentences: tuple[Sentence, ...]
    score: float


@dataclass(frozen=True)
class Reading:
    """A sentence that may answer: of which candidate, its answering words, and how well (higher is better).

    `cosine`, `words` and `kind` (the sentence holds a date or number that is asked for) are what
    the score and the confidence are made from.
    """

    candidate: int
    sentence: Sentence
    answer: Sentence | None
    score: float
    cosine: float
    words: float
    kind: bool


class Reader(Protocol):
    def read(self, question: str, vector: Vectors, candidates: Sequence[Candidate]) -> list[Reading]:
        """Readings, best first. `vector` is the embedded question (shape: dimension)."""
        ...


class WordsAndCosine:
    """Shared words of every sentence, and the cosine of the most promising, embedded when asked."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def read(self, question: str, vector: Vectors, candidates: Sequence[Candidate]) -> list[Reading]:
        asked = terms(question)
        pool = [
            (number, sentence, terms(each.document.text[sentence.start : sentence.end]))
            for number, each in enumerate(candidates[:EMBEDDED_PASSAGES])
            for sentence in each.sentences
        ]
        weights = rarity(found for _, _, found in pool)
        scored = [(number, sentence, shared(asked, found, weights)) for number, sentence, found in pool]
        # Stable: where no words are shared (another language), the order of the passages stays.
        best = sorted(scored, key=lambda each: each[2] + PASSAGE * candidates[each[0]].score, reverse=True)
        best = best[:EMBEDDED_SENTENCES]
        texts = [candidates[number].document.text[span.start : span.end] for number, span, _ in best]
        cosines = self._encoder.encode_passages(texts) @ vector
        readings = []
        for (number, span, words), text, cosine in zip(best, texts, map(float, cosines), strict=True):
            kind = holds_kind(question, text)
            score = WORDS * words + COSINE * cosine + PASSAGE * candidates[number].score + KIND * kind
            answer = mark(question, candidates[number].document.text, span)
            readings.append(Reading(number, span, answer, score, cosine, words, kind))
        return sorted(readings, key=lambda each: -each.score)
