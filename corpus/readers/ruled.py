"""Tables that are ruled: the grid that lines on a page make, and what stands in it.

A slot whose side towards its neighbour is not ruled belongs to the same cell. Lengths are in the units of the page; y grows downwards.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from statistics import median

from corpus.readers.columns import Column
from corpus.readers.lines import Line, glue, in_lines
from corpus.readers.merged import Spot, merged_rows

# Ends of lines that meet may miss each other, and double lines lie apart, by so much.
NEAR = 3.0
# Slots of fewer points a side are lines drawn twice, or hatching.
LEAST_SIDE = 5.0
MOST_COLUMNS, MOST_ROWS = 60, 400
# A page with more lines is a drawing.
MOST_RULES, MOST_MEETINGS = 6_000, 200_000
# Of the cells of a table so many hold words; of a drawing they do not.
FILLED = 0.4
# A cell of so many lines that are most of what stands in a grid is a box around text.
MANY_LINES = 6
# So many lines that face each other in all cells are rows without lines between them, unless they fill so much of their cell.
MANY_ROWS, FULL = 3, 0.85
# Stands in the place of a table while the order of a page is found: no character of any text (Unicode 16, 23.7).
TABLE = "\ufdd1"


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line, level or upright: where it lies, and from where to where it goes."""

    at: float
    start: float
    end: float


