"""Web pages: the main text only, without menus, advertisements and what is related.

Which words are the main text is told by trafilatura; where they stand, and as what, is read from
the page itself, so that nothing in them is changed.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from corpus.document import Document
from corpus.errors import UnreadableFile
from corpus.one_line import CONTROLS, LINE_ENDS, one_line
from corpus.readers.build import Part, build
from corpus.readers.characters import declared_text, text_of
from corpus.readers.dates import iso_date
from corpus.readers.foreign import opening

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from corpus.readers.markup import Seen

DECLARED = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w-]+)|<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w-]+)", re.I
)
XML_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
# Characters compared to find parts in the main text: a newspaper's longest page takes a fiftieth of it.
MOST_COMPARED = 500_000_000
BOILERPLATE = {"nav", "footer", "aside", "menu", "dialog"}
# Name of a <meta> to the key that its content is kept under; the first that is there counts.
META = {
    "author": ("author", "article:author", "dc.creator", "byl"),
    "date": ("article:published_time", "date", "dc.date", "pubdate", "publishdate", "dc.date.issued", "dcterms.date"),
    "section": ("article:section", "section", "channel"),
    "site": ("og:site_name", "application-name"),
    "description": ("description", "og:description"),
    "keywords": ("keywords", "news_keywords"),
}


def read(data: bytes, name: str) -> Document:
    """The main text of a web page as a document. Raises UnreadableFile where there is none."""
    text = page_text(data, name)
    parts, title, metadata = page_parts(text, name)
    return build(name, parts, title, metadata)


def page_text(data: bytes, name: str) -> str:
    """The bytes of a page as text, in the encoding it declares where that fits. Raises UnreadableFile."""
    match = DECLARED.search(data[:4096])
    declared = (match[1] or match[2]).decode("ascii") if match else ""
    # Pages that say gb2312 are written in its superset.
    declared = {"gb2312": "gb18030", "gbk": "gb18030", "iso-8859-1": "cp1252"}.get(declared.lower(), declared)
    if declared and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        text = declared_text(data, declared)
        if text is not None:
            return text
    return text_of(data, name, "HTML")


def page_parts(text: str, name: str) -> tuple[list[Part], str, dict[str, str]]:
    """The parts of a page's main text, its title and its metadata. Raises UnreadableFile."""
    with opening(name, "web page"):
        root = page_root(text, name)
        from corpus.readers.markup import parts_seen

        body = root.find("body")
        parts = _main(list(parts_seen(root if body is None else body)), text)
        return parts, _title(root, parts), _metadata(root)


def page_root(text: str, name: str) -> "Element":
    """The tree of a page, however badly it is written. Raises UnreadableFile where it is empty."""
    from lxml import html

    text = XML_DECLARATION.sub("", clean_markup(text))
    if not text.strip():
        raise UnreadableFile(f"{name} is empty; add text to it, or leave it out")
    root: Element = html.document_fromstring(text, parser=html.HTMLParser(remove_comments=True))
    return root


def clean_markup(text: str) -> str:
    """Text without the control characters and lone surrogates that no parser takes."""
    return CONTROLS.sub("", LINE_ENDS.sub("\n", text))


def _main(seen: "Sequence[Seen]", text: str) -> list[Part]:
    """The parts that are the page's main text."""
    outside = [each for each in seen if each.inside.isdisjoint(BOILERPLATE)]
    if len(outside) == len(seen) and not any(each.is_links for each in seen):
        return [each.part for each in seen]  # a plain page: nothing in it is about other pages
    import trafilatura

    found = trafilatura.extract(text, favor_recall=True, include_comments=False, output_format="txt")
    main = _bare(found or "")
    bare = [_bare(each.part.text) for each in outside]
    # Looking for each part in all of it takes the product of both; in a page made to be long, only whole lines count.
    lines = {_bare(line) for line in (found or "").splitlines()}
    within: str | set[str] = main if len(main) * len(bare) < MOST_COMPARED else lines
    chosen = {number for number, words in enumerate(bare) if words in within}
    if sum(len(bare[number]) for number in chosen) * 2 < len(main) or not chosen:
        chosen = {number for number, each in enumerate(outside) if not each.is_links}
    if not chosen:
        return [each.part for each in outside]
    first, last = _headline(outside, min(chosen)), max(chosen)
    # What stands between two pieces of the main text is of it: captions, short lines, tables.
    return [
        each.part
        for number, each in enumerate(outside)
        if first <= number <= last and (number in chosen or not each.is_links)
    ]


def _headline(outside: "Sequence[Seen]", first: int) -> int:
    """Where the headline stands that belongs to the main text beginning at `first`."""
    for number in range(first, max(first - 6, -1), -1):
        if outside[number].part.level == 1:
            return number
    return first


def _bare(text: str) -> str:
    return "".join(text.split())


def _title(root: "Element", parts: Sequence[Part]) -> str:
    headline = next((each.text for each in parts if each.level == 1), "")
    return _meta(root).get("og:title") or headline or one_line(root.findtext(".//title") or "")


def _metadata(root: "Element") -> dict[str, str]:
    given = _meta(root)
    found = {key: next((given[each] for each in names if given.get(each)), "") for key, names in META.items()}
    found["date"] = iso_date(found["date"]) or iso_date(root.xpath("string(//article//time/@datetime)"))
    found["language"] = root.get("lang") or root.get("xml:lang") or ""
    return found


def _meta(root: "Element") -> dict[str, str]:
    pairs = ((each.get("name") or each.get("property") or "", each.get("content") or "") for each in root.iter("meta"))
    return {key.lower(): content for key, content in pairs if key and content.strip()}
