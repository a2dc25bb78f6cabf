"""Is the difference of two runs more than chance? Paired randomisation, corrected for asking many times."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.bootstrap import mean_intervals

Numbers = NDArray[np.float64]
SWAPS = 10_000
SEED = 1935
AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Difference:
    """How a measure changed over the questions that both runs have it of.

    `delta` is the mean change and `interval` its 95% interval; `p` is the chance of one as large if the runs were
    alike, and `p_holm` that chance corrected. `wins` are questions that became better (a longer quote: more).
    """

    before: float
    after: float
    delta: float
    interval: tuple[float, float] | None
    p: float
    p_holm: float
    wins: int
    losses: int
    ties: int


def differences(before: Mapping[str, Numbers], after: Mapping[str, Numbers]) -> dict[str, Difference]:
    """Each measure (values by question, NaN where it has none) of two runs of the same questions."""
    pairs = {}
    for name in before:
        both = ~np.isnan(before[name]) & ~np.isnan(after[name])
        if both.any():
            pairs[name] = (before[name][both], after[name][both])
    chances = {name: randomisation(second - first) for name, (first, second) in pairs.items()}
    corrected = dict(zip(chances, holm(list(chances.values())), strict=True))
    found = {}
    for name, (first, second) in pairs.items():
        change = second - first
        (between,) = mean_intervals(change[:, None])
        found[name] = Difference(
            float(first.mean()), float(second.mean()), float(change.mean()), between, chances[name], corrected[name],
            int((change > 0).sum()), int((change < 0).sum()), int((change == 0).sum()),
        )  # fmt: skip
    return found


def randomisation(change: Numbers) -> float:
    """The p-value of a mean change, two-sided: signs swapped at random (Fisher 1935; Smucker et al. 2007, §3.1).

    (1 + swaps at least as large) / (1 + swaps): Phipson and Smyth 2010, eq. 2.
    """
    change = change[change != 0]  # a tie stays a tie, however it is swapped
    if not len(change):
        return 1.0
    observed = abs(change.sum()) - 1e-9
    chance = np.random.default_rng(SEED)
    step = max(1, AT_ONCE // len(change))
    larger = 0
    for at in range(0, SWAPS, step):
        signs = chance.integers(0, 2, (min(step, SWAPS - at), len(change)), dtype=np.int8) * 2 - 1
        larger += int((np.abs(signs @ change) >= observed).sum())
    return (1 + larger) / (1 + SWAPS)


def holm(chances: Sequence[float]) -> list[float]:
    """Holm 1979: the smallest of m is multiplied by m, the next by m - 1, and so on, never falling."""
    order = sorted(range(len(chances)), key=lambda at: chances[at])
    corrected = [1.0] * len(chances)
    highest = 0.0
    for place, at in enumerate(order):
        highest = max(highest, min(1.0, (len(chances) - place) * chances[at]))
        corrected[at] = highest
    return corrected
