"""Text that runs upwards, downwards or upside down on a page of a PDF is read as if the page were held so that it stands upright."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.pdfgen.canvas import Canvas

from corpus import read_bytes
from corpus.readers.pdf import printed
from corpus.readers.placed import placed
from corpus.readers.upright import Upright
from tests.test_readers import words
from tests.test_ruled import FONT, GRID, rows_of, table

LINES = ["The council published new parking fees on Tuesday, and they", "apply from the first of April. Residents pay half of them."]
# Where the text begins, and how far the page is turned under it.
STARTS = {0: (50, 500), 90: (300, 50), 180: (350, 100), 270: (100, 550)}


def page(turned: int, shown: int = 0) -> bytes:
    """A page of 400 by 600 points, its text turned against the clock, itself shown turned with it."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(400, 600))
    canvas.setPageRotation(shown)
    canvas.translate(*STARTS[turned])
    canvas.rotate(turned)
    for number, line in enumerate(LINES):
        canvas.drawString(0, -14 * number, line)
    canvas.save()
    return file.getvalue()


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
@pytest.mark.parametrize("shown", [0, 90, 270])
def test_whichever_way_it_runs_it_is_read(turned: int, shown: int) -> None:
    assert words(read_bytes(page(turned, shown), "a.pdf")) == [" ".join(LINES)]


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_each_line_is_marked_where_it_is_drawn(turned: int) -> None:
    _, lines = placed(printed(page(turned), "a.pdf"), "a.pdf")
    first, second = lines
    sides = (first.right - first.left) * 400, (first.bottom - first.top) * 600
    assert (sides[0] > 10 * sides[1]) if turned in (0, 180) else (sides[1] > 10 * sides[0])
    # The second is below the first, as the text is held.
    assert {0: second.top > first.top, 90: second.left > first.left, 180: second.top < first.top, 270: second.left < first.left}[turned]
    x, y = STARTS[turned]
    assert first.left * 400 - 15 < x < first.right * 400 + 15 and first.top * 600 - 15 < 600 - y < first.bottom * 600 + 15


@pytest.mark.parametrize("turned", [90, 270])
def test_a_table_that_is_printed_sideways_is_read_row_by_row(turned: int) -> None:
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(400, 600))
    made = table([["区域", "白天", "夜间"], ["二类区（含东城与西城）", "8", "5"], ["三类区", "6", "免费"]], GRID)
    made.wrapOn(canvas, 400, 400)
    canvas.translate(*STARTS[turned])
    canvas.rotate(turned)
    made.drawOn(canvas, 40, 60)
    canvas.setFont(FONT, 11)
    canvas.drawString(40, 150, "表一 停车收费")
    canvas.save()
    document = read_bytes(file.getvalue(), "a.pdf")
    assert rows_of(document) == ["区域: 二类区（含东城与西城）; 白天: 8; 夜间: 5", "区域: 三类区; 白天: 6; 夜间: 免费"] and "表一 停车收费" in document.text


@given(st.integers(0, 3), st.floats(0, 1000), st.floats(0, 1000), st.floats(1, 1000), st.floats(1, 1000))
def test_places_come_back(quarters: int, x: float, y: float, width: float, height: float) -> None:
    held = Upright(quarters, width, height)
    assert held.back(*held.place(x, y)) == pytest.approx((x, y), abs=1e-6)
