"""Printed pages back to the paragraphs they were set from."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.pdfgen.canvas import Canvas

from corpus import page_at, read_bytes
from corpus.readers.columns import reading_order
from corpus.readers.lines import Line
from corpus.readers.paragraphs import parts_of
from tests import writers
from tests.test_readers import ROWS, TABLE, is_whole, words

HEAD = "某报 2024年3月5日"
CHINESE = [
    f"第{n}段：市政府三月五日公布了新的停车收费办法，自四月一日起施行。新办法规定，一类区每小时收费十元，二类区每小时收费{n}元，"
    f"夜间不收费。居民李四说，这项办法让他每月多付{n}百元；商户王五则认为，车位周转快了，生意会好起来。"
    for n in range(30)
]
ENGLISH = [
    f"Paragraph {n}. The council published new parking fees on Tuesday, and they apply from the {n}th of April. Residents of the "
    f"inner districts pay {n} dollars an hour, while those who live outside pay half of that; nights remain free. A well-known "
    f"shopkeeper said that turnover would improve, since visitors no longer circle for {n} minutes in search of a place."
    for n in range(30)
]


@pytest.mark.parametrize("columns", [1, 2, 3])
@pytest.mark.parametrize(
    ("font", "paragraphs", "title"),
    [("STSong-Light", CHINESE, "新的停车收费办法"), ("Times-Roman", ENGLISH, "New parking fees")],
)
def test_paragraphs_come_back_whole_from_any_number_of_columns(
    columns: int, font: str, paragraphs: list[str], title: str
) -> None:
    made = [*paragraphs[:10], "#收费标准" if font == "STSong-Light" else "#What it costs", *paragraphs[10:]]
    document = read_bytes(
        writers.pdf_file(made, title, columns, font, HEAD if font == "STSong-Light" else "The News"), "a.pdf"
    )
    assert words(document, "paragraph") == paragraphs
    headings = [each for each in document.blocks if each.kind == "heading"]
    assert [document.text[each.start : each.end] for each in headings] == [title, made[10][1:]]
    assert [each.level for each in headings] == [1, 2]
    assert document.title == "一份文件" and document.metadata["author"] == "张三"


def test_running_heads_and_page_numbers_are_left_out() -> None:
    document = read_bytes(writers.pdf_file(CHINESE, "新的停车收费办法", 2, head=HEAD), "a.pdf")
    assert HEAD not in document.text and "— 1 —" not in document.text


def test_columns_that_begin_at_different_heights_are_read_one_after_the_other() -> None:
    headline = [("停车收费", 50, 90, 20)]
    left = [("第一节", 50, 135, 14), *((f"左栏第{n}行的文字写满整栏", 50, 160 + 16 * n, 10) for n in range(6))]
    right = [(f"右栏第{n}行的文字写满整栏", 200, 120 + 16 * n, 10) for n in range(8)]
    pieces = [Line(t, x, y, x + size * len(t), y + size, size, 1) for t, x, y, size in (*right, *left, *headline)]
    read = [line.text for column in reading_order(pieces) for line in column.lines]
    assert read == [each[0] for each in (*headline, *left, *right)]


def test_a_headline_above_the_middle_column_is_read_first() -> None:
    pieces = [
        Line(f"{x}栏第{n}行的文字写满整栏", x, 100 + 16 * n, x + 120, 110 + 16 * n, 10, 1)
        for x in (50, 200, 350)
        for n in range(5)
    ]
    headline = Line("停车收费", 210, 60, 290, 80, 20, 1)
    read = [line.text for column in reading_order([*pieces, headline]) for line in column.lines]
    assert read == [headline.text, *(each.text for each in pieces)]


PLACES = st.tuples(st.integers(0, 50), st.integers(0, 80), st.integers(1, 30), st.sampled_from([8, 10, 10, 10, 16]))


@settings(max_examples=300, deadline=None)
@given(st.lists(PLACES, max_size=40))
def test_wherever_words_stand_none_is_lost_and_none_is_read_twice(places: list[tuple[int, int, int, int]]) -> None:
    pieces = [
        Line(chr(0x4E00 + n) * length, 10 * x, 10 * y, 10 * x + size * length, 10 * y + size, size, 1)
        for n, (x, y, length, size) in enumerate(places)
    ]
    columns = list(reading_order(pieces))
    wanted = sorted(character for each in pieces for character in each.text)
    assert sorted(c for column in columns for line in column.lines for c in line.text if c != " ") == wanted
    # The title of a table is a paragraph, and a row of its all the same.
    parts = [part for part in parts_of(columns) if part.row is None]
    in_tables = [c for column in columns if column.rows for line in column.lines for c in line.text if c != " "]
    assert sorted([c for part in parts for c in part.text if c != " "] + in_tables) == wanted


def test_both_halves_of_a_paragraph_know_their_page() -> None:
    document = read_bytes(writers.pdf_file(CHINESE, "新的停车收费办法", 2), "a.pdf")
    (border, page), *_ = document.pages[1:]
    block = next(each for each in document.blocks if each.start < border < each.end)
    assert block.page == 1 and page == 2
    assert page_at(document, border - 1) == 1 and page_at(document, border) == 2


def test_a_hyphen_at_the_end_of_a_line_is_mended_and_a_compounds_is_kept() -> None:
    from reportlab.pdfgen.canvas import Canvas

    lines = ["The neigh-", "bourhood is well-", "known for its park-", "ing and for a well-known shop."]
    canvas = Canvas("")
    for number, line in enumerate(lines):
        canvas.drawString(72, 700 - 15 * number, line)
    document = read_bytes(canvas.getpdfdata(), "a.pdf")
    assert words(document) == ["The neighbourhood is well-known for its parking and for a well-known shop."]


def test_a_table_is_read_row_by_row() -> None:
    rows = [*ROWS, ["海淀", "9元"], ["通州", "5元"]]
    document = read_bytes(writers.pdf_file(CHINESE[:2], rows=rows), "a.pdf")
    assert words(document, "paragraph") == CHINESE[:2]
    assert words(document, "table")[:2] == TABLE and len(words(document, "table")) == 4


def test_right_to_left_text_is_in_the_order_it_is_read() -> None:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFError, TTFont
    from reportlab.pdfgen.canvas import Canvas

    hebrew = "העירייה פרסמה תעריפי חניה חדשים ביום שלישי"
    try:
        pdfmetrics.registerFont(TTFont("DejaVu", "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"))
    except TTFError:
        pytest.skip("there is no font with Hebrew letters")
    canvas = Canvas("")
    canvas.setFont("DejaVu", 12)
    canvas.drawRightString(500, 700, hebrew[::-1])  # a PDF holds what is seen, from left to right
    assert words(read_bytes(canvas.getpdfdata(), "a.pdf")) == [hebrew]


def test_letters_beyond_the_basic_plane_and_a_page_without_words_are_read() -> None:
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas("")
    canvas.showPage()
    canvas.drawString(72, 700, "Words on the second page.")
    document = read_bytes(canvas.getpdfdata(), "a.pdf")
    is_whole(document)
    assert document.pages == ((0, 2),)


@pytest.mark.slow
def test_five_thousand_pages_are_read_in_bounded_time_and_memory() -> None:
    import resource
    import time

    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas("")
    for page in range(5000):
        for line in range(40):
            canvas.drawString(
                72, 760 - 15 * line, f"Page {page}, line {line}: the council published new fees for {page} places."
            )
        canvas.showPage()
    data = canvas.getpdfdata()
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    document = read_bytes(data, "a.pdf")
    assert document.pages[-1][1] == 5000
    assert time.monotonic() - start < 300
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 600 * 1024  # KiB


def test_items_of_a_list_end_where_the_next_begins_and_go_on_below_their_words() -> None:
    """Their marks are of another font and size than their words, as programs draw them."""
    file = io.BytesIO()
    canvas = Canvas(file)
    lines = [
        (72, "", "The specification has three rules, and each program that installs its own kinds of files keeps to them all."),
        (84, "•", "Programs must be able to extend the database when they are installed, to add both new"),
        (84, "", "rules for finding the kind of a file and words about it."), (84, "•", "Short ones"), (84, "•", "Kinds"),
        (72, "", "Further, the older databases have been put together in a single package, which all of them read."),
    ]  # fmt: skip
    for number, (left, mark, said) in enumerate(lines):
        canvas.setFont("Helvetica", 7)
        canvas.drawString(left - 9, 700 - 13 * number, mark)
        canvas.setFont("Helvetica", 10)
        canvas.drawString(left, 700 - 13 * number, said)
    canvas.save()
    document = read_bytes(file.getvalue(), "a.pdf")
    assert [document.text[each.start : each.end] for each in document.blocks] == [
        lines[0][2], f"• {lines[1][2]} {lines[2][2]}", "• Short ones", "• Kinds", lines[5][2],
    ]  # fmt: skip
