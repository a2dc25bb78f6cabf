"""Tables whose cells go over rows and columns: every value keeps the names that stand above and beside it."""

import io
import time

import docx
import openpyxl
import pptx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pptx.util import Inches

from corpus import UnreadableFile, read_bytes
from corpus.readers.merged import FEW_OTHERS, MOST_OTHERS, Cell, Spot, merged, spots
from tests.test_readers import words

# As it is printed: the village beside two rows, one name above two columns.
ROWS = [["村", "粮食", "", "备注"], ["", "2022年", "2023年", ""], ["东村", "一百二", "130", "旱"], ["", "90", "95", ""], ["西村", "80", "85", "丰"]]
# Corners of the cells that go over others: first row, first column, last row, last column.
OVER = [(0, 0, 1, 0), (0, 1, 0, 2), (0, 3, 1, 3), (2, 0, 3, 0)]
READ = [
    "村: 东村; 粮食 2022年: 一百二; 粮食 2023年: 130; 备注: 旱",
    "村: 东村; 粮食 2022年: 90; 粮食 2023年: 95",
    "村: 西村; 粮食 2022年: 80; 粮食 2023年: 85; 备注: 丰",
]


def html() -> bytes:
    hidden = {(y, x) for top, left, bottom, right in OVER for y in range(top, bottom + 1) for x in range(left, right + 1)} - {each[:2] for each in OVER}
    spans = {each[:2]: f" rowspan={each[2] - each[0] + 1} colspan='{each[3] - each[1] + 1}'" for each in OVER}
    rows = ("".join(f"<td{spans.get((y, x), '')}>{text}</td>" for x, text in enumerate(row) if (y, x) not in hidden) for y, row in enumerate(ROWS))
    return f"<article><table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table></article>".encode()


def word() -> bytes:
    made = docx.Document()
    table = made.add_table(len(ROWS), len(ROWS[0]))
    for y, row in enumerate(ROWS):
        for x, text in enumerate(row):
            table.cell(y, x).text = text
    for top, left, bottom, right in OVER:
        cell = table.cell(top, left).merge(table.cell(bottom, right))
        cell.text = ROWS[top][left]
    return saved(made)


def slides() -> bytes:
    made = pptx.Presentation()
    slide = made.slides.add_slide(made.slide_layouts[6])
    table = slide.shapes.add_table(len(ROWS), len(ROWS[0]), Inches(1), Inches(1), Inches(4), Inches(2)).table
    for y, row in enumerate(ROWS):
        for x, text in enumerate(row):
            table.cell(y, x).text = text
    for top, left, bottom, right in OVER:
        table.cell(top, left).merge(table.cell(bottom, right))
    return saved(made)


def sheet() -> bytes:
    made = openpyxl.Workbook()
    for row in ROWS:
        made.active.append([text or None for text in row])
    for top, left, bottom, right in OVER:
        made.active.merge_cells(start_row=top + 1, start_column=left + 1, end_row=bottom + 1, end_column=right + 1)
    return saved(made)


def saved(made: object) -> bytes:
    file = io.BytesIO()
    made.save(file)  # type: ignore[attr-defined]
    return file.getvalue()


@pytest.mark.parametrize(("make", "ending"), [(html, "html"), (word, "docx"), (slides, "pptx"), (sheet, "xlsx")])
def test_each_value_has_the_names_above_and_beside_it(make: "object", ending: str) -> None:
    found = words(read_bytes(make(), f"a.{ending}"))  # type: ignore[operator]
    assert [each for each in found if ": " in each] == READ


def test_a_title_over_all_columns_is_no_name_and_a_name_over_two_is_said_of_both() -> None:
    rows = [[Cell("人口", 3)], [Cell("城市"), Cell("人数", 2)], [Cell("甲"), Cell("1"), Cell("2")]]
    assert list(merged(spots(rows))) == [["人口", "", ""], ["城市", "人数", "人数"], ["甲", "1", "2"]]


def test_names_in_two_lines_without_cells_that_go_down_are_one() -> None:
    rows = [[Cell(""), Cell("粮食", 2)], [Cell(""), Cell("2022"), Cell("2023")], [Cell("东村"), Cell("1"), Cell("2")]]
    assert list(merged(spots(rows))) == [["", "粮食 2022", "粮食 2023"], ["东村", "1", "2"]]


def test_a_long_text_beside_many_rows_is_said_once() -> None:
    rows = [[Cell("题"), Cell("注")], [Cell("长" * 200, down=3), Cell("1")], [Cell("2")], [Cell("3")]]
    assert [row[0] for row in merged(spots(rows))] == ["题", "长" * 200, "", ""]


CELLS = st.builds(Cell, st.sampled_from(["", "a", "b", "1"]), st.integers(1, 4), st.integers(1, 4))


@given(st.lists(st.lists(CELLS, max_size=4), max_size=7))
def test_any_cells_make_a_grid_that_keeps_every_word_in_order(rows: list[list[Cell]]) -> None:
    grid = list(spots(rows))
    assert len(grid) == len(rows)
    for cells, row in zip(rows, grid, strict=True):
        assert [each.text for each in row if not each.below and not each.beside] == [each.text for each in cells]
    said = [text for row in merged(grid) for text in row]
    assert {part for text in said for part in text.split()} == {each.text for row in rows for each in row} - {""}


@given(st.lists(st.lists(st.builds(Spot, st.sampled_from(["", "a", "b"]), st.booleans(), st.booleans()), max_size=5), max_size=6))
def test_any_grid_is_read(grid: list[list[Spot]]) -> None:
    assert len(list(merged(grid))) <= len(grid)


def test_a_table_that_asks_for_places_without_end_is_read_in_its_length() -> None:
    began = time.process_time()
    wide = "".join("<td rowspan=65534 colspan=100>x</td>" for _ in range(20))
    text = f"<article><table><tr>{wide}</tr>{'<tr><td>y</td></tr>' * 20_000}</table></article>"
    read_bytes(text.encode(), "a.html")
    rows: list[list[Cell]] = [[Cell("x", 100, 65_534) for _ in range(20)], *([Cell("y")] for _ in range(50_000))]
    assert sum(map(len, spots(rows))) < FEW_OTHERS + (MOST_OTHERS + 2) * 50_100
    assert time.process_time() - began < 20


def test_a_sheet_whose_merged_cells_lie_far_apart_is_read_in_its_length() -> None:
    made = openpyxl.Workbook()
    for number in range(2_000):
        made.active.append([f"第{number}行", number])
        made.active.merged_cells.add(f"XFC{number + 1}:XFD{number + 1}")
        made.active.merged_cells.add("A1:XFD1048576")
    began = time.process_time()
    try:
        read_bytes(saved(made), "a.xlsx")
    except UnreadableFile as reason:
        assert "a.xlsx" in str(reason)
    assert time.process_time() - began < 20
