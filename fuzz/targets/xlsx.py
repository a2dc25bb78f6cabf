"""Spreadsheets: the first sheet first, then any other member."""

import datetime
from functools import cache

from fuzz.packing import like, packed, unpacked
from fuzz.promises import of_members, read_or_refused
from fuzz.target import Target
from fuzz.trees import changed
from tests import writers

MAIN = "xl/worksheets/sheet1.xml"
STYLES = (
    b'<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts><font/></fonts><fills><fill/></fills><borders><border/></borders>'
    b'<cellStyleXfs><xf numFmtId="0"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>'
)


@cache
def real() -> bytes:
    made = writers.xlsx_file({"表": [["区域", "价格", "日"], ["东城", 10.5, datetime.date(2024, 3, 5)], ["西城", True, None]], "二": [["甲"]]})
    # Its styles are most of what is read of it, and read first: only what says which cells are dates.
    return packed({**unpacked(made), "xl/styles.xml": STYLES})


def check(data: bytes) -> None:
    read_or_refused(of_members(like(real(), MAIN))(data), "样 a.xlsx")


def seeds() -> dict[str, bytes]:
    members = unpacked(real())
    main = members[MAIN]
    others = ("xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml", "docProps/core.xml", "xl/_rels/workbook.xml.rels")
    return {"main": main, **{each.rsplit("/", 1)[-1]: main + b"\n--- " + each.encode() + b"\n" + members[each] for each in others if each in members}}


TARGET = Target(check, seeds, change=changed, words=(b'<c r="XFD1048576" t="s">', b'<row r="', b"<v>", b't="d"', b't="inlineStr"', b"<is><t>"))
