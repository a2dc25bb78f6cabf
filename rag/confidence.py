"""Knowing when not to answer: the probability that the documents answer, from the scores.

A logistic regression over three figures of the best readings, fitted on the training part of the
shared question sets, each question asked once with its paragraph and once with it taken away, of documents
of one paragraph and of whole articles (bench/confidence.py fits it and measures it on the other part).
"""

from collections.abc import Sequence
from math import exp

from rag.reader import Candidate, Reading
from rag.terms import rarity, shared, terms

# Of the features in their order, fitted by bench/confidence.py.
INTERCEPT = -46.5
WEIGHTS = (49.3, 8.6, 2.1)


def features(question: str, candidates: Sequence[Candidate], readings: Sequence[Reading]) -> tuple[float, ...]:
    """Three figures of what was found, none of which grows with the library.

    The cosine of the best sentence; the shares of the question's words in the best passage and in the
    best reading's sentence. How far the best passage leads the others tells nothing more, and less
    where they are of one document.
    """
    asked = terms(question)
    texts = [terms(each.document.text[each.passage.start : each.passage.end]) for each in candidates[:5]]
    weights = rarity(texts)
    return (
        max(each.cosine for each in readings),
        max(shared(asked, each, weights) for each in texts),
        readings[0].words,
    )


def confidence(figures: Sequence[float]) -> float:
    """The probability (0 to 1) that what was found answers."""
    value = INTERCEPT + sum(weight * figure for weight, figure in zip(WEIGHTS, figures, strict=True))
    return 1 / (1 + exp(-max(-60.0, min(60.0, value))))
