"""Runs of the same questions against one another: what changed, by how much, and whether by chance."""

import csv
import json
import operator
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus import QuestionError
from eval.kept import NAME
from eval.metrics import GROUPS
from eval.significance import Difference, auroc_difference, corrected, differences

# Measures that are tested question by question: those that say whether a run is better.
COMPARED = (
    "retrieval.recall@1", "retrieval.recall@10", "retrieval.mrr@10", "retrieval.ndcg@10", "documents.map", "passages.recall@1",
    "passages.mrr@10", "quotes.hit@1", "quotes.hit@3", "quotes.exact@1", "quotes.f1@1", "abstention.answered_when_answerable",
    "abstention.answered_when_not",
)  # fmt: skip
# Fewer is better.
LOWER = frozenset(["abstention.answered_when_not"])
# Columns of run.csv that are kept of each question.
ROW = ("id", "question", "quote", "confidence", "answerable")
# What a question's change is judged by, in this order.
JUDGED = ("quotes.hit@1", "quotes.f1@1", "retrieval.mrr@10", "abstention.answered_when_not")
AUROC = "abstention.auroc"
CONDITION = re.compile(r"\s*(\w+\.[\w.@]+)\s*(<=|>=|<|>)\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*")
COMPARES = {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}


@dataclass(frozen=True)
class Changed:
    """A question whose answer became better (`change` above 0) or worse."""

    id: str
    question: str
    change: float
    before: str
    after: str


@dataclass(frozen=True)
class Comparison:
    """A run against the first one.

    `measures` are tested; `figures` are the runs' other numbers (latency, cost, calibration), before and after.
    """

    before: str
    after: str
    measures: Mapping[str, Difference]
    figures: Mapping[str, tuple[float, float]]
    settings: Mapping[str, tuple[object, object]]
    changed: tuple[Changed, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(name)}<td>{each.before:.3f}<td>{each.after:.3f}<td>{each.delta:+.3f}<td>{each.p_holm:.4f}</tr>"
            for name, each in self.measures.items()
        )
        return f"<table><tr><th>{escape(self.after)}<th>before<th>after<th>change<th>p (Holm)</tr>{rows}</table>"


@dataclass(frozen=True)
class Fails:
    """A condition on a change of any figure (`quotes.hit@1 < -0.01`, `latency_ms.p95 > 100`) that must not hold."""

    text: str
    measure: str
    compares: str
    limit: float

    def holds(self, comparison: Comparison) -> bool:
        """Raises QuestionError where the runs have no such figure in common."""
        if self.measure in comparison.measures:
            delta = comparison.measures[self.measure].delta
        elif self.measure in comparison.figures:
            before, after = comparison.figures[self.measure]
            delta = after - before
        else:
            known = ", ".join([*comparison.measures, *comparison.figures])
            raise QuestionError(f"--fail-if {self.text!r}: the runs have no {self.measure} in common; they have {known}")
        return bool(COMPARES[self.compares](delta, self.limit))


@dataclass(frozen=True)
class _Read:
    settings: Mapping[str, Any]
    figures: Mapping[str, float]
    rows: Sequence[Mapping[str, str]]
    values: Mapping[str, NDArray[np.float64]]
    sure: NDArray[np.float64]
    answerable: NDArray[np.float64]


def compare(runs: Sequence[str | Path]) -> list[Comparison]:
    """Each further run against the first. Raises QuestionError where they are no runs of the same questions."""
    if len(runs) < 2:
        raise QuestionError("one run was given; give two or more to compare")
    folders = [Path(each) for each in runs]
    base = _read(folders[0])
    return [_compared(folders[0], base, folder, _read(folder)) for folder in folders[1:]]


def parse_fails(text: str) -> Fails:
    """Raises QuestionError where the condition cannot be read."""
    match = CONDITION.fullmatch(text)
    if match is None:
        raise QuestionError(f"--fail-if {text!r} cannot be read; write a figure and its change, like: quotes.hit@1 < -0.01")
    return Fails(text, match[1], match[2], float(match[3]))


def _compared(first: Path, before: _Read, second: Path, after: _Read) -> Comparison:
    sets = [each.settings.get("question_set") for each in (before, after)]
    if sets[0] != sets[1] or [each["id"] for each in before.rows] != [each["id"] for each in after.rows]:
        raise QuestionError(f"{first} and {second} are runs of different questions; run the same set twice to compare")
    keys = dict.fromkeys([*before.settings, *after.settings])
    settings = {k: (before.settings.get(k), after.settings.get(k)) for k in keys if before.settings.get(k) != after.settings.get(k)}
    measures = _measures(before, after)
    figures = {k: (v, after.figures[k]) for k, v in before.figures.items() if k in after.figures and k not in measures}
    return Comparison(str(first), str(second), measures, figures, settings, _changed(before, after))


def _measures(before: _Read, after: _Read) -> dict[str, Difference]:
    found = differences(before.values, after.values)
    area = auroc_difference(before.sure, after.sure, before.answerable)
    return corrected(found | ({AUROC: area} if area else {}))


def _changed(before: _Read, after: _Read) -> tuple[Changed, ...]:
    """The questions that changed: best first, worst last; those that changed most stand at the ends."""
    total: dict[int, float] = {}
    for weight, name in zip((1.0, 0.1, 0.01, 1.0), JUDGED, strict=True):
        if name in before.values and name in after.values:
            change = np.nan_to_num(after.values[name] - before.values[name]) * (-1 if name in LOWER else 1)
            for at in np.flatnonzero(change):
                total[int(at)] = total.get(int(at), 0.0) + weight * float(change[at])
    order = sorted((at for at, value in total.items() if value), key=lambda at: -total[at])
    return tuple(
        Changed(before.rows[at]["id"], before.rows[at]["question"], round(total[at], 4), _said(before.rows[at]), _said(after.rows[at]))
        for at in order
    )


def _said(row: Mapping[str, str]) -> str:
    return row["quote"] or f"(not answered, confidence {row['confidence']})"


def _read(folder: Path) -> _Read:
    try:
        metrics = json.loads((folder / "metrics.json").read_text("utf8"))
        with (folder / "run.csv").open(encoding="utf8", newline="") as file:
            # Of a hundred thousand rows what is not compared would fill the memory.
            rows, numbers = [], []
            for each in csv.DictReader(file):
                rows.append({key: each[key] for key in ROW})
                measured = [float(each[name] or "nan") for name in COMPARED]
                numbers.append([*measured, float(each["confidence"]), float(each["answerable"] or 1)])
        *columns, sure, answerable = np.array(numbers, np.float64).reshape(len(rows), len(COMPARED) + 2).T
        values = dict(zip(COMPARED, columns, strict=True))
        return _Read({**metrics["settings"]}, _figures(metrics), rows, values, sure, answerable)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, csv.Error):
        remedy = "give the same `yinju eval` command again" if (folder / NAME).is_file() else "give the --output folder of `yinju eval`"
        raise QuestionError(f"{folder} holds no finished run; {remedy}") from None


def _figures(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Every number of metrics.json by group and name; its intervals, curves and slices are none."""
    return {
        f"{group}.{key}": float(value)
        for group in GROUPS
        for key, value in (metrics.get(group) or {}).items()
        if isinstance(value, (int, float))
    }
