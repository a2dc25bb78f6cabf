"""Outcomes to the numbers of metrics.json, each with its interval.

The groups of the contract hold its keys and no others, null where the set has nothing to measure one
on. The other groups leave out what cannot be measured. Everything but TIMED (`latency_ms`,
`latency_stages_ms`, `latency_intervals_ms` and `cost`) is the same, to the byte, at every run of the same
questions on the same library.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval import abstention
from eval.bootstrap import interval, mean_intervals
from eval.fold import holds
from eval.official import exact_match, f1
from eval.outcome import ANSWERED, NAMES, Outcome
from eval.slices import largest

__all__ = ["CONTRACT", "MEANS", "TIMED", "Table", "exact_match", "f1", "holds", "measure"]

Numbers = NDArray[np.float64]
MEANS = NAMES
CONTRACT = {
    "retrieval": ("recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10"),
    "quotes": ("hit@1", "hit@3", "exact@1", "f1@1", "mean_chars"),
    "abstention": ("auroc", "answered_when_answerable", "answered_when_not"),
}
# The groups of figures, as they are shown; a figure is called by its group and name: quotes.hit@1.
GROUPS = ("retrieval", "documents", "passages", "quotes", "official", "abstention", "selective", "latency_ms", "cost")
# What a slice is measured by.
SLICED = ("retrieval.recall@1", "retrieval.mrr@10", "quotes.hit@1", "quotes.exact@1", "quotes.f1@1", *ANSWERED)
# Groups that differ between two runs of the same.
TIMED = ("latency_ms", "latency_stages_ms", "latency_intervals_ms", "cost")
DIGITS = 6


class Table:
    """Outcomes as columns of numbers: a hundred thousand questions are some tens of megabytes."""

    def __init__(self) -> None:
        self._values: list[Numbers] = []
        self._facts: list[tuple[float, float, float, float]] = []
        self._slices: list[dict[str, str]] = []
        self._known: dict[str, str] = {}

    def add(self, outcome: Outcome, slices: Mapping[str, str]) -> None:
        self._values.append(np.array([outcome.values.get(name, np.nan) for name in MEANS]))
        right = np.nan if outcome.right is None else float(outcome.right)
        self._facts.append((outcome.confidence, outcome.question.answerable, outcome.answered, right))
        # The same name is kept once, however many questions are in the slice.
        self._slices.append({self._one(key): self._one(value) for key, value in slices.items()})

    def _one(self, text: str) -> str:
        return self._known.setdefault(text, text)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def values(self) -> Numbers:
        return np.array(self._values).reshape(len(self), len(MEANS))

    @property
    def facts(self) -> Numbers:
        """Confidence, answerable, answered, right (NaN where unknown), a row a question."""
        return np.array(self._facts, np.float64).reshape(len(self), 4)

    @property
    def slices(self) -> list[dict[str, str]]:
        return self._slices


def measure(table: Table) -> dict[str, Any]:
    """All that does not depend on the clock."""
    values, found = table.values, {}
    intervals: dict[str, tuple[float, float] | None] = {}
    for name, column, between in zip(MEANS, values.T, mean_intervals(values), strict=True):
        known = column[~np.isnan(column)]
        if len(known):
            found[name] = float(known.mean())
            intervals[name] = between
    for name, (value, between) in _abstention(table.facts).items():
        if value is not None:
            found[name] = value
            intervals[name] = between
    metrics: dict[str, Any] = {"questions": len(table)}
    metrics |= {group: {key: _rounded(found.pop(f"{group}.{key}", None)) for key in keys} for group, keys in CONTRACT.items()}
    for name, value in found.items():
        group, key = name.split(".", 1)
        metrics.setdefault(group, {})[key] = _rounded(value)
    metrics["intervals"] = {name: [_rounded(each) for each in between] for name, between in intervals.items() if between}
    metrics["curves"] = _curves(table.facts)
    metrics["slices"] = _slices(table)
    return metrics


def latency(timings: Iterable[Mapping[str, float]]) -> dict[str, Any]:
    """Percentiles of the whole and of each stage, in milliseconds."""
    stages: dict[str, list[float]] = {}
    for each in timings:
        for stage, value in each.items():
            stages.setdefault(stage, []).append(value)
    shown = {
        stage: {f"p{p}": round(float(np.percentile(values, p)), 2) for p in (50, 95, 99)} for stage, values in stages.items()
    }
    total = shown.get("total", {})
    between = {f"total.p{p}": _percentile_interval(np.array(stages["total"]), p) for p in (50, 95, 99)} if shown else {}
    return {
        "latency_ms": {"p50": total.get("p50"), "p95": total.get("p95")},
        "latency_stages_ms": shown,
        "latency_intervals_ms": between,
    }


def _percentile_interval(values: Numbers, p: int) -> list[float | None]:
    found = interval(len(values), lambda counts: float(np.percentile(np.repeat(values, counts.astype(int)), p)))
    return [_rounded(each) for each in found or ()]


def _abstention(facts: Numbers) -> dict[str, tuple[float | None, tuple[float, float] | None]]:
    sure, answerable, answered, right = facts.T
    known = ~np.isnan(right)
    quoted = facts[known]
    both = bool(answerable.any() and not answerable.all())
    rows: dict[str, tuple[bool, int, Callable[[Numbers | None], float | None]]] = {
        "abstention.auroc": (both, len(facts), lambda w: abstention.auroc(sure, answerable, w)),
        "selective.f1": (both, len(facts), lambda w: abstention.answering_f1(answered, answerable, w)),
        "selective.aurc": (known.any(), len(quoted), lambda w: abstention.area_under_risk(quoted[:, 0], quoted[:, 3], w)),
        "selective.ece_answerable": (both, len(facts), lambda w: abstention.calibration_error(sure, answerable, w)),
        "selective.ece_right": (known.any(), len(quoted), lambda w: abstention.calibration_error(quoted[:, 0], quoted[:, 3], w)),
    }
    return {name: (of(None), interval(count, of)) if can else (None, None) for name, (can, count, of) in rows.items()}


def _curves(facts: Numbers) -> dict[str, Any]:
    """What the report draws: risk by coverage (at most a hundred points), and reliability."""
    quoted = facts[~np.isnan(facts[:, 3])]
    if not len(quoted):
        return {}
    coverage, risk = abstention.risk_coverage(quoted[:, 0], quoted[:, 3])
    at = np.unique(np.linspace(0, len(coverage) - 1, min(len(coverage), 100)).astype(int))
    rows = abstention.reliability(quoted[:, 0], quoted[:, 3])
    return {
        "risk_coverage": [[_rounded(float(coverage[each])), _rounded(float(risk[each]))] for each in at],
        "reliability": [[count, _rounded(said), _rounded(true)] for count, said, true in rows],
    }


def _slices(table: Table) -> dict[str, Any]:
    kinds: dict[str, Counter[str]] = {}
    for each in table.slices:
        for kind, name in each.items():
            kinds.setdefault(kind, Counter())[name] += 1
    chosen = [(kind, name) for kind, counts in kinds.items() for name in largest(counts)]
    which = [MEANS.index(each) for each in SLICED]
    values = table.values[:, which]
    found: dict[str, Any] = {}
    for kind, name in chosen:
        inside = np.array([each.get(kind) == name for each in table.slices])
        rows = values[inside]
        entry: dict[str, Any] = {"questions": len(rows)}
        for measure_name, column, between in zip(SLICED, rows.T, mean_intervals(rows), strict=True):
            known = column[~np.isnan(column)]
            if len(known):
                entry[measure_name] = _rounded(float(known.mean()))
                if between:
                    entry.setdefault("intervals", {})[measure_name] = [_rounded(each) for each in between]
        found.setdefault(kind, {})[name] = entry
    return found


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)
