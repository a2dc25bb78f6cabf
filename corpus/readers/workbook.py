"""Workbooks opened by openpyxl, of whose styles only what says how numbers are shown is read.

Fonts, fills and borders are most of a small workbook, other programs write them so that openpyxl refuses the file, and no word
depends on them. The formats that Excel does not write down, because it has them built in, openpyxl knows for English alone:
a date in Chinese, Japanese or Korean Excel would be a number of days.
"""

import zipfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STYLES = "xl/styles.xml"
# ECMA-376, part 1, 18.8.30: 27 to 36 and 50 to 58 are dates and times of China, Taiwan, Japan and Korea. That they are is enough.
DATE, TIME = 'yyyy"年"m"月"d"日"', 'h"时"mm"分"ss"秒"'
EASTERN = dict.fromkeys((*range(27, 37), *range(50, 59)), DATE) | dict.fromkeys((32, 33), TIME)
LAST_ID = 1 << 31


def load_workbook(file: Path | IO[bytes]) -> "Workbook":
    """The workbook in a file, its sheets read row by row, each cell as it was last computed. Raises whatever openpyxl raises."""
    from openpyxl.reader.excel import ExcelReader

    reader = ExcelReader(file, read_only=True, data_only=True, keep_links=False)
    reader.archive = _Plainly(file)
    reader.read()
    return reader.wb


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
    return int(text) if text and text.isascii() and text.isdigit() and int(text) < LAST_ID else 0
