"""PDF: the words in reading order, with pages, paragraphs and headings; scanned pages by OCR.

PDFium says which character stands where; lines, columns and paragraphs are made of that here. One
page is open at a time.
"""

import re
import threading
from typing import TYPE_CHECKING, Any

from corpus.document import Document
from corpus.errors import UnreadableFile
from corpus.readers.columns import Column, reading_order
from corpus.readers.dates import iso_date
from corpus.readers.foreign import MissingPackage, opening
from corpus.readers.furniture import without_furniture
from corpus.readers.lines import Line
from corpus.readers.ocr import LONGEST_SIDE, image_lines, shown_confidence
from corpus.readers.paragraphs import parts_of
from corpus.readers.printed import Printed, Sheet
from corpus.readers.ruled import Grid, continued, placed, standing_for, table_of

if TYPE_CHECKING:
    from corpus.readers.upright import Upright

KIND = "PDF"
# PDFium may be used by one thread at a time.
PDFIUM = threading.Lock()
# Fewer characters than this on a page with a picture are a stamp or a page number on a scan.
FEW = 20
DOTS_PER_INCH = 200
# A page's side in dots and a length in points, to learn how PDFium turns and cuts it.
DOTS, UNIT = 1_000_000, 1_000.0
# What programs write where nobody gave a value.
UNSAID = {"(unspecified)", "(anonymous)", "untitled", "unknown"}
# A title that a program made of the file's name.
FILE_NAME = re.compile(r"\.\w{2,5}$|^Microsoft \w+ - ")
KEYS = {"author": "Author", "subject": "Subject", "keywords": "Keywords"}


def read(data: bytes, name: str) -> Document:
    """A PDF. Raises UnreadableFile where it is damaged, protected or without words."""
    return printed(data, name).document(name)


def printed(data: bytes, name: str) -> Printed:
    """What `read` makes the document of, with where each line stands. Raises UnreadableFile."""
    with PDFIUM, opening(name, KIND):
        import pypdfium2

        opened = _opened(pypdfium2, data, name)
        try:
            given = {
                key: value
                for key, value in opened.get_metadata_dict(skip_empty=True).items()
                if value.strip().lower() not in UNSAID
            }
            language = _language(opened)
            pages: list[list[Line]] = []
            ruled: list[list[Grid]] = []
            heights: list[float] = []
            sheets: dict[int, Sheet] = {}
            scanned: dict[int, float] = {}
            unread: dict[int, MissingPackage] = {}
            for number in range(1, len(opened) + 1):
                page = opened.get_page(number - 1)
                try:
                    pieces, grids, held, confidence = _page(page, number, name)
                    sheets[number] = _sheet(page, held) if held else Sheet.plain(*page.get_size())
                    height = held.tall if held else page.get_height()
                except MissingPackage as reason:
                    pieces, grids, confidence, height = [], [], None, page.get_height()
                    unread[number] = reason
                finally:
                    page.close()
                heights.append(height)
                pages.append(pieces)
                ruled.append(grids)
                if confidence is not None:
                    scanned[number] = confidence
        finally:
            opened.close()
    if unread and not any(pages):
        raise next(iter(unread.values()))
    metadata = {key: given.get(each, "") for key, each in KEYS.items()} | {
        "date": iso_date(given.get("CreationDate")),
        "language": language,
        "pages_not_read": ", ".join(map(str, unread)),
    }
    metadata |= shown_confidence(scanned)
    ordered = (_ordered(page, grids) for page, grids in zip(without_furniture(pages, heights), ruled, strict=True))
    columns = continued(column for page in ordered for column in page)
    title = given.get("Title", "")
    return Printed(parts_of(columns), sheets, metadata, "" if FILE_NAME.search(title) else title)


def _opened(pypdfium2: Any, data: bytes, name: str) -> Any:
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as reason:
        if "password" in str(reason).lower():
            raise UnreadableFile(
                f"{name} is protected by a password; save a copy without one, and index that"
            ) from None
        raise


def _language(opened: Any) -> str:
    """The language that the PDF says it is in (ISO 32000-1, 14.9.2), or ""."""
    import ctypes

    import pypdfium2.raw as pdfium

    size = pdfium.FPDFCatalog_GetLanguage(opened.raw, None, 0)  # characters, with a NUL at the end
    buffer = (ctypes.c_ushort * (size + 1))()
    pdfium.FPDFCatalog_GetLanguage(opened.raw, buffer, size)
    return "".join(chr(each) for each in buffer if each)


def _ordered(pieces: list[Line], grids: list[Grid]) -> list[Column]:
    """The columns of a page in the order they are read, and its tables between them."""
    tables: list[Column] = []
    for grid in grids:
        table, others = table_of(grid, pieces)
        if table is not None:
            pieces = [*others, standing_for(table, grid)]
            tables.append(table)
    return placed(reading_order(pieces), tables)


def _page(page: Any, number: int, name: str) -> tuple[list[Line], list[Grid], "Upright | None", float | None]:
    """The pieces of lines of a page, the grids of its tables, how it is held to be read (None: as it is shown), and how sure the OCR is of
    the words where it was needed."""
    from corpus.readers.glyphs import page_pieces

    found = page_pieces(page, number)
    characters = sum(len(each.text) for each in found.lines) if found.told else 0
    if characters >= FEW or not _has_picture(page, also_drawn=not characters):
        return found.lines, found.grids, found.upright, None
    longest = max(page.get_size())
    scale = min(DOTS_PER_INCH / 72, LONGEST_SIDE / longest) if longest else 1.0
    image = page.render(scale=scale, rev_byteorder=False).to_numpy()
    lines, confidence = image_lines(image, number, name)
    if sum(len(each.text) for each in lines) <= characters:
        return found.lines, found.grids, found.upright, None
    # Back to the page's own units, so that pages of text and of pictures have the same.
    return [each.scaled(1 / scale) for each in lines], [], None, confidence


def _sheet(page: Any, held: "Upright") -> Sheet:
    """How the lines' places lead to the page as it is drawn: turned, and cut to what is shown of it."""
    import ctypes

    import pypdfium2.raw as pdfium

    x, y = ctypes.c_int(), ctypes.c_int()
    seen = []
    # A page of a million dots, for PDFium gives places on it in whole ones; and far points, as a matrix is made of differences.
    for left, top in ((0, 0), (UNIT, 0), (0, UNIT)):
        pdfium.FPDF_PageToDevice(page.raw, 0, 0, DOTS, DOTS, 0, *held.back(left, top), x, y)
        seen.append((x.value / DOTS, y.value / DOTS))
    (e, f), (ax, ay), (cx, cy) = seen
    return Sheet((ax - e) / UNIT, (ay - f) / UNIT, (cx - e) / UNIT, (cy - f) / UNIT, e, f)


def _has_picture(page: Any, also_drawn: bool) -> bool:
    """Whether there is a picture on the page, or shapes that may be letters."""
    import pypdfium2.raw as pdfium

    kinds = [pdfium.FPDF_PAGEOBJ_IMAGE]
    if also_drawn:
        kinds += [pdfium.FPDF_PAGEOBJ_PATH, pdfium.FPDF_PAGEOBJ_SHADING, pdfium.FPDF_PAGEOBJ_TEXT]
    return any(True for _ in page.get_objects(filter=kinds, max_depth=3))
