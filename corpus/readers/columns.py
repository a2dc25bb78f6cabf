"""Columns of a printed page, and tables in it, in the order they are read.

The page is cut along white space (recursive X-Y cut; Nagy and Seth, 1984): bands from top to bottom,
columns in them from left to right.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from statistics import median

from corpus.readers.lines import GUTTER, Line, in_lines

# Lines of text mostly fill their column, and columns of text are as wide as this many letters; cells of
# tables mostly do not, or are narrower.
FULL_COLUMN = 0.6
WIDE_COLUMN = 8
LARGER = 1.12
FIRST_LINE = 2.5  # letters' sizes by which the first line of a paragraph may be indented


@dataclass(frozen=True, slots=True)
class Column:
    """Lines that are read one after the other, or the rows of a table with the lines that each is made of."""

    lines: tuple[Line, ...]
    rows: tuple[tuple[str, ...], ...] = ()
    row_lines: tuple[tuple[Line, ...], ...] = ()
    # Where the columns of a ruled table begin, and the last ends.
    edges: tuple[float, ...] = ()

    @property
    def page(self) -> int:
        return self.lines[0].page


def reading_order(pieces: Sequence[Line]) -> Iterator[Column]:
    """The columns of a page in the order they are read."""
    if not pieces:
        return
    gap = GUTTER * median(each.size for each in pieces)
    held: list[Line] = []
    for column in _cut(list(pieces), gap):
        # Bands of one column that follow one another are one column.
        if not column.rows and held and _is_same_column(held, column.lines, gap):
            held.extend(column.lines)
            continue
        if held:
            yield Column(tuple(held))
        held = []
        if column.rows:
            yield column
        else:
            held = list(column.lines)
    if held:
        yield Column(tuple(held))


def _cut(pieces: list[Line], gap: float) -> Iterator[Column]:
    bands = _bands(pieces, gap)
    if len(bands) > 1:
        for band in bands:
            yield from _cut(band, gap)
        return
    lines = in_lines(pieces)
    columns = _columns(pieces, gap)
    rows, row_lines = _table(columns) if len(columns) > 1 else ((), ())
    # One line with wide blanks is a line.
    if rows or len(columns) == 1 or len(lines) == 1:
        yield Column(tuple(lines), rows, row_lines)
    else:
        for column in columns:
            yield from _cut(column, gap)


def _columns(pieces: list[Line], gap: float) -> list[list[Line]]:
    """The pieces by the columns they stand in: one list where there is no white space from top to bottom."""
    columns: list[list[Line]] = []
    reach = float("-inf")
    for piece in sorted(pieces, key=lambda each: each.left):
        if not columns or piece.left - reach >= gap:
            columns.append([])
        columns[-1].append(piece)
        reach = max(reach, piece.right)
    # What never stands beside the rest (a signature, a date) is no column.
    spans = [(min(each.top for each in column), max(each.bottom for each in column)) for column in columns]
    beside = all(min(a[1], b[1]) - max(a[0], b[0]) > gap / 2 for a, b in pairwise(spans))
    return columns if len(columns) > 1 and beside else [pieces]


def _bands(pieces: list[Line], gap: float) -> list[list[Line]]:
    """The pieces in bands that share their columns: a headline, the columns below it, a footer."""
    rows: list[list[Line]] = []
    reach = float("-inf")
    for piece in sorted(pieces, key=lambda each: each.top):
        # Lines of one column may touch; those that stand side by side overlap by half.
        if not rows or piece.top >= reach - (piece.bottom - piece.top) * 0.3:
            rows.append([])
        rows[-1].append(piece)
        reach = max(reach, piece.bottom)
    bands: list[list[list[Line]]] = []  # each a list of rows
    was_split = False
    for row in rows:
        beside = _columns(row, gap)
        split = len(beside) > 1
        columns = _columns([*chain.from_iterable(bands[-1]), *row], gap) if bands and (split or was_split) else []
        above = split and not was_split and bool(bands) and _is_headline(bands[-1], row, columns[0])
        if bands and ((not split and not was_split) or (len(columns) > 1 and not above)):
            bands[-1].append(row)
        else:
            early: list[list[Line]] = []
            # The first line of a later column may stand a little higher than that of the first.
            while split and not was_split and bands and bands[-1] and _stands_in(bands[-1][-1], row, beside):
                early.insert(0, bands[-1].pop())
            bands.append([*early, row])
        was_split = split or (len(columns) > 1 and not above)
    return [list(chain.from_iterable(band)) for band in bands if band]


def _stands_in(row: list[Line], below: list[Line], columns: list[list[Line]]) -> bool:
    """Whether a row begins where a column below does, other than the first, in letters no larger."""
    size = median(each.size for each in below)
    left = min(each.left for each in row)
    begins = any(-size / 2 < left - min(each.left for each in column) < FIRST_LINE * size for column in columns[1:])
    return begins and max(each.size for each in row) < LARGER * size


def _is_headline(band: list[list[Line]], row: list[Line], first: list[Line]) -> bool:
    """Whether what stands above a later column than the first is in larger letters, and so is above them all."""
    pieces = list(chain.from_iterable(band))
    larger = min(each.size for each in pieces) > LARGER * median(each.size for each in row)
    return larger and not any(each in first for each in pieces)


def _table(columns: list[list[Line]]) -> tuple[tuple[tuple[str, ...], ...], tuple[tuple[Line, ...], ...]]:
    """The rows of a table and the lines of each, where what stands in columns is one; nothing where it is text."""
    lines = [in_lines(column) for column in columns]
    widths = [max(each.right for each in column) - min(each.left for each in column) for column in columns]
    full = [
        (each.right - each.left) / width
        for column, width in zip(lines, widths, strict=True)
        for each in column
        if width
    ]
    first = min(lines, key=len)
    if len(first) < 2 or not full:
        return (), ()
    facing = sum(
        all(any(abs(each.middle - line.middle) < line.size / 2 for each in other) for other in lines) for line in first
    )
    is_text = median(full) > FULL_COLUMN and median(widths) > WIDE_COLUMN * first[0].size
    few_words = sum(len(each.text) for column in lines for each in column) < 25 * len(full)
    if facing < 0.8 * len(first) or not few_words or is_text:
        return (), ()
    rows: list[list[str]] = []
    row_lines: list[list[Line]] = []
    middles: list[float] = []
    for middle, number, text, line in sorted(
        ((line.middle, n, line.text, line) for n, column in enumerate(lines) for line in column),
        key=lambda each: each[:3],
    ):
        if not rows or middle - middles[-1] > first[0].size / 2:
            rows.append([""] * len(columns))
            row_lines.append([])
            middles.append(middle)
        rows[-1][number] = f"{rows[-1][number]} {text}".strip()
        row_lines[-1].append(line)
    return tuple(tuple(row) for row in rows), tuple(tuple(row) for row in row_lines)


def _is_same_column(above: Sequence[Line], below: Sequence[Line], gap: float) -> bool:
    left, right = min(each.left for each in above), max(each.right for each in above)
    return (
        min(each.top for each in below) >= max(each.bottom for each in above) - gap
        and abs(left - min(each.left for each in below)) < 4 * gap
        and abs(right - max(each.right for each in below)) < 4 * gap
    )
