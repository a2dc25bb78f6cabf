"""Rows of a table to text that can be quoted row by row: `column: value; column: value`."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from corpus.readers.build import Part, clean

NUMBER = re.compile(r"(?=.*\d)[-+\d.,\s/:%¥$€£年月日]+")
# Rows of one cell above the first wider one, within so many rows, are the table's title.
LOOK_AHEAD = 5
# A cell of more characters is no column's name: it would be said again with every row.
LONGEST_NAME = 120


def table_parts(rows: Iterable[Iterable[str]], page: int | None = None, named: bool | None = None) -> Iterator[Part]:
    """One part a row. The first row names the columns, unless it holds a number.

    `named` says whether there are column names, where the format knows. Rows of one cell above
    them are paragraphs. Each part says which of `rows` it is.
    """
    cells = ((number, [" ".join(clean(cell).split()) if cell else "" for cell in row]) for number, row in enumerate(rows))
    filled = ((number, row) for number, row in cells if any(row))
    head = list(islice(filled, LOOK_AHEAD))
    if not head:
        return
    titles = next((number for number, (_, row) in enumerate(head) if _count(row) > 1), 0)
    for at, row in head[:titles]:
        yield Part("paragraph", "".join(row), page=page, row=at)
    first, *rest = head[titles:]
    if named is None:
        named = not any(NUMBER.fullmatch(cell) or len(cell) > LONGEST_NAME for cell in first[1])
    below = chain(rest, filled)
    second = next(below, None)
    # Names with nothing below them are all the words there are.
    names = first[1] if named and second is not None else []
    for number, (at, row) in enumerate(chain([] if names else [first], [second] if second else [], below)):
        yield Part("table", row_line(names, row), page=page, joined=number > 0, row=at)


def row_line(names: list[str], row: list[str]) -> str:
    """`name: cell; name: cell` of the cells that hold anything."""
    padded = names + [""] * (len(row) - len(names))
    return "; ".join(f"{name}: {cell}" if name else cell for name, cell in zip(padded, row, strict=False) if cell)


def _count(row: list[str]) -> int:
    return sum(bool(cell) for cell in row)