@dataclass(frozen=True)
class Grid:
    """Where columns and rows begin and end (`columns + 1`, `rows + 1`), and each slot's sides: `below[row][column]` where it belongs to the
    one above, `beside` to the one on its left."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    below: tuple[tuple[bool, ...], ...]
    beside: tuple[tuple[bool, ...], ...]

    def cuts(self, y: float) -> list[float]:
        """Where words on that height are parted by upright lines."""
        if not self.ys[0] < y < self.ys[-1]:
            return []
        row = bisect_right(self.ys, y) - 1
        return [x for x, beside in zip(self.xs, self.beside[row], strict=False) if not beside] + [self.xs[-1]]

    def cell(self, x: float, y: float) -> tuple[int, int] | None:
        """The first row and column of the cell at a place."""
        if not (self.xs[0] <= x < self.xs[-1] and self.ys[0] <= y < self.ys[-1]):
            return None
        row, column = bisect_right(self.ys, y) - 1, bisect_right(self.xs, x) - 1
        while self.below[row][column] or self.beside[row][column]:
            if self.below[row][column]:
                row -= 1
            else:
                column -= 1
        return row, column


def grids_of(level: Sequence[Rule], upright: Sequence[Rule]) -> list[Grid]:
    """The grids that lines make which meet each other, from the top; those with two rows and two columns at least."""
    if len(level) + len(upright) > MOST_RULES:
        return []
    level, upright = _snapped(level), _snapped(upright)
    if len(level) * len(upright) > MOST_MEETINGS:
        return []
    rules = [*level, *upright]
    known = list(range(len(rules)))

    def root(of: int) -> int:
        while known[of] != of:
            known[of] = of = known[known[of]]
        return of

    for n, one in enumerate(level):
        for m, other in enumerate(upright):
            if one.start - NEAR <= other.at <= one.end + NEAR and other.start - NEAR <= one.at <= other.end + NEAR:
                known[root(n)] = root(len(level) + m)
    together: dict[int, tuple[list[Rule], list[Rule]]] = {}
    for number, rule in enumerate(rules):
        together.setdefault(root(number), ([], []))[number >= len(level)].append(rule)
    found = [_grid(*each) for each in together.values() if len(each[0]) > 1 and each[1]]
    return sorted((each for each in found if each is not None), key=lambda each: each.ys[0])


def _grid(level: list[Rule], upright: list[Rule]) -> Grid | None:
    # The sides of a table may be open.
    left, right = min(each.start for each in level), max(each.end for each in level)
    top, bottom = min(each.start for each in upright), max(each.end for each in upright)
    xs = _apart([left, right, *(each.at for each in upright)])
    ys = _apart([top, bottom, *(each.at for each in level)])
    rows, columns = len(ys) - 1, len(xs) - 1
    if not (2 <= rows <= MOST_ROWS and 2 <= columns <= MOST_COLUMNS):
        return None
    below = tuple(
        tuple(row > 0 and not _lies(level, ys[row], (xs[column] + xs[column + 1]) / 2) for column in range(columns)) for row in range(rows)
    )
    beside = tuple(
        tuple(column > 0 and not _lies(upright, xs[column], (ys[row] + ys[row + 1]) / 2) for column in range(columns)) for row in range(rows)
    )
    return Grid(tuple(xs), tuple(ys), below, beside)


def _lies(rules: Iterable[Rule], at: float, through: float) -> bool:
    return any(abs(each.at - at) <= NEAR and each.start - NEAR <= through <= each.end + NEAR for each in rules)


def _apart(places: Iterable[float]) -> list[float]:
    found: list[float] = []
    for place in sorted(places):
        if not found or place - found[-1] >= LEAST_SIDE:
            found.append(place)
    return found


def _snapped(rules: Iterable[Rule]) -> list[Rule]:
    """The lines, those on one place that touch each other made one."""
    found: list[Rule] = []
    for each in sorted(rules, key=lambda each: (each.at, each.start)):
        joining = next((n for n in _beside(found, each.at) if each.start <= found[n].end + NEAR and found[n].start <= each.end + NEAR), None)
        if joining is None:
            found.append(each)
        else:
            last = found[joining]
            found[joining] = Rule(last.at, min(last.start, each.start), max(last.end, each.end))
    return found


def _beside(rules: Sequence[Rule], at: float) -> Iterator[int]:
    """The last of the lines, back to where they lie no longer near a place."""
    return takewhile(lambda n: at - rules[n].at <= NEAR, reversed(range(len(rules))))


def table_of(grid: Grid, pieces: Sequence[Line]) -> tuple[Column | None, list[Line]]:
    """The rows of what stands in a grid, and the other pieces; no rows where too little stands there for a table."""
    cells: dict[tuple[int, int], list[Line]] = {}
    others: list[Line] = []
    for piece in pieces:
        cell = grid.cell((piece.left + piece.right) / 2, piece.middle)
        if cell is None:
            others.append(piece)
        else:
            cells.setdefault(cell, []).append(piece)
    rows = range(len(grid.ys) - 1)
    columns = range(len(grid.xs) - 1)
    count = sum(not grid.below[row][column] and not grid.beside[row][column] for row in rows for column in columns)
    lines = {cell: in_lines(found) for cell, found in cells.items()}
    most = max(map(len, lines.values()), default=0)
    is_box = most >= MANY_LINES and most * 2 > sum(map(len, lines.values()))
    if count < 4 or len(cells) < FILLED * count or len({column for _, column in cells}) < 2 or is_box:
        return None, list(pieces)
    spots: list[list[Spot]] = []
    stand: list[list[Line]] = []
    for row in rows:
        inside = [lines.get((row, column), []) for column in columns]
        parts = _rows_within(inside, [grid.xs[column + 1] - grid.xs[column] for column in columns])
        for number, part in enumerate(parts):
            below = [grid.below[row][column] or (number > 0 and not inside[column]) for column in columns]
            spots.append([Spot(_text(part[column]), below[column], grid.beside[row][column]) for column in columns])
            stand.append([line for found in part for line in found])
    said: list[tuple[str, ...]] = []
    stands: list[tuple[Line, ...]] = []
    at = 0
    for words, number in merged_rows(spots):
        said.append(tuple(words))
        stands.append(tuple(line for found in stand[at : at + number] for line in found))
        at += number
    every = tuple(line for found in cells.values() for line in found)
    return Column(every, tuple(said), tuple(stands), grid.xs), others


def _rows_within(cells: list[list[Line]], widths: list[float]) -> list[list[list[Line]]]:
    """The rows between two level lines: many where the lines of all cells face each other and are no running text, or else one."""
    filled = [(lines, width) for lines, width in zip(cells, widths, strict=True) if lines]
    number = len(filled[0][0]) if filled else 0
    if len(filled) < 2 or number < MANY_ROWS or any(len(lines) != number for lines, _ in filled):
        return [cells]
    for facing in zip(*(lines for lines, _ in filled), strict=True):
        if max(each.middle for each in facing) - min(each.middle for each in facing) > facing[0].size / 2:
            return [cells]
    if any(median((each.right - each.left) / width for each in lines) > FULL for lines, width in filled):
        return [cells]
    return [[lines[n : n + 1] for lines in cells] for n in range(number)]


def _text(lines: Sequence[Line]) -> str:
    text = ""
    for line in lines:
        text += glue(text, line.text) + line.text
    return text


def standing_for(table: Column, grid: Grid) -> Line:
    """A line as large as a table, which has its place among others."""
    return Line(TABLE, grid.xs[0], grid.ys[0], grid.xs[-1], grid.ys[-1], median(each.size for each in table.lines), table.page)


def placed(columns: Iterable[Column], tables: Sequence[Column]) -> list[Column]:
    """The columns of a page with its tables where lines stand for them."""
    waiting = list(tables)
    found: list[Column] = []
    for column in columns:
        held: list[Line] = []
        for line in column.lines if not column.rows else ():
            if TABLE not in line.text:
                held.append(line)
                continue
            # What stands across a table's edge may have been put into one line with it.
            words = line.text.replace(TABLE, "").strip()
            held += [replace(line, text=words)] if words else []
            found += [Column(tuple(held))] if held else []
            held = []
            for _ in range(min(line.text.count(TABLE), len(waiting))):
                nearest = min(range(len(waiting)), key=lambda at: abs(waiting[at].edges[0] - line.left))
                found.append(waiting.pop(nearest))
        if held:
            found.append(Column(tuple(held)))
        elif column.rows:
            found.append(replace(column, rows=tuple(tuple(cell.replace(TABLE, "").strip() for cell in row) for row in column.rows)))
    return [*found, *waiting]


def continued(columns: Iterable[Column]) -> list[Column]:
    """The columns, those tables one that go on at the head of the next page; names that are said there again are left out."""
    found: list[Column] = []
    for column in columns:
        last = found[-1] if found else None
        if last is not None and _goes_on(last, column):
            again = 1 if column.rows[0] == last.rows[0] else 0
            found[-1] = Column(last.lines + column.lines, last.rows + column.rows[again:], last.row_lines + column.row_lines[again:], last.edges)
        else:
            found.append(column)
    return found


def _goes_on(above: Column, column: Column) -> bool:
    return (
        len(above.edges) == len(column.edges) > 0
        and above.lines[-1].page + 1 == column.page
        and all(abs(one - other) <= 2 * NEAR for one, other in zip(above.edges, column.edges, strict=True))
    )
