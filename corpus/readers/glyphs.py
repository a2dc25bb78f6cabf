"""The characters of a PDF page, put together to pieces of lines."""

import ctypes
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

import pypdfium2.raw as pdfium

from corpus.one_line import CONTROLS
from corpus.readers.lines import GUTTER, Line, is_right_to_left
from corpus.readers.ruled import Grid, grids_of
from corpus.readers.rules import page_rules
from corpus.readers.turned import from_the_right, rightly_bracketed
from corpus.readers.upright import Upright, upright

HYPHENS = {0x02, 0xFFFE}  # what PDFium makes of a hyphen at the end of a line
# A blank that is typed may be stretched to this many letters' sizes, to fill a narrow column.
STRETCHED = 2.5
# Base lines of one line differ by less than so many letters' sizes: raised and lowered numbers, vowel signs.
UNEVEN = 0.5
# Boxes of letters of one size differ by less: some fonts say how high their lines are, others how high each letter is.
TALLER = 1.2
# How far the letters of a line reach above and below its base line, in letters' sizes. Fonts say all kinds of things.
LEAST_ABOVE, MOST_ABOVE, LEAST_BELOW, MOST_BELOW = 0.7, 1.0, 0.1, 0.35
BOLD = 600  # weight from which letters are called bold
FORCE_BOLD = 1 << 18  # flag of a font descriptor (ISO 32000-1, table 123)
BROKEN_SAMPLE = 16
# How often the ink of a full stop goes into the size of its letters.
MOST_INK = 16.0
NONE, GUESSED, TYPED = range(3)


@dataclass(slots=True)
class Glyph:
    """A character where it stands. `blank`: what stands before it in the order of the file (`NONE`, `GUESSED`, `TYPED`)."""

    text: str
    left: float
    right: float
    origin: float
    blank: int


@dataclass(frozen=True)
class Pieces:
    """The pieces of lines of a page, cut where white space is wide and at the lines of its tables, which `grids` are; how the page is held
    to be read; and whether its characters can be told: some PDFs draw letters without saying which they are."""

    lines: list[Line]
    grids: list[Grid]
    upright: Upright
    told: bool


def page_pieces(page: Any, number: int) -> Pieces:
    text_page = page.get_textpage()
    try:
        held = upright(page, text_page.raw)
        grids = grids_of(*page_rules(page, held))
        return Pieces(rightly_bracketed(list(_pieces(text_page.raw, held, number, grids))), grids, held, _is_told(text_page.raw))
    finally:
        text_page.close()


