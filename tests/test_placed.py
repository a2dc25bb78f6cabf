"""Where each line of a document's text stands on the page: carried from the reader on, never searched for."""

import io
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bench.ocr import SERIF, page
from corpus import Document, UnreadableFile, read_bytes
from corpus.one_line import CONTROLS, LINE_ENDS
from corpus.readers.columns import reading_order
from corpus.readers.lines import Line
from corpus.readers.paragraphs import parts_of
from corpus.readers.placed import KEPT, PlacedLine, Placements, placed, placed_lines
from corpus.readers.printed import Printed, Sheet
from tests import writers
from tests.test_readers import ROWS
from tests.test_readers_ocr import LINE, scanned_pdf
from tests.test_readers_pdf import CHINESE, ENGLISH, HEAD

SENTENCES = st.sampled_from([
    "市政府三月五日公布了新的停车收费办法，", "居民李四说，这项办法让他每月多付三百元；", "夜间不收费。", "“车位周转快了”，商户王五认为。", "The council met on 5 March. ",
])  # fmt: skip
# 30 letters a line, and hyphens wherever a word is cut.
WORDS = st.sampled_from(
    ["the", "neighbourhood", "council", "published", "well-known", "parking", "regulations", "for", "internationally", "recognised", "shopkeepers"]
)


def is_carried(document: Document, lines: tuple[PlacedLine, ...]) -> None:
    """In order, apart from each other, inside the page; and nothing that can be seen is without a place but mended hyphens."""
    position = 0
    for each in lines:
        assert position <= each.start < each.end
        assert not document.text[position : each.start].strip()
        assert 0 <= each.left < each.right <= 1 and 0 <= each.top < each.bottom <= 1
        position = each.end
    assert not document.text[position:].strip()


def printed_there(data: bytes, lines: tuple[PlacedLine, ...]) -> list[str]:
    """What PDFium finds in the boxes, asked in its own way."""
    import pypdfium2

    opened = pypdfium2.PdfDocument(data)
    found = []
    for each in lines:
        sheet = opened.get_page(each.page - 1)
        width, height = sheet.get_size()
        words = sheet.get_textpage().get_text_bounded(each.left * width, (1 - each.bottom) * height, each.right * width, (1 - each.top) * height)
        found.append("".join(words.split()))
    return found


def bare(text: str) -> str:
    return "".join(text.split())


def as_printed(document: Document, line: PlacedLine, there: str) -> bool:
    words = bare(document.text[line.start : line.end])
    if line.whole:  # cells are told apart by "; " and follow names of columns
        return set(there) <= set(words)
    return there in (words, words + "-", words + "\x02", words + "\ufffe")


# To make a failing PDF smaller takes minutes, and shows no more.
AS_FOUND = [Phase.explicit, Phase.reuse, Phase.generate]


@settings(max_examples=12, deadline=None, phases=AS_FOUND)
@given(st.lists(st.lists(SENTENCES, min_size=1, max_size=8).map("".join), min_size=1, max_size=12), st.sampled_from([1, 2, 3]))
def test_lines_of_chinese_pages_stand_where_pdfium_finds_their_words(paragraphs: list[str], columns: int) -> None:
    data = writers.pdf_file(paragraphs, "新的停车收费办法", columns, head=HEAD)
    document, lines = placed_lines(data, "a.pdf")
    assert document == read_bytes(data, "a.pdf")
    is_carried(document, lines)
    assert all(as_printed(document, *each) for each in zip(lines, printed_there(data, lines), strict=True))


def hyphenated_pdf(words: list[str], columns: int) -> bytes:
    """Words set in narrow columns, cut with a hyphen wherever they do not fit."""
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas("")
    rows: list[str] = [""]
    for word in words:
        rows[-1] += " " * bool(rows[-1]) + word
        while len(rows[-1]) > 30:
            cut = rows[-1]
            end = next(n for n in (30, 29, 28, 27, 26, 25) if cut[n - 1].isalpha() or n == 25)
            whole = cut[end - 1].isalpha() and cut[end].isalpha()
            rows[-1:] = [cut[:end].rstrip() + "-" * whole, cut[end:].lstrip()]
    rows = [each for each in rows if each]
    for number, row in enumerate(rows):
        at, line = divmod(number, -(-len(rows) // columns))
        canvas.drawString(72 + 220 * at, 700 - 14 * line, row)
    return bytes(canvas.getpdfdata())


@settings(max_examples=20, deadline=None, phases=AS_FOUND)
@given(st.lists(WORDS, min_size=12, max_size=120), st.sampled_from([1, 2]))
def test_mended_hyphens_do_not_move_what_follows(words: list[str], columns: int) -> None:
    data = hyphenated_pdf(words, columns)
    document, lines = placed_lines(data, "a.pdf")
    is_carried(document, lines)
    assert all(as_printed(document, *each) for each in zip(lines, printed_there(data, lines), strict=True))


def test_columns_and_pages_keep_their_lines() -> None:
    for paragraphs, font in ((CHINESE, "STSong-Light"), (ENGLISH, "Times-Roman")):
        data = writers.pdf_file(paragraphs, "T", 2, font, HEAD if font == "STSong-Light" else "The News")
        document, lines = placed_lines(data, "a.pdf")
        is_carried(document, lines)
        assert {each.page for each in lines} == {page for _, page in document.pages} and len(document.pages) > 1
        assert all(as_printed(document, *each) for each in zip(lines, printed_there(data, lines), strict=True))
        body = [each for each in lines if each.page == 1 and each.bottom - each.top < 0.02]
        assert min(each.left for each in body) < 0.1 and max(each.left for each in body) > 0.5


# Marks that compose with the letter before, also over the end of a line; what NFC takes apart; controls; all kinds of blanks.
PIECES = st.text("ab가각\u1100\u1161\u11a8e\u0301\u0327\u0958中文-\u00ad\x01\x0b\x85\u2003 \ufb01Å", min_size=1, max_size=8).filter(lambda each: each.strip(" \x01\x0b\x85\u2003"))


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=12), st.integers(0, 12))
def test_no_letter_is_lost_or_moved_by_cleaning(texts: list[str], overleaf: int) -> None:
    lines = [Line(text, 0, 12 * n, 90, 12 * n + 10, 10, 1 + (n >= overleaf)) for n, text in enumerate(texts)]
    columns = [column for number in (1, 2) for column in reading_order([each for each in lines if each.page == number])]
    sheets = {1: Sheet.plain(100, 200), 2: Sheet.plain(100, 200)}
    try:
        document, found = placed(Printed(parts_of(columns), sheets, {}), "a.pdf")
    except UnreadableFile:
        return  # there are no letters in it
    closed_up = any(re.search(r"[\x0b\x85]", text) for text in texts)
    if not found and closed_up:
        return
    position = 0
    for each in found:
        assert position <= each.start < each.end
        position = each.end
    at = {(each.page, round(each.top * 200 / 12)): document.text[each.start : each.end] for each in found}
    for number, line in enumerate(lines):
        words = bare(unicodedata.normalize("NFC", CONTROLS.sub("", LINE_ENDS.sub("\n", line.text))))
        here = bare(at.get((line.page, number), ""))
        # What stands at the head of a line may have gone over to the last letter of the one before.
        near = [CONTROLS.sub("", line.text) for line in lines[max(number - 1, 0) : number + 2]]
        ends = [each for text in near for each in (text[:1], text[-1:]) if each]
        if not closed_up and not any(unicodedata.combining(each) or "\u1100" <= each <= "\u11ff" for each in (*ends, *words[:1])):
            assert here in (words, words[:-1]) and words.removeprefix(here) in ("", "-", "\u00ad")


