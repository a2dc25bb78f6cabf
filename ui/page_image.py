"""The page as it was printed: its image, with the words of a quote marked where they stand on it.

The image is of the reader's own file, so it is made only where that is still the file that was indexed.
"""

import base64
import io
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from corpus import Document, UnreadableFile, YinjuError, file_bytes, page_at
from corpus.file_table import file_hash
from corpus.store import Store
from rag import Assistant
from ui.access.caller import caller_of
from ui.access.share import Share
from ui.render import problem_html
from ui.wording import LANGUAGES, Words, said

if TYPE_CHECKING:
    from corpus.readers.placed import PlacedLine, Placements

# Said to a program that asks for one by other values than the page sends.
NO_PLACE = "this is no place in a document; give its name, and where it begins and ends"

WORDS: Words = {
    "on the page": ("看原页", "On the page"),
    "loading": ("正在打开原页……", "Opening the page …"),
    "failed": ("没有打开原页；请收起再展开一次", "The page was not opened; close this and open it again"),
    "page": ("第 {page} 页", "page {page}"),
    "image": ("{name} 第 {page} 页的图像，引文已标出", "Image of {name}, page {page}, with the quote marked"),
    "plain": ("{name} 第 {page} 页的图像", "Image of {name}, page {page}"),
    "gone": ("看不到原页：{name} 的原文件不在原处、已改动，或在压缩包里；把它放回原处，或重新索引",
             "The page cannot be shown: the file of {name} is not where it was, has changed, or is inside an archive; "
             "put it back, or index it again"),
    "other": ("看不到原页：{name} 现在读出的文字与索引时不同；请移除它，再重新索引",
              "The page cannot be shown: {name} reads differently now than when it was indexed; remove it, and index it again"),
    "removed": ("{name} 已不在文档库里，请重新提问", "{name} is no longer in the library; ask again"),
    "long": ("文件很长，引文没有在页上标出", "The file is long; the quote is not marked on the page"),
}  # fmt: skip
KINDS = (".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")
# Dots across; a page of a newspaper is drawn larger than a letter, at 1.5 dots a point, for its words are as small.
WIDTH, WIDEST, HIGHEST = 900, 1600, 4000
DOTS_A_POINT = 1.5
QUALITY = 80
# Pages of one quote that are shown.
MOST_PAGES = 4
# Pages that are read again to mark a quote, at up to a sixth of a second each; one read by OCR takes about as long as so many.
MOST_READ, OCR_PAGE = 300, 20


@dataclass(frozen=True)
class Spot:
    """A marked stretch of a page: its sides as shares of the page's width and height."""

    left: float
    top: float
    right: float
    bottom: float


def has_pages(name: str) -> bool:
    """Whether a document of that name is a PDF or a picture."""
    return name.lower().endswith(KINDS)


def page_details(document: Document, start: int, end: int, language: str) -> str:
    """What opens the pages of a place: they are asked for only then (ui/scripts.py), for a page is slower made than an answer."""
    if not has_pages(document.name):
        return ""
    place = escape(json.dumps([document.name, start, end, language]), quote=True)
    return (
        f'<details class="yinju-pages" data-place="{place}"><summary>{said(WORDS, "on the page", language)}</summary>'
        f'<div aria-live="polite" data-failed="{said(WORDS, "failed", language)}">{_told("loading", language)}</div></details>'
    )


def paging(assistant: Assistant) -> Any:
    """What the page's script calls for the pages of a place."""

    @cache
    def placements() -> "Placements":
        # What reads files takes a second to import, which who only asks need not wait for.
        from corpus.readers.placed import Placements

        return Placements()

    share = Share()

    # Its name is the script's, and becomes an attribute of the component.
    async def printed_pages(asked: list[Any], request: gr.Request) -> str:
        """The pages of a place, marked. Asked with the document's name, the place and the language."""
        try:
            name, start, end, code = asked
            at, code = (int(start), int(end)), str(code) if str(code) in LANGUAGES else "en"
        except (TypeError, ValueError, OverflowError):
            raise YinjuError(NO_PLACE) from None

        def work() -> str:
            document = assistant.library.document(str(name))
            if document is None:
                return problem_html(said(WORDS, "removed", code, name=name))
            return pages_html(assistant.library, placements(), document, *at, code)

        try:
            return await share.run(caller_of(request).key, work)
        except YinjuError as error:
            return problem_html(str(error))

    return printed_pages


