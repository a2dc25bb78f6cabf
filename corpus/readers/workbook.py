"""Workbooks opened by openpyxl, of whose styles only what says how numbers are shown is read.

Fonts, fills and borders are most of a small workbook, other programs write them so that openpyxl refuses the file, and no word
depends on them. The formats that Excel does not write down, because it has them built in, openpyxl knows for English alone:
a date in Chinese, Japanese or Korean Excel would be a number of days.
"""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from corpus.readers.whole import whole

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STYLES = "xl/styles.xml"
# ECMA-376, part 1, 18.8.30: 27 to 36 and 50 to 58 are dates and times of China, Taiwan, Japan and Korea. That they are is enough.
DATE, TIME = 'yyyy"年"m"月"d"日"', 'h"时"mm"分"ss"秒"'
EASTERN = dict.fromkeys((*range(27, 37), *range(50, 59)), DATE) | dict.fromkeys((32, 33), TIME)
LAST_ID = 1 << 31
END_OF_CELLS = re.compile(rb"</(?:\w+:)?sheetData\s*>")
MERGED = re.compile(rb"""<(?:\w+:)?mergeCell\s[^>]*?ref\s*=\s*["']\$?([A-Z]{1,3})\$?(\d{1,7}):\$?([A-Z]{1,3})\$?(\d{1,7})["']""")
PIECE = 1 << 20
# Of what stands below a sheet's cells so many bytes are looked through, for so many cells that go over others.
MOST_BELOW, MOST_MERGED = 8 << 20, 20_000


@dataclass(frozen=True)
class Merged:
    """A cell that goes over others, as (first, last) counted from 1, each belonging to it."""

    rows: tuple[int, int]
    columns: tuple[int, int]


def load_workbook(file: Path | IO[bytes]) -> "Workbook":
    """The workbook in a file, its sheets read row by row, each cell as it was last computed. Raises whatever openpyxl raises."""
    from openpyxl.reader.excel import ExcelReader

    reader = ExcelReader(file, read_only=True, data_only=True, keep_links=False)
    reader.archive.close()
    reader.archive = _Plainly(file)
    reader.read()
    return reader.wb


def rows_of(sheet: Any) -> Iterator[tuple[int, list[Any]]]:
    """The rows of a sheet that hold cells, as (number counted from 1, cells that hold something).

    openpyxl itself gives a row for every number up to the last, however few are there, and reads what stands around the rows (filters,
    page set-up, rules of validation), where anything that it does not know would cost the sheet.
    """
    from openpyxl.cell.read_only import ReadOnlyCell
    from openpyxl.worksheet._reader import ROW_TAG, WorkSheetParser
    from openpyxl.xml.functions import iterparse

    book = sheet.parent
    with sheet._get_source() as file:
        parser = WorkSheetParser(
            file, sheet._shared_strings, data_only=True, epoch=book.epoch, date_formats=book._date_formats, timedelta_formats=book._timedelta_formats
        )
        for _, element in iterparse(file):
            if element.tag == ROW_TAG:
                number, cells = parser.parse_row(element)
                element.clear()
                yield number, [ReadOnlyCell(sheet, **each) for each in cells if each["value"] is not None]


def merged_cells(sheet: Any) -> list[Merged]:
    """What is passed over in a sheet that is read row by row, because it stands below the rows; by first row."""
    below, is_below = b"", False
    with sheet._get_source() as file:
        while (piece := file.read(PIECE)) and len(below) < MOST_BELOW:
            below += piece
            if not is_below:
                found = END_OF_CELLS.search(below)
                is_below, below = (True, below[found.end() :]) if found else (False, below[-100:])
    found_all = [(int(top), int(bottom), _column(left), _column(right)) for left, top, right, bottom in MERGED.findall(below)[:MOST_MERGED]] if is_below else []
    return sorted((Merged((top, bottom), (left, right)) for top, bottom, left, right in found_all), key=lambda each: each.rows)


def _column(letters: bytes) -> int:
    number = 0
    for each in letters:
        number = 26 * number + each - ord("A") + 1
    return number


class _Plainly(zipfile.ZipFile):
    def read(self, name: str | zipfile.ZipInfo, pwd: bytes | None = None) -> bytes:
        data = super().read(name, pwd)
        return plain_styles(data) if name == STYLES else data


def plain_styles(data: bytes) -> bytes:
    """A stylesheet with the number formats of `data` alone, cell style by cell style."""
    from lxml import etree
    from openpyxl.xml.functions import fromstring

    tree = fromstring(data)
    made = etree.Element("styleSheet", xmlns=NAMESPACE)
    formats = etree.SubElement(made, "numFmts")
    given = {_number(each.get("numFmtId")): each.get("formatCode") or "General" for each in tree.iterfind("{*}numFmts/{*}numFmt")}
    for key, code in (EASTERN | given | {0: "General"}).items():
        etree.SubElement(formats, "numFmt", numFmtId=str(key), formatCode=code)
    # One of each, for the style that every workbook has.
    for path in ("fonts/font", "fills/fill/patternFill", "borders/border", "cellStyleXfs/xf"):
        within = made
        for name in path.split("/"):
            within = etree.SubElement(within, name)
    of_cells = etree.SubElement(made, "cellXfs")
    for each in tree.iterfind("{*}cellXfs/{*}xf"):
        etree.SubElement(of_cells, "xf", numFmtId=str(_number(each.get("numFmtId"))))
    etree.SubElement(etree.SubElement(made, "cellStyles"), "cellStyle", name="Normal", xfId="0", builtinId="0")
    return bytes(etree.tostring(made))


def _number(text: str | None) -> int:
    found = whole(text, 0, digits=10)
    return found if found < LAST_ID else 0
