"""A comparison of runs for a terminal."""

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eval import Comparison
    from eval.significance import Difference

# Questions shown from each end of those that changed.
SHOWN = 5


def print_comparison(found: "Comparison") -> None:
    """A line a measure, the figures that are not tested, what differs in settings, and the questions that changed most."""
    print(f"{found.before} → {found.after}")
    print_differences(found.measures)
    print("not tested:")
    for name, (first, second) in found.figures.items():
        if first != second:
            print(f"{name:38}{_number(first):>8}{_number(second):>8}{_number(second - first, '+'):>9}")
    for key, (before, after) in found.settings.items():
        print(f"setting {key}: {before} → {after}")
    better = [each for each in found.changed if each.change > 0]
    worse = [each for each in found.changed if each.change < 0]
    for label, some in ((f"{len(better)} better", better[:SHOWN]), (f"{len(worse)} worse", worse[::-1][:SHOWN])):
        print(label)
        for one in some:
            print(f"  {one.id}: {_short(one.question)}\n    before: {_short(one.before)}\n    after:  {_short(one.after)}")


def print_differences(measures: "Mapping[str, Difference]") -> None:
    print(f"{'measure':38}{'before':>8}{'after':>8}{'change':>9}  {'95% interval':18}{'p (Holm)':>9}  {'won/lost/tied'}")
    for name, each in measures.items():
        between = f"{each.interval[0]:+.3f} … {each.interval[1]:+.3f}" if each.interval else ""
        print(f"{name:38}{each.before:8.3f}{each.after:8.3f}{each.delta:+9.3f}  {between:18}{each.p_holm:9.4f}  "
              f"{each.wins}/{each.losses}/{each.ties}")  # fmt: skip


def _number(value: float, sign: str = "") -> str:
    return f"{value:{sign},.0f}" if abs(value) >= 1000 else f"{value:{sign}.3f}"


def _short(text: str) -> str:
    return textwrap.shorten(text, 100, placeholder=" …") or text[:100]