def pages_html(library: Store, placements: "Placements", document: Document, start: int, end: int, language: str) -> str:
    """The pages that the quote stands on, one below the other, marked; or one sentence that says why not.

    Raises UnreadableFile where the file cannot be read any more.
    """
    data = original(library, document.name)
    if data is None:
        return _told("gone", language, name=document.name)
    first = page_at(document, start) or 1
    marked: dict[int, list[Spot]] = {first: []}
    note = ""
    if end > start and _effort(document) <= MOST_READ:
        read, lines = placements.of(data, document.name)
        if read.text != document.text:
            return _told("other", language, name=document.name)
        marked = spots(read.text, lines, start, end) or marked
    elif end > start:
        note = _told("long", language)
    numbers = list(marked)[:MOST_PAGES]
    images = page_images(data, document.name, numbers)
    return note + "".join(
        _figure(document.name, number, image, marked[number], language) for number, image in zip(numbers, images, strict=True)
    )


def original(library: Store, name: str) -> bytes | None:
    """The bytes of the file that a document was read from; None where it is not there, or no longer the same."""
    for path in library.files.called(name):
        known = library.files.get(path)
        file = Path(os.fsdecode(path))
        if known is None or not has_pages(file.name):
            continue
        try:
            data = file_bytes(file, name)
        except UnreadableFile:
            continue
        if file_hash(data) == known.hash:
            return data
    return None


def spots(text: str, lines: "Sequence[PlacedLine]", start: int, end: int) -> dict[int, list[Spot]]:
    """Where `text[start:end]` stands, by page, in the order of the text; the first and last lines are cut to their words."""
    found: dict[int, list[Spot]] = {}
    for line in lines:
        first, last = max(start, line.start), min(end, line.end)
        if first < last:
            found.setdefault(line.page, []).append(_cut(text, line, first, last))
    return found


def page_images(data: bytes, name: str, numbers: Sequence[int]) -> list[Any]:
    """The images (of Pillow) of these pages of a PDF or picture."""
    return list(_pdf_images(data, numbers) if name.lower().endswith(".pdf") else _frames(data, name, numbers))


def _pdf_images(data: bytes, numbers: Sequence[int]) -> Iterator[Any]:
    import pypdfium2

    from corpus.readers.pdf import PDFIUM

    with PDFIUM:
        opened = pypdfium2.PdfDocument(data)
        try:
            for number in numbers:
                page = opened.get_page(number - 1)
                width, height = (side or 1.0 for side in page.get_size())
                across = min(max(WIDTH, width * DOTS_A_POINT), WIDEST)
                yield page.render(scale=min(across / width, HIGHEST / height)).to_pil().convert("RGB")
                page.close()
        finally:
            opened.close()


def _frames(data: bytes, name: str, numbers: Sequence[int]) -> Iterator[Any]:
    from PIL import Image

    from corpus.readers.image import frame_dots

    with Image.open(io.BytesIO(data)) as opened:
        for number in numbers:
            opened.seek(number - 1)
            frame = Image.fromarray(frame_dots(opened, name)[:, :, ::-1])
            frame.thumbnail((min(max(WIDTH, frame.width // 2), WIDEST), HIGHEST))
            yield frame


def _figure(name: str, page: int, image: Any, marks: Sequence[Spot], language: str) -> str:
    written = io.BytesIO()
    image.save(written, "WEBP", quality=QUALITY)
    source = base64.b64encode(written.getvalue()).decode()
    alt = escape(said(WORDS, "image" if marks else "plain", language, name=name, page=page), quote=True)
    return (
        f'<figure class="yinju-sheet"><div><img src="data:image/webp;base64,{source}" width="{image.width}" height="{image.height}" alt="{alt}">'
        f"{''.join(map(_mark, marks))}</div><figcaption>{said(WORDS, 'page', language, page=page)}</figcaption></figure>"
    )


def _mark(spot: Spot) -> str:
    return (
        f'<div class="yinju-spot" style="left:{spot.left:.3%};top:{spot.top:.3%};'
        f'width:{spot.right - spot.left:.3%};height:{spot.bottom - spot.top:.3%}"></div>'
    )


def _cut(text: str, line: "PlacedLine", first: int, last: int) -> Spot:
    """The part of a line's box that its characters `first:last` take up, a wide one as much as two others."""
    from corpus.readers.lines import is_right_to_left, is_wide

    if line.whole:
        return Spot(line.left, line.top, line.right, line.bottom)
    before, inside, after = (
        sum(1 + is_wide(each) for each in text[a:b]) for a, b in ((line.start, first), (first, last), (last, line.end))
    )
    if is_right_to_left(text[line.start : line.end]):
        before, after = after, before
    step = (line.right - line.left) / (before + inside + after)
    return Spot(line.left + before * step, line.top, line.right - after * step, line.bottom)


def _effort(document: Document) -> int:
    """How long the file takes to be read again, in pages of a PDF that has words."""
    pages = document.pages[-1][1] if document.pages else 1
    by_ocr = sum(": " in each for each in document.metadata.get("ocr_pages", "").split(", "))
    return pages + OCR_PAGE * by_ocr


def _told(key: str, language: str, **values: object) -> str:
    return f'<p class="yinju-hint">{escape(said(WORDS, key, language, **values))}</p>'
