"""Scanned pages: words by OCR where a page has none of its own, with how sure the OCR is."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.ocr import CHINESE, DOTS, ENGLISH, SERIF, error_rate, page
from corpus import UnreadableFile, page_at, read_bytes
from tests.test_readers import is_whole

if TYPE_CHECKING:
    from PIL import Image

pytestmark = pytest.mark.skipif(not Path(SERIF).is_file(), reason="fonts-noto-cjk is not installed")


LINE = "市政府公布新的停车收费办法。"


def line_image() -> "Image.Image":
    """A picture of one line, no larger than it must be."""
    from PIL import Image

    return Image.open(io.BytesIO(page(LINE, 12, SERIF))).crop((100, 100, 700, 300))


def scanned_pdf(*pages: bytes, words: str = "") -> bytes:
    """Pictures of pages as a PDF, with a last page of words where some are given."""
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas("")
    for each in pages:
        image = ImageReader(io.BytesIO(each))
        across, down = (side * 72 / DOTS for side in image.getSize())
        canvas.setPageSize((across, down))
        canvas.drawImage(image, 0, 0, across, down)
        canvas.showPage()
    if words:
        canvas.drawString(72, 50, words)
    return canvas.getpdfdata()


@pytest.mark.parametrize(("text", "bound"), [(CHINESE, 0.02), (ENGLISH, 0.02)], ids=["Chinese", "English"])
def test_a_scanned_page_is_read_with_few_errors(text: str, bound: float) -> None:
    document = read_bytes(page(text, 10.5, SERIF, noise=True), "scan.png")
    is_whole(document)
    assert error_rate(text, document.text) < bound
    assert 0.8 < float(document.metadata["ocr_confidence"]) <= 1
    assert document.blocks[0].page == 1


def test_only_pages_without_words_are_read_by_ocr() -> None:
    short = CHINESE.split("\n")[0]
    words = "The second page has words of its own, which are kept as they are."
    document = read_bytes(scanned_pdf(page(short, 10.5, SERIF), words=words), "scan.pdf")
    is_whole(document)
    assert document.text.endswith(words)
    assert error_rate(short, document.text.removesuffix(words)) < 0.02
    assert page_at(document, 0) == 1 and page_at(document, len(document.text) - 1) == 2
    assert document.metadata["ocr_pages"].startswith("1: ") and "2: " not in document.metadata["ocr_pages"]


@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "BMP", "WEBP"])
def test_pictures_of_every_kind_are_read(kind: str) -> None:
    file = io.BytesIO()
    image = line_image()
    more = {"save_all": True, "append_images": [image]} if kind == "TIFF" else {}
    image.save(file, kind, **more)
    document = read_bytes(file.getvalue(), f"scan.{ {'JPEG': 'jpg', 'TIFF': 'tif'}.get(kind, kind.lower()) }")
    assert LINE in document.text
    if kind == "TIFF":
        assert document.text.count(LINE) == 2 and document.blocks[-1].page == 2


def test_a_picture_without_words_says_so() -> None:
    with pytest.raises(
        UnreadableFile, match=r"^scan\.png shows no words that could be read; leave it out, or scan it again"
    ):
        read_bytes(page("", 12, SERIF), "scan.png")


def test_without_the_extra_the_message_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from corpus.readers import ocr

    ocr._engine.cache_clear()
    both = scanned_pdf(page("", 12, SERIF), words="A page with words of its own is read all the same.")
    monkeypatch.setitem(sys.modules, "rapidocr_onnxruntime", None)
    with pytest.raises(UnreadableFile, match=r"pip install 'yinju\[ocr\]'"):
        read_bytes(page("", 12, SERIF), "scan.png")
    with pytest.raises(UnreadableFile, match=r"pip install 'yinju\[ocr\]'"):
        read_bytes(scanned_pdf(page("", 12, SERIF)), "scan.pdf")
    document = read_bytes(both, "scan.pdf")
    assert document.metadata["pages_not_read"] == "1" and document.blocks[0].page == 2
    ocr._engine.cache_clear()


def test_a_transparent_picture_is_read_on_white() -> None:
    from PIL import Image, ImageOps

    grey = line_image()
    clear = Image.merge("LA", (Image.new("L", grey.size, 0), ImageOps.invert(grey)))
    file = io.BytesIO()
    clear.save(file, "PNG")
    assert LINE in read_bytes(file.getvalue(), "scan.png").text


def test_a_picture_is_turned_as_its_file_says() -> None:
    from PIL import Image

    turned = line_image().rotate(90, expand=True)
    properties = Image.Exif()
    properties[0x0112] = 6  # EXIF orientation: the camera was held upright
    file = io.BytesIO()
    turned.save(file, "JPEG", exif=properties)
    assert LINE in read_bytes(file.getvalue(), "scan.jpg").text
