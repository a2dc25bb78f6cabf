"""Spreadsheets (.xlsx): a heading a sheet, a block a row, each value with the name of its column."""

import io
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from corpus.document import Document
from corpus.readers.build import Part, build
from corpus.readers.dates import iso_date
from corpus.readers.foreign import opening
from corpus.readers.table import table_parts
from corpus.readers.zipped import open_zip

KIND = "spreadsheet (.xlsx)"


def read(data: bytes, name: str) -> Document:
    """A spreadsheet as its cells were last shown. Raises UnreadableFile where it is damaged or protected."""
    open_zip(data, name, KIND)
    with opening(name, KIND):
        import openpyxl

        opened = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        properties = opened.properties
        metadata = {
            "author": "" if properties.creator == "openpyxl" else properties.creator or "",
            "date": iso_date(properties.created),
            "language": properties.language or "",
            "subject": properties.subject or "",
            "keywords": properties.keywords or "",
        }
        parts = [part for sheet in opened.worksheets for part in _sheet(sheet)]
        return build(name, parts, properties.title or "", metadata)


def _sheet(sheet: Any) -> Iterator[Part]:
    # What the file says of its own size is often wrong, and may be made to be a million rows.
    sheet.reset_dimensions()
    rows = list(table_parts([_shown(cell) for cell in row] for row in sheet.iter_rows()))
    if rows:
        yield Part("heading", sheet.title, 1)
        yield from rows


def _shown(cell: Any) -> str:
    """A value as a person sees it in the cell, as far as it can be told."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, int | float):
        form = cell.number_format or ""
        if form.endswith("%"):
            return f"{value * 100:.{form.partition('.')[2].count('0')}f}%"
        return f"{value:.15g}" if isinstance(value, float) else str(value)
    return str(value)
