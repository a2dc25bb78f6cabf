"""The characters of a PDF page, put together to pieces of lines."""

import ctypes
import re
from collections.abc import Iterator
from typing import Any

import pypdfium2.raw as pdfium

from corpus.readers.lines import GUTTER, Line, is_right_to_left

HYPHENS = {0x02, 0xFFFE}  # what PDFium makes of a hyphen at the end of a line
# A blank that is typed may be stretched to this many letters' sizes, to fill a narrow column.
STRETCHED = 2.5
LEFT_TO_RIGHT = re.compile(r"[0-9A-Za-z\u00c0-\u024f](?:[0-9A-Za-z\u00c0-\u024f .,:/%+-]*[0-9A-Za-z\u00c0-\u024f%])?")
BOLD = 600  # weight from which letters are called bold
FORCE_BOLD = 1 << 18  # flag of a font descriptor (ISO 32000-1, table 123)
BROKEN_SAMPLE = 16


def page_pieces(page: Any, number: int) -> tuple[list[Line], bool]:
    """The pieces of lines of a page, cut where white space is wide, and whether its characters can be told.

    Some PDFs draw letters without saying which they are.
    """
    text_page = page.get_textpage()
    try:
        return list(_pieces(text_page.raw, page.get_height(), number)), _is_told(text_page.raw)
    finally:
        text_page.close()


def _is_told(text: Any) -> bool:
    count = pdfium.FPDFText_CountChars(text)
    sample = range(0, count, max(count // BROKEN_SAMPLE, 1))
    broken = sum(pdfium.FPDFText_HasUnicodeMapError(text, each) == 1 for each in sample)
    return bool(broken * 2 <= len(sample))


def _pieces(text: Any, height: float, number: int) -> Iterator[Line]:
    count = pdfium.FPDFText_CountChars(text)
    box = pdfium.FS_RECTF()
    characters: list[str] = []
    places: list[tuple[float, float]] = []
    left = right = top = bottom = 0.0
    first = last_left = last_right = 0
    size = 0.0
    space = typed = False
    # The calls of this loop are most of the time that a PDF takes.
    unicode, loose, generated = pdfium.FPDFText_GetUnicode, pdfium.FPDFText_GetLooseCharBox, pdfium.FPDFText_IsGenerated
    for index in range(count):
        code = unicode(text, index)
        if code in (0x20, 0xA0, 0x09, 0x3000, 0x0D, 0x0A, 0):
            # Line ends are PDFium's guess; what stands where tells better.
            space = space or code != 0
            typed = typed or (code == 0x20 and not generated(text, index))
            continue
        if not loose(text, index, box):
            continue
        here_left, here_right, here_top, here_bottom = box.left, box.right, height - box.top, height - box.bottom
        if characters:
            middle = (here_top + here_bottom) / 2
            apart = max(here_left - last_right, last_left - here_right)
            if (
                not top < middle < bottom
                or apart > (STRETCHED if typed else GUTTER) * size
                or abs((here_bottom - here_top) - (bottom - top)) > size
            ):
                yield _line(text, first, characters, places, left, top, right, bottom, size, number)
                characters, places = [], []
            elif (space and apart > 0.1 * size) or (space and code < 0x2E80):
                characters.append(" ")
                places.append((last_left, last_left))
        if not characters:
            first, left, right, top, bottom = index, here_left, here_right, here_top, here_bottom
            size = _size(text, index, bottom - top)
        space = typed = False
        characters.append("-" if code in HYPHENS else chr(code) if code < 0x110000 else "\ufffd")
        places.append((here_left, here_right))
        left, right = min(left, here_left), max(right, here_right)
        last_left, last_right = here_left, here_right
    if characters:
        yield _line(text, first, characters, places, left, top, right, bottom, size, number)


def _size(text: Any, index: int, height: float) -> float:
    """The size of the letters as they are shown: the font's size says nothing where the page is scaled."""
    matrix = pdfium.FS_MATRIX()
    size: float = pdfium.FPDFText_GetFontSize(text, index)
    if pdfium.FPDFText_GetMatrix(text, index, matrix):
        size *= (matrix.c**2 + matrix.d**2) ** 0.5 or 1.0
    return round(size, 1) if 0.4 * height < size < 2.5 * height else round(height / 1.2, 1) or 1.0


def _line(
    text: Any,
    first: int,
    characters: list[str],
    places: list[tuple[float, float]],
    left: float,
    top: float,
    right: float,
    bottom: float,
    size: float,
    number: int,
) -> Line:
    words = "".join(characters)
    # Letters beyond the basic plane come in halves.
    words = words.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if is_right_to_left(words):
        words = _from_the_right(characters, places, size)
    return Line(words, left, top, right, bottom, size, number, _is_bold(text, first))


def _from_the_right(characters: list[str], places: list[tuple[float, float]], size: float) -> str:
    """Letters by where they stand, from the right; numbers and Latin words among them from the left.

    Programs write right-to-left text in one order or the other, and PDFium turns only some of it.
    """
    seen = sorted(zip(places, characters, strict=True), key=lambda each: -each[0][0])
    words = ""
    edge = None
    for (left, right), character in seen:
        if character == " ":
            continue
        if edge is not None and edge - right > 0.12 * size:
            words += " "
        words += character
        edge = left
    return LEFT_TO_RIGHT.sub(lambda run: run[0][::-1], words)


def _is_bold(text: Any, index: int) -> bool:
    if pdfium.FPDFText_GetFontWeight(text, index) >= BOLD:
        return True
    flags = ctypes.c_int()
    name = ctypes.create_string_buffer(128)
    pdfium.FPDFText_GetFontInfo(text, index, name, 128, flags)
    return bool(flags.value & FORCE_BOLD) or b"bold" in name.value.lower() or b"heavy" in name.value.lower()
