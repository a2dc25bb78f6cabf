"""Is the difference of two runs more than chance? Paired randomisation, corrected for asking many times."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from eval.abstention import auroc
from eval.bootstrap import interval, mean_intervals

Numbers = NDArray[np.float64]
SWAPS = 10_000
SEED = 1935
AT_ONCE = 4_000_000
# Numbers put in order to test an AUROC: of many questions fewer swaps, but never fewer than FEWEST.
ORDERED, FEWEST = 20_000_000, 1000


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
    found = {}
    for name, (first, second) in pairs.items():
        change = second - first
        (between,) = mean_intervals(change[:, None])
        chance = randomisation(change)
        found[name] = Difference(
            float(first.mean()), float(second.mean()), float(change.mean()), between, chance, chance, *_counts(change)
        )
    return corrected(found)


def corrected(found: Mapping[str, Difference]) -> dict[str, Difference]:
    """The same differences with `p_holm` of all of them together."""
    chances = holm([each.p for each in found.values()])
    return {name: replace(each, p_holm=chance) for (name, each), chance in zip(found.items(), chances, strict=True)}


def auroc_difference(before: Numbers, after: Numbers, answerable: Numbers) -> Difference | None:
    """How the AUROC of two runs' confidences changed; None where nothing, or everything, has an answer.

    `p` is of a paired randomisation that swaps the two confidences of a question. Ranks are swapped, for the runs'
    confidences may be of different scales (Venkatraman and Begg 1996, §2). `wins` are questions whose confidence
    moved, among the others, to the side it belongs to.
    """
    from scipy.stats import rankdata

    truth = answerable.astype(bool)
    if truth.all() or not truth.any():
        return None
    ranks = np.stack([rankdata(before), rankdata(after)])
    areas = _areas(ranks, truth)
    change = (ranks[1] - ranks[0]) * (2 * answerable - 1)
    between = interval(len(truth), lambda counts: _weighted_change(before, after, answerable, counts))
    chance = _swapped(ranks, truth, abs(float(areas[1] - areas[0])))
    return Difference(float(areas[0]), float(areas[1]), float(areas[1] - areas[0]), between, chance, chance, *_counts(change))


def _swapped(ranks: Numbers, truth: NDArray[np.bool_], observed: float) -> float:
    """The share of random swaps of a question's two ranks whose AUROCs are as far apart as `observed`."""
    from scipy.stats import rankdata

    if (ranks[0] == ranks[1]).all():
        return 1.0
    chance = np.random.default_rng(SEED)
    swaps = int(min(SWAPS, max(FEWEST, ORDERED // ranks.shape[1])))
    step = max(1, AT_ONCE // ranks.shape[1])
    larger = 0
    for at in range(0, swaps, step):
        swapped = chance.integers(0, 2, (min(step, swaps - at), ranks.shape[1])).astype(bool)
        first, second = np.where(swapped, ranks[1], ranks[0]), np.where(swapped, ranks[0], ranks[1])
        apart = _areas(rankdata(second, axis=1), truth) - _areas(rankdata(first, axis=1), truth)
        larger += int((np.abs(apart) >= observed - 1e-9).sum())
    return (1 + larger) / (1 + swaps)


def _areas(ranks: Numbers, truth: NDArray[np.bool_]) -> Numbers:
    """AUROC of each row of ranks (Mann and Whitney 1947; Hanley and McNeil 1982)."""
    positive, negative = int(truth.sum()), int((~truth).sum())
    sums = ranks[..., truth].sum(axis=-1) - positive * (positive + 1) / 2
    return np.asarray(sums / (positive * negative), np.float64)


def _weighted_change(before: Numbers, after: Numbers, truth: Numbers, counts: Numbers) -> float | None:
    first, second = auroc(before, truth, counts), auroc(after, truth, counts)
    return None if first is None or second is None else second - first


def _counts(change: Numbers) -> tuple[int, int, int]:
    """Wins, losses, ties."""
    return int((change > 0).sum()), int((change < 0).sum()), int((change == 0).sum())


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
