"""Elements of HTML and XHTML to parts: what stands on the page, in order, each with its kind.

Used for web pages, e-books and the HTML of letters. What a reader does not see (scripts, styles,
comments, hidden elements) is left out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree
from lxml.etree import _Element as Element

from corpus.document import BlockKind
from corpus.readers.build import Part
from corpus.readers.merged import Cell, merged, spots
from corpus.readers.table import table_parts
from corpus.readers.whole import whole

UNSEEN = {"script", "style", "noscript", "template", "head", "iframe", "object", "svg", "math", "canvas", "select",
          "textarea", "button", "input", "audio", "video"}  # fmt: skip
INLINE = {"a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i",
          "ins", "kbd", "label", "mark", "q", "rb", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike", "strong",
          "sub", "sup", "time", "tt", "u", "var", "wbr", "img", "nobr"}  # fmt: skip
KINDS: dict[str, BlockKind] = {"li": "list", "dt": "list", "dd": "list", "pre": "code", "figcaption": "caption",
                               "caption": "caption", "address": "byline"}  # fmt: skip
HEADINGS = {f"h{level}": level for level in range(1, 7)}
# Rows or columns that a cell goes over that goes over all (HTML's own limit).
ALL = 65_534
# What a raised link to a note says, and one back.
NOTE = re.compile(r"(?:[\[(（［]?(?:\d{1,4}|[a-z]|[ivxl]{1,5}|[*†‡§¶]{1,3}|[①-⑳]|注\d{0,3})[\])）］]?[,，\s]*){1,6}", re.I)
BACK = re.compile(r"[↩↑^⬆⤴]\ufe0e?")
# A browser takes each of these for one blank; the no-break and the ideographic space it shows as they are.
BLANKS = re.compile(r"[ \t\n\r\f\v]+")


@dataclass(frozen=True)
class Seen:
    """A part as it stands in the page: its words, how many characters of them are links, what it stands in."""

    part: Part
    linked: int
    inside: frozenset[str]

    @property
    def is_links(self) -> bool:
        """Whether more than half of the words are links to elsewhere."""
        return self.linked * 2 > len(self.part.text)


def parts_seen(root: Element) -> Iterator[Seen]:
    """Every part of an element, in the order of the file."""
    around: list[str] = []  # the block elements that are open
    words: list[str] = []
    linked = links = 0
    # Walked, not recursed into: pages nest thousands of elements deep, by fault or by malice.
    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        tag = name_of(element)
        hidden = not tag or _is_hidden(element, tag)
        data = tag == "table" and not hidden and _is_data(element)
        if event == "start" and (hidden or data):
            walk.skip_subtree()
        if not hidden and tag != "br" and tag not in INLINE:
            yield from _flushed(words, around, linked)
            linked = 0
            if event == "start" and data:
                yield from _table(element, around)
            elif event == "start":
                around.append(tag)
            elif not data:
                around.pop()
        if event == "start":
            text = None if hidden or data else "\n" if tag == "br" else element.text
            links += tag == "a" and not hidden
        else:
            # What stands after the root is not part of it.
            text = element.tail if element is not root else None
            links -= tag == "a" and not hidden
        if text:
            words.append(text if "pre" in around or (text == "\n" and tag == "br") else BLANKS.sub(" ", text))
            linked += len(text.strip()) if links else 0
    yield from _flushed(words, around, linked)


def words_of(element: Element) -> str:
    """All words of an element on one line."""
    return " ".join(seen.part.text for seen in parts_seen(element))


def name_of(element: Element) -> str:
    """The element's name without its namespace, in lower case; "" for comments and instructions."""
    return element.tag.rsplit("}", 1)[-1].lower() if isinstance(element.tag, str) else ""


def _flushed(words: list[str], around: list[str], linked: int) -> Iterator[Seen]:
    """The part that the gathered words make, and an empty list for the next."""
    text = "".join(words)
    words.clear()
    tag = next((each for each in reversed(around) if each in KINDS or each in HEADINGS), "")
    if "pre" not in around:
        text = "\n".join(re.sub(" +", " ", line).strip(" ") for line in text.split("\n"))
    if text.strip():
        kind: BlockKind = "heading" if tag in HEADINGS else KINDS.get(tag, "paragraph")
        yield Seen(Part(kind, text, HEADINGS.get(tag, 0)), linked, frozenset(around))


def _is_data(table: Element) -> bool:
    """Whether a table holds rows of values; one that holds tables, one row or one column lays out the page."""
    rows = [[each for each in row if name_of(each) in ("td", "th")] for row in table.iter() if name_of(row) == "tr"]
    nested = any(name_of(each) == "table" for each in table.iterdescendants())
    return not nested and len(rows) > 1 and max(len(row) for row in rows) > 1


def _table(table: Element, around: list[str]) -> Iterator[Seen]:
    inside = frozenset([*around, "table"])
    for caption in table.iter():
        if name_of(caption) == "caption":
            yield from (Seen(each.part, each.linked, inside) for each in parts_seen(caption))
    cells = [[each for each in row if name_of(each) in ("td", "th")] for row in table.iter() if name_of(row) == "tr"]
    linked = sum(len("".join(each.itertext()).strip()) for each in table.iter() if name_of(each) == "a")
    heads = bool(cells[0]) and all(name_of(each) == "th" for each in cells[0])
    rows = ([Cell(words_of(cell), _span(cell, "colspan"), _span(cell, "rowspan")) for cell in row] for row in cells)
    for number, part in enumerate(table_parts(merged(spots(rows)), named=True if heads else None)):
        yield Seen(part, 0 if number else linked, inside)


def _span(cell: Element, over: str) -> int:
    """Over how many columns or rows a cell goes; 0 is all that follow."""
    return whole((cell.get(over) or "").strip(), 1) or ALL


def _is_hidden(element: Element, tag: str) -> bool:
    style = (element.get("style") or "").replace(" ", "").lower()
    return tag in UNSEEN or element.get("hidden") is not None or "display:none" in style or (tag in ("a", "sup") and _is_note(element, tag))


def _is_note(element: Element, tag: str) -> bool:
    """Whether it leads to a note, or from one back to its place: a raised number is no digit of what stands before it."""
    link = element if tag == "a" else next((each for each in element if name_of(each) == "a"), None)
    path, mark, _ = (link.get("href") or "").partition("#") if link is not None else ("", "", "")
    if not mark or ":" in path:
        return False
    text = "".join(element.itertext()).strip()
    raised = tag == "sup" or (len(element) == 1 and name_of(element[0]) == "sup" and not (element.text or "").strip())
    return BACK.fullmatch(text) is not None or (raised and NOTE.fullmatch(text) is not None)
