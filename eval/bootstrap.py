"""95% intervals: questions drawn again with replacement (Efron 1979; percentiles, Efron and Tibshirani 1993, §13.3)."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
RESAMPLES = 1000
SEED = 2018
LEVEL = (2.5, 97.5)
# Numbers held at once while drawing: 32 MB.
AT_ONCE = 4_000_000


def draws(questions: int) -> Iterator[Numbers]:
    """How often each question was drawn (some resamples × questions), the same at every call."""
    chance = np.random.default_rng(SEED)
    step = max(1, AT_ONCE // max(questions, 1))
    for at in range(0, RESAMPLES, step):
        yield np.stack([
            np.bincount(chance.integers(0, questions, questions), minlength=questions).astype(np.float64)
            for _ in range(min(step, RESAMPLES - at))
        ])  # fmt: skip


def mean_intervals(values: Numbers) -> list[tuple[float, float] | None]:
    """The interval of each column's mean (questions × columns); NaN where a question has no value."""
    if not len(values):
        return [None] * values.shape[1]
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)
    means = []
    for counts in draws(len(values)):
        with np.errstate(invalid="ignore", divide="ignore"):
            means.append((counts @ filled) / (counts @ known.astype(np.float64)))
    return [_between(column) for column in np.concatenate(means).T]


def interval(questions: int, statistic: Callable[[Numbers], float | None]) -> tuple[float, float] | None:
    """The interval of any statistic of the questions' counts."""
    if not questions:
        return None
    found = [statistic(counts) for some in draws(questions) for counts in some]
    return _between(np.array([each for each in found if each is not None], np.float64))


def _between(values: Numbers) -> tuple[float, float] | None:
    values = values[~np.isnan(values)]
    if not len(values):
        return None
    low, high = np.percentile(values, LEVEL)
    return float(low), float(high)
