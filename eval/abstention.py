"""Knowing when not to answer: AUROC, risk and coverage, F1 of answering, calibration.

Every function takes `weights` (how often each question counts), so that a bootstrap can resample.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
BINS = 10


def auroc(scores: Sequence[float] | Numbers, positive: Sequence[bool] | Numbers, weights: Numbers | None = None) -> float | None:
    """The chance that a positive scores above a negative; None where either is absent."""
    truth = np.asarray(positive, bool)
    counted = truth if weights is None else truth[weights > 0]
    if counted.all() or not counted.any():
        return None
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(truth, np.asarray(scores), sample_weight=weights))


def answering_f1(answered: Numbers, answerable: Numbers, weights: Numbers | None = None) -> float | None:
    """F1 of the decision to answer: right where the question has an answer."""
    from sklearn.metrics import f1_score

    if not len(answered):
        return None
    return float(f1_score(answerable.astype(bool), answered.astype(bool), sample_weight=weights, zero_division=0.0))


def risk_coverage(scores: Numbers, right: Numbers, weights: Numbers | None = None) -> tuple[Numbers, Numbers]:
    """The share answered (coverage) and the share of those that is wrong (risk), from the surest on.

    Geifman and El-Yaniv 2017, eqs. 1 and 2. Questions of one confidence are answered together.
    """
    counts = np.ones(len(scores)) if weights is None else weights
    order = np.argsort(-scores, kind="stable")
    answered = np.cumsum(counts[order])
    wrong = np.cumsum((counts * (1 - right))[order])
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    ends = ends[answered[ends] > 0]
    return answered[ends] / answered[-1], wrong[ends] / answered[ends]


def area_under_risk(scores: Numbers, right: Numbers, weights: Numbers | None = None) -> float | None:
    """The mean risk over all coverages (AURC, Geifman et al. 2019, eq. 2): lower is better."""
    if not len(scores):
        return None
    coverage, risk = risk_coverage(scores, right, weights)
    return float(np.sum(risk * np.diff(coverage, prepend=0.0)))


def reliability(scores: Numbers, true: Numbers, weights: Numbers | None = None) -> list[tuple[int, float, float]]:
    """(questions, mean confidence, share that is true) of each bin of equal width that holds any."""
    counts = np.ones(len(scores)) if weights is None else weights
    bins = np.minimum((scores * BINS).astype(int), BINS - 1)
    held = np.bincount(bins, counts, BINS)
    sums = np.bincount(bins, counts * scores, BINS), np.bincount(bins, counts * true, BINS)
    return [(int(held[at]), float(sums[0][at] / held[at]), float(sums[1][at] / held[at])) for at in range(BINS) if held[at]]


def calibration_error(scores: Numbers, true: Numbers, weights: Numbers | None = None) -> float | None:
    """ECE: the mean distance of confidence and truth over ten bins (Guo et al. 2017, eq. 3)."""
    rows = reliability(scores, true, weights)
    total = sum(count for count, _, _ in rows)
    return sum(count * abs(said - found) for count, said, found in rows) / total if total else None