def _is_told(text: Any) -> bool:
    count = pdfium.FPDFText_CountChars(text)
    sample = range(0, count, max(count // BROKEN_SAMPLE, 1))
    broken = sum(pdfium.FPDFText_HasUnicodeMapError(text, each) == 1 for each in sample)
    return bool(broken * 2 <= len(sample))


def _pieces(text: Any, held: Upright, number: int, grids: Sequence[Grid]) -> Iterator[Line]:
    """The characters in the order of the file, parted where another base line or another size of letters begins."""
    count = pdfium.FPDFText_CountChars(text)
    box = pdfium.FS_RECTF()
    x, y = ctypes.c_double(), ctypes.c_double()
    run: list[Glyph] = []
    blanks: list[float] = []
    base = top = bottom = tall = size = 0.0
    first = blank = 0
    marks = False
    # The calls of this loop are most of the time that a PDF takes.
    unicode, loose, generated, origin = pdfium.FPDFText_GetUnicode, pdfium.FPDFText_GetLooseCharBox, pdfium.FPDFText_IsGenerated, pdfium.FPDFText_GetCharOrigin
    for index in range(count):
        code = unicode(text, index)
        character = "-" if code in HYPHENS else chr(code) if code < 0x110000 else "\ufffd"
        if not code or character.isspace():
            # Line ends are PDFium's guess; what stands where tells better.
            if code and blank != TYPED:
                blank = GUESSED
                if code != 0x0D and code != 0x0A and not generated(text, index):
                    # Others than the plain one stand where columns are apart.
                    blank = TYPED if code == 0x20 else GUESSED
                    if origin(text, index, x, y):
                        blanks.append(held.place(x.value, y.value)[0])
            continue
        if not loose(text, index, box) or not origin(text, index, x, y):
            continue
        if held.quarters:
            left, upper, right, lower = held.box(box.left, box.bottom, box.right, box.top)
            start, here = held.place(x.value, y.value)
        else:  # nearly all are, and there are many
            left, upper, right, lower = box.left, held.height - box.top, box.right, held.height - box.bottom
            start, here = x.value, held.height - y.value
        high = lower - upper
        if run and (abs(here - base) > UNEVEN * size or abs(high - tall) > TALLER * size):
            yield from _lines(text, first, run, blanks, top, bottom, size, number, grids)
            run, blanks = [], []
        # What a bullet or a quotation mark looks like says nothing of the letters beside it.
        if not run or (marks and character.isalnum()):
            first, base, tall, marks = index, here, high, not character.isalnum()
            size = _size(text, index, high)
            top = base - min(max(base - upper, LEAST_ABOVE * size), MOST_ABOVE * size)
            bottom = base + min(max(lower - base, LEAST_BELOW * size), MOST_BELOW * size)
        run.append(Glyph(character, left, right, start, blank))
        blank = NONE
    if run:
        yield from _lines(text, first, run, blanks, top, bottom, size, number, grids)


def _lines(
    text: Any, first: int, run: list[Glyph], blanks: list[float], top: float, bottom: float, size: float, number: int, grids: Sequence[Grid]
) -> Iterator[Line]:  # fmt: skip
    """The pieces of what stands on one base line."""
    bold = _is_bold(text, first)
    cuts = [x for grid in grids for x in grid.cuts((top + bottom) / 2)] if grids else []
    for words, left, right in chain.from_iterable(_words(part, blanks, size) for part in _parted(run, cuts)):
        if not words.isascii():  # letters beyond the basic plane come in halves
            words = words.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if CONTROLS.sub("", words).strip():
            yield Line(words, left, top, right, bottom, size, number, bold)


def _parted(run: list[Glyph], cuts: Sequence[float]) -> list[list[Glyph]]:
    """The characters between the lines of a table."""
    if not cuts:
        return [run]
    cells: dict[int, list[Glyph]] = {}
    places = sorted(cuts)
    for glyph in run:
        cells.setdefault(bisect_right(places, (glyph.left + glyph.right) / 2), []).append(glyph)
    return [*cells.values()]


def _words(run: list[Glyph], blanks: list[float], size: float) -> Iterator[tuple[str, float, float]]:
    if is_right_to_left("".join(each.text for each in run)):
        return from_the_right(run, blanks, size)
    return _from_the_left(_in_gaps(run, blanks, size), size)


def _from_the_left(run: list[Glyph], size: float) -> Iterator[tuple[str, float, float]]:
    words: list[str] = []
    left = right = 0.0
    before = run[0]
    for glyph in run:
        if words:
            apart = max(glyph.left - before.right, before.left - glyph.right)
            if apart > (STRETCHED if glyph.blank == TYPED else GUTTER) * size:
                yield "".join(words), left, right
                words = []
            elif glyph.blank and (apart > 0.1 * size or glyph.text < "\u2e80"):
                words.append(" ")
        if not words:
            left, right = glyph.left, glyph.right
        words.append(glyph.text)
        left, right = min(left, glyph.left), max(right, glyph.right)
        before = glyph
    yield "".join(words), left, right


def _in_gaps(run: list[Glyph], blanks: list[float], size: float) -> list[Glyph]:
    """The characters of a line in which letters of another font were drawn later, into gaps that were left for them: by place."""
    if all(after.left >= before.left for before, after in pairwise(run)):
        return run
    placed = sorted(run, key=lambda each: each.left)
    for before, after in pairwise(placed):
        # Where letters stand on each other, they were drawn twice, or their places say nothing.
        if before.right - after.left > 0.5 * min(before.right - before.left, after.right - after.left):
            return run
    blanks = sorted(blanks)
    found = [placed[0]]
    at = 0
    for before, after in pairwise(placed):
        while at < len(blanks) and blanks[at] < before.left:
            at += 1
        blank = TYPED if at < len(blanks) and blanks[at] < after.left else GUESSED if after.left - before.right > 0.15 * size else NONE
        found.append(Glyph(after.text, after.left, after.right, after.origin, blank))
    return found


def _size(text: Any, index: int, height: float) -> float:
    """The size of the letters as they are shown: the font's size says nothing where the page is scaled."""
    matrix = pdfium.FS_MATRIX()
    size: float = pdfium.FPDFText_GetFontSize(text, index)
    if pdfium.FPDFText_GetMatrix(text, index, matrix):
        size *= (matrix.c**2 + matrix.d**2) ** 0.5 or 1.0
    most = MOST_INK if _is_ink(text, index, height) else 2.5
    return round(size, 1) if 0.4 * height < size < most * height else round(height / 1.2, 1) or 1.0


def _is_ink(text: Any, index: int, height: float) -> bool:
    """Whether a character's box is no more than its ink, as where letters are drawn by the page's own programs (Type 3 fonts)."""
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    return bool(pdfium.FPDFText_GetCharBox(text, index, left, right, bottom, top)) and abs(top.value - bottom.value - height) < 0.01


def _is_bold(text: Any, index: int) -> bool:
    if pdfium.FPDFText_GetFontWeight(text, index) >= BOLD:
        return True
    flags = ctypes.c_int()
    name = ctypes.create_string_buffer(128)
    pdfium.FPDFText_GetFontInfo(text, index, name, 128, flags)
    return bool(flags.value & FORCE_BOLD) or b"bold" in name.value.lower() or b"heavy" in name.value.lower()
