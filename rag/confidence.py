"""Knowing when not to answer: figures of what was read to the probability that it answers.

Each reader has figures of its own and a logistic regression over them, fitted on questions asked
once with their paragraph in the library and once with it taken away (bench/confidence.py).
"""

from collections.abc import Sequence
from math import exp


def logistic(intercept: float, weights: Sequence[float], figures: Sequence[float]) -> float:
    """The probability (0 to 1) of a logistic regression."""
    value = intercept + sum(weight * figure for weight, figure in zip(weights, figures, strict=True))
    return 1 / (1 + exp(-max(-60.0, min(60.0, value))))
