"""The page as it was printed, with the quote marked on it: the mark covers the quote's own ink."""

import base64
import io
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.ocr import SERIF, page
from corpus import Document, Library
from corpus.readers.placed import Placements
from rag import index_paths
from tests import writers
from tests.cheap import CheapEncoder, cheap_library
from tests.test_readers_ocr import LINE
from tests.test_readers_pdf import CHINESE, HEAD
from ui import page_image
from ui.page_image import WORDS, page_details, page_images, pages_html, spots
from ui.source import source_html, view_of
from ui.wording import LANGUAGES, said

ENGLISH = ["The council published new fees on Tuesday, and they apply from April. Nights remain free of charge for all residents of the town."]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    files = tmp_path / "files"
    files.mkdir()
    (files / "停车.pdf").write_bytes(writers.pdf_file(CHINESE, "新的停车收费办法", 2, head=HEAD))
    (files / "fees.pdf").write_bytes(writers.pdf_file(ENGLISH, font="Times-Roman"))
    (files / "inside.zip").write_bytes(writers.zip_file({"fees.pdf": writers.pdf_file(ENGLISH, font="Times-Roman")}))
    (files / "plain.txt").write_text("Only words.")
    with cheap_library(tmp_path / "library") as made:
        assert index_paths([files], made, CheapEncoder()).failed == 0
        yield made


def shown(library: Library, name: str, quote: str, language: str = "zh", placements: Placements | None = None) -> str:
    document = library.document(name)
    assert document is not None
    start = document.text.index(quote)
    return pages_html(library, placements or Placements(), document, start, start + len(quote), language)


def images_of(html: str) -> list[Image.Image]:
    return [Image.open(io.BytesIO(base64.b64decode(each))) for each in re.findall(r"data:image/webp;base64,([^\"]+)", html)]


def marks_of(html: str) -> list[tuple[float, ...]]:
    """left, top, width and height of every mark, 0 to 1."""
    return [tuple(float(each) / 100 for each in re.findall(r":([\d.]+)%", style)) for style in re.findall(r'yinju-spot" style="([^"]+)"', html)]


def ink(image: Image.Image, left: float, top: float, width: float, height: float) -> float:
    dark = np.asarray(image.convert("L")) < 140
    down, across = dark.shape
    return float(dark[round(top * down) : round((top + height) * down), round(left * across) : round((left + width) * across)].mean())


def test_the_marks_cover_the_words_of_the_quote_and_no_margin(library: Library) -> None:
    quote = CHINESE[3][:70]
    html = shown(library, "停车.pdf", quote)
    (image,), marks = images_of(html), marks_of(html)
    assert image.width == pytest.approx(page_image.WIDTH, abs=2) and len(marks) >= 3
    assert all(ink(image, *each) > 0.05 for each in marks)
    # Left and right of the column there is paper.
    first_left = min(left for left, *_ in marks)
    for left, top, width, height in marks[1:-1]:
        assert left == pytest.approx(first_left, abs=0.01)
        assert ink(image, left - 0.03, top, 0.025, height) == 0
        assert ink(image, left + width + 0.004, top, 0.03, height) == 0


def test_the_first_and_last_line_are_marked_from_where_the_quote_begins_to_where_it_ends(library: Library) -> None:
    import pypdfium2

    data = page_image.original(library, "停车.pdf")
    assert data is not None
    document = library.document("停车.pdf")
    assert document is not None
    start = document.text.index(CHINESE[5]) + 11
    end = start + 60
    _, lines = Placements().of(data, "停车.pdf")
    opened = pypdfium2.PdfDocument(data)
    seen = ""
    for number, marks in spots(document.text, lines, start, end).items():
        sheet = opened.get_page(number - 1)
        width, height = sheet.get_size()
        for each in marks:
            seen += sheet.get_textpage().get_text_bounded(each.left * width, (1 - each.bottom) * height, each.right * width, (1 - each.top) * height)
    quote, there = document.text[start:end], "".join(seen.split())
    assert quote[2:-2] in there and len(there) <= len(quote) + 4


def test_a_quote_over_the_end_of_a_page_shows_both(library: Library) -> None:
    document = library.document("停车.pdf")
    assert document is not None
    border = document.pages[1][0]
    html = pages_html(library, Placements(), document, border - 30, border + 30, "en")
    assert [unescape(each) for each in re.findall(r"<figcaption>(.*?)</figcaption>", html)] == ["page 1", "page 2"]
    assert html.count("<img") == 2
    both = html.split("</figure>")
    assert all(ink(images_of(figure)[0], *each) > 0.04 for figure in both[:2] for each in marks_of(figure)[1:-1])