def test_letters_composed_over_a_line_end_are_of_the_line_that_they_began_in() -> None:
    lines = [Line(text, 0, 12 * n, 90, 12 * n + 10, 10, 1) for n, text in enumerate(["\u1112\u1161\u11ab\u1100\u1173\u11afか", "\u3099くe\u0301tude"])]
    document, found = placed(Printed(parts_of(list(reading_order(lines))), {1: Sheet.plain(100, 100)}, {}), "a.pdf")
    assert [document.text[each.start : each.end] for each in found] == ["한글が", "くétude"]
    is_carried(document, found)


def test_a_row_of_a_table_is_one_line_of_the_whole_row() -> None:
    data = writers.pdf_file(CHINESE[:2], rows=[*ROWS, ["海淀", "9元"], ["通州", "5元"]])
    document, lines = placed_lines(data, "a.pdf")
    is_carried(document, lines)
    rows = [each for each in lines if each.whole]
    assert len(rows) == 4
    for row, there in zip(rows, printed_there(data, tuple(rows)), strict=True):
        assert all(cell in there for cell in re.findall(r": ([^;]+)", document.text[row.start : row.end]))


def test_a_turned_and_trimmed_page_has_its_lines_where_they_are_seen() -> None:
    import pypdfium2
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas("", pagesize=(400, 600))
    canvas.drawString(100, 500, "Near the upper left corner of the sheet.")
    opened = pypdfium2.PdfDocument(canvas.getpdfdata())
    sheet = opened.get_page(0)
    sheet.set_cropbox(50, 100, 400, 600)
    file = io.BytesIO()
    opened.save(file)
    document, (line,) = placed_lines(file.getvalue(), "a.pdf")
    assert document.text == "Near the upper left corner of the sheet."
    # 350 x 500 points are seen: the words begin 50 from the left and stand on a line 100 below the top.
    assert line.left == pytest.approx(50 / 350, abs=0.01) and line.top < 100 / 500 < line.bottom


@pytest.mark.skipif(not Path(SERIF).is_file(), reason="fonts-noto-cjk is not installed")
def test_lines_of_a_scan_stand_on_its_ink() -> None:
    import numpy as np
    from PIL import Image

    picture = page(2 * LINE, 24, SERIF)
    for data, name in ((picture, "scan.png"), (scanned_pdf(picture), "scan.pdf")):
        document, lines = placed_lines(data, name)
        is_carried(document, lines)
        assert document.text == read_bytes(data, name).text and len(lines) == 2
        ink = np.asarray(Image.open(io.BytesIO(picture)).convert("L")) < 128
        height, width = ink.shape
        for each in lines:
            inside = ink[int(each.top * height) : int(each.bottom * height) + 1, int(each.left * width) : int(each.right * width) + 1]
            assert inside.mean() > 0.05
        assert sum(
            ink[int(each.top * height) : int(each.bottom * height) + 1, int(each.left * width) : int(each.right * width) + 1].sum() for each in lines
        ) > 0.98 * ink.sum()


def test_what_was_read_last_is_at_hand_and_the_rest_is_let_go() -> None:
    files = [hyphenated_pdf(["council"] * 8 + [str(number)], 1) for number in range(KEPT + 1)]
    placements = Placements()
    first = [placements.of(each, "a.pdf") for each in files]
    assert placements.of(files[-1], "a.pdf") is first[-1] and placements.of(files[1], "a.pdf") is first[1]
    assert placements.of(files[0], "a.pdf") is not first[0] and placements.of(files[0], "a.pdf") == first[0]
