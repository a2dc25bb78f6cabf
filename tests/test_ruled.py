"""Ruled tables in PDFs: each value with the names above and beside it, whatever the program drew the lines with."""

import io
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Table

from corpus import Document, page_at, read_bytes
from corpus.readers.columns import reading_order
from corpus.readers.lines import Line
from corpus.readers.paragraphs import parts_of
from corpus.readers.pdf import printed
from corpus.readers.placed import placed
from corpus.readers.ruled import TABLE, Rule, grids_of, standing_for, table_of
from corpus.readers.ruled import placed as placed_tables
from tests.test_merged import OVER, READ, ROWS

PRINTED = Path(__file__).parent / "printed"
FONT = "STSong-Light"
pdfmetrics.registerFont(UnicodeCIDFont(FONT))
BODY = ParagraphStyle("body", fontName=FONT, fontSize=11, leading=16, wordWrap="CJK")
ABOVE = "市政府三月五日公布了新的停车收费办法，自四月一日起施行，一类区每小时十元，二类区每小时八元，夜间一律五元，详见下表，各区不得另行加价。"
BELOW = "表中的价格每年评估一次，由市发展和改革委员会与市交通运输局共同公布，公布之前不得执行，执行之后要接受社会监督。"
GRID = ("GRID", (0, 0), (-1, -1), 0.5, colors.black)


def pdf(*flowables: Flowable) -> bytes:
    file = io.BytesIO()
    SimpleDocTemplate(file, pagesize=A4).build([*flowables])
    return file.getvalue()


def table(rows: list[list[str]], *style: tuple[object, ...], **more: object) -> Table:
    return Table(rows, style=[("FONT", (0, 0), (-1, -1), FONT, 11), *style], **more)


def rows_of(document: Document) -> list[str]:
    return [document.text[each.start : each.end] for each in document.blocks if each.kind == "table"]


@pytest.mark.parametrize("style", [
    [GRID],
    [("BOX", (0, 0), (-1, -1), 1, colors.black), ("INNERGRID", (0, 0), (-1, -1), 0.25, colors.grey)],
    # Open at its left and right, as in reports.
    [("LINEABOVE", (0, 0), (-1, -1), 0.5, colors.black), ("LINEBELOW", (0, -1), (-1, -1), 1, colors.black), ("LINEBEFORE", (1, 0), (-1, -1), 0.5, colors.black)],
])  # fmt: skip
def test_a_ruled_table_is_read_row_by_row_where_it_stands(style: list[tuple[object, ...]]) -> None:
    rows = [["区域", "白天（元/小时）", "夜间（元）"], ["一类区", "10", "5"], ["二类区（含东城与西城）", "8", "5"], ["三类区", "6", "免费"]]
    document = read_bytes(pdf(Paragraph(ABOVE, BODY), table(rows, *style), Paragraph(BELOW, BODY)), "a.pdf")
    assert [document.text[each.start : each.end] for each in document.blocks] == [
        ABOVE, "区域: 一类区; 白天（元/小时）: 10; 夜间（元）: 5", "区域: 二类区（含东城与西城）; 白天（元/小时）: 8; 夜间（元）: 5",
        "区域: 三类区; 白天（元/小时）: 6; 夜间（元）: 免费", BELOW,
    ]  # fmt: skip


def test_cells_that_go_over_rows_and_columns_keep_their_names() -> None:
    spans = [("SPAN", (left, top), (right, bottom)) for top, left, bottom, right in OVER]
    assert rows_of(read_bytes(pdf(table(ROWS, GRID, *spans)), "a.pdf")) == READ


@pytest.mark.parametrize("program", ["libreoffice", "chromium"])
def test_tables_that_programs_print_are_read_as_they_were_written(program: str) -> None:
    """`table.html`: one place beside two rows; double lines in the one, borders of each cell in the other."""
    document = read_bytes((PRINTED / f"table-{program}.pdf").read_bytes(), "a.pdf")
    assert rows_of(document) == [
        "泵站: 北泵站; 能力（吨/日）: 30,000; 投用: 2024-05-01", "泵站: 南泵站; 能力（吨/日）: 25,000; 投用: 2024-06-10",
        "泵站: 南泵站; 能力（吨/日）: 15,000; 投用: 2024-07-12",
    ]  # fmt: skip
    assert "泵站共三座，能力如下。" in document.text and "以上数字由镇水务站提供。" in document.text


@pytest.mark.parametrize("again", [0, 1])
def test_a_table_goes_on_over_pages_with_its_names_said_again_or_not(again: int) -> None:
    rows = [["村", "户主", "面积"], *([f"东{number}村", f"王{number}", f"{number}亩"] for number in range(90))]
    data = pdf(Paragraph(ABOVE, BODY), table(rows, GRID, repeatRows=again))
    document = read_bytes(data, "a.pdf")
    assert rows_of(document) == [f"村: 东{number}村; 户主: 王{number}; 面积: {number}亩" for number in range(90)]
    assert page_at(document, document.text.index("东0村")) == 1 and page_at(document, document.text.index("东89村")) == 3
    # And each is marked on its own page.
    whole, lines = placed(printed(data, "a.pdf"), "a.pdf")
    assert {each.page for each in lines if "东89村" in whole.text[each.start : each.end]} == {3}