def test_a_document_opened_by_itself_shows_its_first_page_unmarked(library: Library) -> None:
    document = library.document("fees.pdf")
    assert document is not None
    html = pages_html(library, Placements(), document, 0, 0, "en")
    assert html.count("<img") == 1 and "yinju-spot" not in html and 'alt="Image of fees.pdf, page 1"' in html


def test_a_row_of_a_table_is_marked_as_a_whole() -> None:
    data = writers.pdf_file(CHINESE[:1], rows=[["区域", "收费"], ["东城", "10元"], ["海淀", "9元"], ["通州", "5元"]])
    document, lines = Placements().of(data, "a.pdf")
    start = document.text.index("9元")
    ((mark,),) = spots(document.text, lines, start, start + 2).values()
    (image,) = page_images(data, "a.pdf", [1])
    assert ink(image, mark.left, mark.top, mark.right - mark.left, mark.bottom - mark.top) > 0.02 and mark.right - mark.left > 0.1


@pytest.mark.skipif(not Path(SERIF).is_file(), reason="fonts-noto-cjk is not installed")
def test_a_scan_is_shown_and_marked(tmp_path: Path) -> None:
    file = tmp_path / "扫描.png"
    file.write_bytes(page(2 * LINE, 24, SERIF))
    with cheap_library(tmp_path / "library") as library:
        index_paths([file], library, CheapEncoder())
        html = shown(library, "扫描.png", LINE)
        (image,), marks = images_of(html), marks_of(html)
        assert image.width <= page_image.WIDEST and marks and all(ink(image, *each) > 0.05 for each in marks)


def test_a_file_that_is_gone_changed_or_in_an_archive_is_said_to_be_so(library: Library, tmp_path: Path) -> None:
    inside = shown(library, "inside.zip/fees.pdf", "The council", "en")
    (tmp_path / "files" / "fees.pdf").write_bytes(writers.pdf_file([*ENGLISH, "More."], font="Times-Roman"))
    changed = shown(library, "fees.pdf", "The council", "en")
    (tmp_path / "files" / "fees.pdf").unlink()
    gone = shown(library, "fees.pdf", "The council", "en")
    assert "<img" not in inside + changed + gone
    assert changed == gone and "the file of fees.pdf is not where it was, has changed, or is inside an archive" in gone
    assert "inside.zip/fees.pdf" in inside


def test_a_text_that_is_read_otherwise_by_now_is_not_marked_wrongly(library: Library) -> None:
    document = library.document("fees.pdf")
    assert document is not None
    other = Document(document.name, document.title, "Other " + document.text, document.blocks)
    html = pages_html(library, Placements(), other, 0, 10, "en")
    assert "<img" not in html and "reads differently now" in html


def test_a_file_that_takes_long_to_read_again_is_shown_unmarked(library: Library) -> None:
    document = library.document("fees.pdf")
    assert document is not None
    scanned = {"ocr_pages": ", ".join(f"{number}: 0.900" for number in range(1, 80))}
    long = Document(document.name, document.title, document.text, document.blocks, scanned)
    html = pages_html(library, Placements(), long, 0, 10, "en")
    assert html.count("<img") == 1 and "yinju-spot" not in html and "The file is long" in html


def test_only_pdfs_and_pictures_have_pages(library: Library) -> None:
    for name, there in (("停车.pdf", True), ("plain.txt", False)):
        document = library.document(name)
        assert document is not None
        assert ('<details class="yinju-pages"' in source_html(document, view_of(document, 0, 5), "zh")) == there


def test_the_name_of_a_file_is_shown_as_text(tmp_path: Path) -> None:
    name = "<img src=x onerror=alert(1)>\"'.pdf"
    (tmp_path / name).write_bytes(writers.pdf_file(ENGLISH, font="Times-Roman"))
    with cheap_library(tmp_path / "library") as library:
        index_paths([tmp_path / name], library, CheapEncoder())
        document = library.document(name)
        assert document is not None
        html = page_details(document, 0, 5, "en") + shown(library, name, "The council", "en")
        assert html.count("<img") == 1 and "<img src=x" not in html
        (tmp_path / name).unlink()
        assert "<img" not in shown(library, name, "The council", "en")


def test_every_word_is_there_in_every_language() -> None:
    for key, (chinese, english) in WORDS.items():
        assert set(re.findall(r"{(\w+)", chinese)) == set(re.findall(r"{(\w+)", english)), key
        assert all(said(WORDS, key, language) for language in LANGUAGES)
