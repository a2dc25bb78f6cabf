"""The source beside the chat: a stretch of a document around a quote, with what leads to its neighbours.

Only a stretch is shown, so that a document of any size opens at once; it grows where the reader goes on reading.
Everything that comes from a document is escaped.
"""

import re
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise

from corpus import Document, originals, page_at, title_at
from ui.page_image import page_details
from ui.wording import said

# Characters shown on either side of a quote at first, and with every step further.
STRETCH = 12_000
# Characters shown on either side of a quote in the file as it is.
AROUND = 300
LONGEST_FIND = 200

WORDS = {
    "hint": ("点“打开原文”，在这里看出处。", "Open a source to read it here."),
    "earlier": ("↑ 前文", "↑ Earlier"),
    "later": ("↓ 后文", "↓ Further on"),
    "previous": ("‹ 上一处", "‹ Previous"),
    "next": ("下一处 ›", "Next ›"),
    "number": ("第 {number} 处，共 {count} 处", "Quote {number} of {count}"),
    "place": ("第 {start:,}–{end:,} 字", "characters {start:,}–{end:,}"),
    "page": ("第 {page} 页", "page {page}"),
    "find": ("在文中查找", "Find in this document"),
    "found": ("第 {at} 处，共 {count} 处", "{at} of {count}"),
    "none": ("没有找到", "not found"),
    "right": ("选中正确的原文后点这里：这才是答案", "Select the words that answer, then press: the answer is here"),
    "as it was": ("文件里的原样", "As it stands in the file"),
    "gone": ("{name} 已不在文档库里，请重新提问", "{name} is no longer in the library; ask again"),
}


@dataclass(frozen=True)
class View:
    """What is shown of a document: `text[first:last]`, the quote `start:end`, and what is looked for.

    `number` and `count`: which of the answer's quotes it is; 0 where the document was opened by itself. `found`: where what
    is looked for stands.
    """

    name: str
    start: int
    end: int
    first: int
    last: int
    number: int = 1
    count: int = 1
    find: str = ""
    found: tuple[int, int] | None = None


def view_of(document: Document, start: int, end: int, number: int = 1, count: int = 1) -> View:
    """The stretch around a quote; a place outside the text is moved into it."""
    end = max(0, min(end, len(document.text)))
    start = max(0, min(start, end))
    return View(document.name, start, end, max(0, start - STRETCH), min(len(document.text), end + STRETCH), number, count)


def widened(document: Document, view: View, before: bool) -> View:
    """A step further back or on."""
    if before:
        return replace(view, first=max(0, view.first - STRETCH))
    return replace(view, last=min(len(document.text), view.last + STRETCH))


def looked_for(document: Document, view: View, words: str) -> View:
    """The next place, from the last one on and around again, where the words stand, in any case."""
    words = words.strip()[:LONGEST_FIND]
    if not words:
        return replace(view, find="", found=None)
    form = re.compile(re.escape(words), re.IGNORECASE)
    begin = view.found[1] if view.found and view.find == words else view.first
    match = form.search(document.text, begin) or form.search(document.text)
    if match is None:
        return replace(view, find=words, found=None)
    first, last = max(0, match.start() - STRETCH), min(len(document.text), match.end() + STRETCH)
    if view.first <= match.start() and match.end() <= view.last:
        first, last = view.first, view.last
    return replace(view, find=words, found=match.span(), first=first, last=last)


