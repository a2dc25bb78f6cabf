"""The table of `bench.scale` as curves: python -m bench.growth     (bench/scale.md to docs/images/growth.svg)"""

import re
from pathlib import Path

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot

TABLE = Path(__file__).with_name("scale.md")
PLOT = Path(__file__).parents[1] / "docs" / "images" / "growth.svg"
INK, ACCENT, SOFT = "#1f2937", "#2563eb", "#cbd5e1"
# A panel each: its title, its columns with their names in it, and the line that is not to be crossed.
PANELS = (
    ("search, ms", {"search p50": "p50", "p95": "p95"}, 30.0),
    ("memory beyond the models, MB", {"memory": ""}, 1500.0),
    ("adding a document, s", {"adding, median": "median", "most": "most"}, 1.0),
    ("opening the library, s", {"opening": ""}, None),
)


def read_table(file: Path) -> list[dict[str, float]]:
    """The rows of the table, figures without their units."""
    lines = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in file.read_text("utf8").splitlines() if line.startswith("|")]
    names, _, *rows = lines
    return [{name: number(cell) for name, cell in zip(names, row, strict=True)} for row in rows]


def number(cell: str) -> float:
    found = re.match(r"[\d,.]+", cell)
    return float(found.group().replace(",", "")) if found else float("nan")


def draw(rows: list[dict[str, float]], file: Path) -> None:
    figure, panels = pyplot.subplots(1, len(PANELS), figsize=(3.1 * len(PANELS), 2.7))
    sizes = [row["passages"] for row in rows]
    for axes, (title, columns, limit) in zip(panels, PANELS, strict=True):
        for (column, name), color in zip(columns.items(), (ACCENT, INK), strict=False):
            values = [row[column] for row in rows]
            axes.plot(sizes, values, marker="o", markersize=4, color=color, label=name)
            axes.annotate(f"{values[-1]:g}", (sizes[-1], values[-1]), textcoords="offset points", xytext=(0, 5), ha="right", fontsize=8, color=color)
        if limit:
            axes.axhline(limit, color=SOFT, linestyle="--", linewidth=1)
        axes.set(xscale="log", ylim=(0, None), xlabel="passages")
        axes.set_title(title, fontsize=9, color=INK)
        axes.spines[["top", "right"]].set_visible(False)
        if len(columns) > 1:
            axes.legend(frameon=False, fontsize=8, loc="upper left")
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})


if __name__ == "__main__":
    draw(read_table(TABLE), PLOT)
