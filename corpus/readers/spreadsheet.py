"""Spreadsheets (.xlsx): a heading a sheet, a block a row, each value with the name of its column."""

import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from typing import Any

from corpus.document import Document
from corpus.errors import UnreadableFile
from corpus.readers.build import Part, build
from corpus.readers.dates import iso_date
from corpus.readers.foreign import opening
from corpus.readers.merged import FEW_OTHERS, MOST_ACROSS, MOST_OTHERS, Spot, merged
from corpus.readers.number_format import shown_number
from corpus.readers.table import table_parts
from corpus.readers.workbook import Merged, load_workbook, merged_cells, rows_of
from corpus.readers.zipped import open_zip, require_honest

KIND = "spreadsheet (.xlsx)"
# Empty cells that a sheet may have, and how many more for each that holds anything.
FEW_EMPTY, MOST_EMPTY = 2_000_000, 100


def read(data: bytes, name: str) -> Document:
    """A spreadsheet as its cells were last shown. Raises UnreadableFile where it is damaged or protected."""
    require_honest(open_zip(data, name, KIND), name, KIND)
    with opening(name, KIND):
        opened = load_workbook(io.BytesIO(data))
        properties = opened.properties
        metadata = {
            "author": "" if properties.creator == "openpyxl" else properties.creator or "",
            "date": iso_date(properties.created),
            "language": properties.language or "",
            "subject": properties.subject or "",
            "keywords": properties.keywords or "",
        }
        # A workbook may name one sheet any number of times.
        sheets = {sheet._worksheet_path: sheet for sheet in reversed(opened.worksheets)}
        parts = (part for sheet in reversed(sheets.values()) for part in _sheet(sheet, name))
        return build(name, parts, properties.title or "", metadata)


def _sheet(sheet: Any, name: str) -> Iterator[Part]:
    rows = table_parts(merged(_spots(_rows(sheet, name), merged_cells(sheet))))
    first = next(rows, None)
    if first is not None:
        yield Part("heading", sheet.title, 1)
        yield first
        yield from rows


def _rows(sheet: Any, name: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that hold anything, counted from 1, with their cells as they are shown, and empty ones between them.

    Raises UnreadableFile where nearly all of them are empty.
    """
    empty = filled = 0
    for number, cells in rows_of(sheet):
        shown = {cell.column: text for cell in cells if (text := _shown(cell))}
        if not shown:
            continue
        width = max(shown)
        filled += len(shown)
        empty += width - len(shown)
        if empty > FEW_EMPTY + MOST_EMPTY * filled:
            raise UnreadableFile(f"{name} has a few cells far apart from each other; move them together, or leave it out")
        yield number, [shown.get(column, "") for column in range(1, width + 1)]


def _spots(rows: Iterable[tuple[int, list[str]]], cells: Sequence[Merged]) -> Iterator[list[Spot]]:
    """The rows as a grid, in which cells go over others."""
    waiting = list(reversed(cells))
    over: list[Merged] = []
    own = others = 0
    for number, row in rows:
        while waiting and waiting[-1].rows[0] <= number:
            over.append(waiting.pop())
        over = [each for each in over if each.rows[1] >= number]
        made = [Spot(each) for each in row]
        own += len(made)
        for each in over:
            left, right = each.columns
            for column in range(left, min(right, left + MOST_ACROSS) + 1):
                below, beside = number > each.rows[0], column > left
                missing = max(0, column - len(made))
                others += 1 + missing
                made += [Spot()] * missing
                if (below or beside) and not made[column - 1].text:
                    made[column - 1] = Spot(below=below, beside=beside)
        if others > FEW_OTHERS + MOST_OTHERS * own:
            waiting, over = [], []
        yield made


def _shown(cell: Any) -> str:
    """A value as a person sees it in the cell, as far as it can be told."""
    value = cell.value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, int | float):
        return shown_number(value, cell.number_format or "")
    return str(value)