def source_html(document: Document, view: View, language: str) -> str:
    """The stretch, the quote highlighted in it, articles parted, and the place as the file has it."""
    page = page_at(document, view.start)
    where = [escape(document.name)]
    if view.count:
        where.append(said(WORDS, "place", language, start=view.start + 1, end=view.end))
    if page:
        where.insert(1, said(WORDS, "page", language, page=page))
    right = f'<p class="yinju-hint"><button class="yinju-do" data-do="right">{said(WORDS, "right", language)}</button></p>'
    return (
        f'<div class="yinju-source-head"><h2 dir="auto">{escape(title_at(document, view.start))}</h2>'
        f'<p class="yinju-place">{" · ".join(where)}</p>{_steps(view, language)}{_finder(document, view, language)}</div>'
        f'<div class="yinju-source" tabindex="0">{_more("earlier", view.first > 0, language)}{_blocks(document, view)}'
        f'{_more("later", view.last < len(document.text), language)}</div>'
        f"{page_details(document, view.start, view.end, language)}{_as_it_was(document, view, language)}{right if view.count else ''}"
    )


def _steps(view: View, language: str) -> str:
    if view.count < 2:
        return ""
    number = said(WORDS, "number", language, number=view.number, count=view.count)
    return (
        f'<p class="yinju-steps"><button class="yinju-do" data-do="previous">{said(WORDS, "previous", language)}</button> {number} '
        f'<button class="yinju-do" data-do="next">{said(WORDS, "next", language)}</button></p>'
    )


def _finder(document: Document, view: View, language: str) -> str:
    label = said(WORDS, "find", language)
    told = ""
    if view.find and view.found is None:
        told = said(WORDS, "none", language)
    elif view.found is not None:
        places = [match.start() for match in re.finditer(re.escape(view.find), document.text, re.IGNORECASE)]
        told = said(WORDS, "found", language, at=places.index(view.found[0]) + 1 if view.found[0] in places else 1, count=len(places))
    return (
        f'<form class="yinju-find" role="search"><input type="search" maxlength="{LONGEST_FIND}" value="{escape(view.find, quote=True)}" '
        f'aria-label="{label}" placeholder="{label}"> <span aria-live="polite">{told}</span></form>'
    )


def _more(kind: str, there: bool, language: str) -> str:
    return f'<p><button class="yinju-do" data-do="{kind}">{said(WORDS, kind, language)}</button></p>' if there else ""


def _blocks(document: Document, view: View) -> str:
    parts = []
    article: int | None = None
    for block in document.blocks:
        start, end = max(block.start, view.first), min(block.end, view.last)
        if start >= end:
            continue
        if article is not None and block.article != article:
            parts.append("<hr>")
        article = block.article
        tag = f"h{min(block.level + 2, 5)}" if block.kind == "heading" else "p"
        parts.append(f'<{tag} class="yinju-{block.kind}" dir="auto" data-start="{start}">{_inside(document.text, start, end, view)}</{tag}>')
    return "".join(parts)


def _inside(text: str, start: int, end: int, view: View) -> str:
    """`text[start:end]` with the quote and what was found marked; where they overlap, what was found is."""
    cuts = sorted({start, end, *(each for span in ((view.start, view.end), view.found or (0, 0)) for each in span if start < each < end)})
    parts = []
    for a, b in pairwise(cuts):
        words = escape(text[a:b])
        if view.found and view.found[0] <= a and b <= view.found[1]:
            words = f'<mark class="yinju-found">{words}</mark>'
        elif view.start <= a and b <= view.end:
            words = f'<mark class="yinju-here">{words}</mark>'
        parts.append(words)
    return "".join(parts)


def _as_it_was(document: Document, view: View, language: str) -> str:
    """The place in the file as it is, where reading has mended it."""
    if document.source is None:
        return ""
    spans = sorted(originals(document, view.start, view.end)) or [(0, 0)]
    before, after = max(0, spans[0][0] - AROUND), min(len(document.source), spans[-1][1] + AROUND)
    parts = []
    position = before
    for first, last in spans:
        parts += [escape(document.source[position:first]), f"<mark>{escape(document.source[first:last])}</mark>"]
        position = last
    excerpt = "".join(parts) + escape(document.source[position:after])
    return f'<details><summary>{said(WORDS, "as it was", language)}</summary><pre class="yinju-original" dir="auto">{excerpt}</pre></details>'