def test_a_table_within_a_drawing_that_is_placed_on_the_page_is_read() -> None:
    file = io.BytesIO()
    canvas = Canvas(file)
    rows = [["区域", "价格"], ["二类区（含东城与西城）", "8"], ["三类区", "6"]]
    made = table(rows, GRID)
    made.wrapOn(canvas, 300, 300)
    canvas.beginForm("table")
    made.drawOn(canvas, 0, 0)
    canvas.endForm()
    canvas.translate(90, 500)
    canvas.scale(1.2, 1.2)
    canvas.doForm("table")
    canvas.save()
    assert rows_of(read_bytes(file.getvalue(), "a.pdf")) == ["区域: 二类区（含东城与西城）; 价格: 8", "区域: 三类区; 价格: 6"]


def test_lines_that_hold_no_table_change_nothing() -> None:
    file = io.BytesIO()
    canvas = Canvas(file)
    canvas.setFont(FONT, 11)
    for step in range(12):  # a chart: its lines, and numbers outside of them
        canvas.line(100, 300 + 20 * step, 400, 300 + 20 * step)
        canvas.line(100 + 25 * step, 300, 100 + 25 * step, 520)
        canvas.drawString(70, 300 + 20 * step, str(step))
    canvas.rect(60, 600, 450, 120)
    canvas.drawString(72, 700, "方框里的一段话，不是表格。")
    canvas.save()
    document = read_bytes(file.getvalue(), "a.pdf")
    assert "方框里的一段话，不是表格。" in document.text and ": " not in document.text


RULES = st.lists(st.builds(lambda at, one, other: Rule(at, min(one, other), max(one, other)), *[st.floats(0, 300)] * 3), max_size=14)


@given(RULES, RULES)
def test_any_lines_make_whole_grids(level: list[Rule], upright: list[Rule]) -> None:
    for grid in grids_of(level, upright):
        rows, columns = len(grid.ys) - 1, len(grid.xs) - 1
        assert [*grid.xs] == sorted(set(grid.xs)) and [*grid.ys] == sorted(set(grid.ys))
        assert len(grid.below) == len(grid.beside) == rows and {len(each) for each in (*grid.below, *grid.beside)} == {columns}
        for row in range(rows):
            for column in range(columns):
                first = grid.cell((grid.xs[column] + grid.xs[column + 1]) / 2, (grid.ys[row] + grid.ys[row + 1]) / 2)
                assert first is not None and first[0] <= row and first[1] <= column
                assert not grid.below[first[0]][first[1]] and not grid.beside[first[0]][first[1]]


def test_a_page_of_lines_without_end_is_a_drawing() -> None:
    began = time.process_time()
    assert grids_of([Rule(n / 10, 0, 500) for n in range(5_000)], [Rule(n * 5.0, 0, 500) for n in range(900)]) is not None
    assert grids_of([Rule(n * 4.0, 0, 500) for n in range(3_000)], [Rule(n * 4.0, 0, 12_000) for n in range(3_000)]) == []
    assert time.process_time() - began < 10


PIECES = st.lists(
    st.builds(
        lambda text, left, top, wide: Line(text, left, top, left + wide, top + 10, 10, 1),
        st.sampled_from(["甲", "10", "East", "一段很长的话，" * 20]), st.floats(-20, 320), st.floats(-20, 320), st.floats(1, 200),
    ),
    min_size=1, max_size=30,
)  # fmt: skip
# Lines on a few places, so that they meet.
PLACES = st.sampled_from([0.0, 50.0, 100.0, 150.0, 200.0, 300.0])
MEETING = st.lists(st.builds(lambda at, one, other: Rule(at, min(one, other), max(one, other)), PLACES, PLACES, PLACES), min_size=3, max_size=16)


@given(MEETING, MEETING, PIECES)
def test_whatever_stands_in_a_grid_is_said_once_with_its_place(level: list[Rule], upright: list[Rule], pieces: list[Line]) -> None:
    for grid in grids_of(level, upright):
        table, others = table_of(grid, pieces)
        if table is None:
            assert others == pieces
            continue
        assert sorted([*table.lines, *others], key=id) == sorted(pieces, key=id)
        assert len(table.rows) == len(table.row_lines) and {len(each) for each in table.rows} <= {len(grid.xs) - 1}
        parts = parts_of(placed_tables(reading_order([*others, standing_for(table, grid)]), [table]))
        assert all(TABLE not in each.text for each in parts)
        # A name of a column in which nothing stands is said with no value.
        rows, text = "".join(map("".join, table.rows)), "".join(each.text for each in parts)
        assert all(each.text in rows for each in table.lines) and all(each.text in text for each in others)


def test_rows_without_lines_between_them_are_told_by_what_faces_what() -> None:
    """As in reports: a line under the names, and upright ones."""
    rows = [["区域", "价格", "备注"], ["东城\n西城\n南城\n北城", "10\n8\n6\n5", "一\n二\n三\n四"]]
    assert rows_of(read_bytes(pdf(table(rows, GRID)), "a.pdf")) == [
        "区域: 东城; 价格: 10; 备注: 一", "区域: 西城; 价格: 8; 备注: 二", "区域: 南城; 价格: 6; 备注: 三", "区域: 北城; 价格: 5; 备注: 四",
    ]  # fmt: skip
