"""Knowing when not to answer: the probability that the documents answer, from the scores.

A logistic regression over three figures of the best reading, fitted on the training part of the
shared question sets, each question asked once with its paragraph and once with it taken away
(bench/confidence.py fits it and measures it on the other part).
"""

from math import exp

# Intercept, then the weights of: cosine of the best passage, cosine of the best sentence, share of
# the question's words in the best passage.
INTERCEPT, PASSAGE, SENTENCE, WORDS = -20.0, 12.0, 12.0, 2.0
# Below this no answer is given.
THRESHOLD = 0.35


def confidence(passage_cosine: float, sentence_cosine: float, words: float) -> float:
    """The probability (0 to 1) that what was found answers."""
    value = INTERCEPT + PASSAGE * passage_cosine + SENTENCE * sentence_cosine + WORDS * words
    return 1 / (1 + exp(-max(-60.0, min(60.0, value))))
