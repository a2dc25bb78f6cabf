"""The report's charts, drawn by matplotlib as SVG that stands in the page itself."""

import io
import re
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, SOFT, ACCENT = "#1f2937", "#cbd5e1", "#2563eb"
STAGES = ("embed", "search", "read", "total")
HIT = "quotes.hit@1"
# Slices drawn: of one kind, of all, and the characters of a name.
OF_A_KIND, SLICES, NAME = 6, 18, 36


def charts(metrics: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(title, SVG) of each chart that this run has numbers for."""
    drawn = (
        ("Recall by number of documents", _recall),
        ("Risk and coverage: answering the surest first", _risk),
        ("Reliability: confidence and the share that is right", _reliability),
        ("Latency by stage, ms (p50, p95, p99)", _latency),
        ("First quote right, by slice (95% intervals)", _slices),
    )
    found = [(title, _svg(draw, metrics)) for title, draw in drawn]
    return [(title, svg) for title, svg in found if svg]


def _recall(axes: "Axes", metrics: Mapping[str, Any]) -> bool:
    lines = 0
    for group, color in (("retrieval", ACCENT), ("passages", INK)):
        found = metrics.get(group) or {}
        if found.get("recall@1") is None:
            continue
        values = {k: float(found[f"recall@{k}"]) for k in (1, 5, 10)}
        name = "documents" if group == "retrieval" else "passages"
        axes.plot(list(values), list(values.values()), marker="o", color=color, label=name)
        for k, value in values.items():
            axes.annotate(f"{value:.3f}", (k, value), textcoords="offset points", xytext=(0, 6), fontsize=8, color=color)
        lines += 1
    axes.set(xlabel="k", ylabel="recall@k", ylim=(0, 1.08), xticks=(1, 5, 10))
    if lines:
        axes.legend(frameon=False, loc="lower right")
    return bool(lines)


def _risk(axes: "Axes", metrics: Mapping[str, Any]) -> bool:
    points = metrics.get("curves", {}).get("risk_coverage")
    if not points:
        return False
    coverage, risk = zip(*points, strict=True)
    axes.step(coverage, risk, where="post", color=ACCENT)
    axes.fill_between(coverage, risk, step="post", color=ACCENT, alpha=0.12)
    axes.set(xlabel="share of questions answered", ylabel="share of those that is wrong", xlim=(0, 1), ylim=(0, max(*risk, 0.1) * 1.1))
    return True


def _reliability(axes: "Axes", metrics: Mapping[str, Any]) -> bool:
    rows = metrics.get("curves", {}).get("reliability")
    if not rows:
        return False
    most = max(count for count, _, _ in rows)
    axes.plot((0, 1), (0, 1), color=SOFT, linewidth=1)
    axes.scatter([said for _, said, _ in rows], [true for _, _, true in rows],
                 s=[20 + 180 * count / most for count, _, _ in rows], color=ACCENT, alpha=0.8)  # fmt: skip
    axes.set(xlabel="confidence", ylabel="share that is right", xlim=(-0.04, 1.04), ylim=(-0.04, 1.04))
    return True


def _latency(axes: "Axes", metrics: Mapping[str, Any]) -> bool:
    stages = metrics.get("latency_stages_ms") or {}
    names = [each for each in STAGES if each in stages]
    if not names:
        return False
    for shift, (key, color) in enumerate((("p50", ACCENT), ("p95", INK), ("p99", SOFT))):
        axes.barh([at + 0.26 * shift for at in range(len(names))], [stages[each][key] for each in names], 0.24, color=color, label=key)
    axes.set_yticks([at + 0.26 for at in range(len(names))], names)
    axes.invert_yaxis()
    axes.legend(frameon=False)
    return True


def _slices(axes: "Axes", metrics: Mapping[str, Any]) -> bool:
    """The largest slices of each kind but documents, whose names say little beside one another."""
    rows = [
        (f"{kind}: {name}"[:NAME], float(each[HIT]), each["intervals"][HIT])
        for kind, slices in (metrics.get("slices") or {}).items() if kind != "document"
        for name, each in list(slices.items())[:OF_A_KIND] if HIT in each and HIT in each.get("intervals", {})
    ][:SLICES]  # fmt: skip
    if not rows:
        return False
    names, values, between = zip(*rows, strict=True)
    errors = [[value - low for value, (low, _) in zip(values, between, strict=True)],
              [high - value for value, (_, high) in zip(values, between, strict=True)]]  # fmt: skip
    axes.barh(range(len(rows)), values, 0.7, color=ACCENT, alpha=0.35, xerr=errors, ecolor=INK)
    axes.set_yticks(range(len(rows)), names, fontsize=7)
    axes.set(xlim=(0, 1))
    axes.invert_yaxis()
    return True


def _svg(draw: "Callable[[Axes, Mapping[str, Any]], bool]", metrics: Mapping[str, Any]) -> str:
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    # Text stays text, in the reader's own fonts; a fixed salt gives the same run the same bytes.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "yinju", "font.size": 9, "font.family": "sans-serif"}):
        figure = Figure(figsize=(4.6, 3.0), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        axes.spines[["top", "right"]].set_visible(False)
        if not draw(axes, metrics):
            return ""
        file = io.StringIO()
        with warnings.catch_warnings():  # that its own font has no Chinese; the reader's has
            warnings.filterwarnings("ignore", message="Glyph .* missing from")
            figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = file.getvalue()
    # The page holds the drawing itself, without the prologue that makes it a file of its own.
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.S)
    return re.sub(r'<svg [^>]*viewBox="([^"]*)"[^>]*>', r'<svg viewBox="\1" role="img">', text, count=1)
