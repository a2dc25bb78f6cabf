"""Word documents (.docx): paragraphs, headings, lists, tables, footnotes; properties as metadata.

python-docx opens the package and knows its styles; the text is gathered from the XML itself, because
the library passes over text in content controls, text boxes and tracked insertions.
"""

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from corpus.document import Document
from corpus.readers.build import Part, build
from corpus.readers.dates import iso_date
from corpus.readers.foreign import opening
from corpus.readers.merged import MOST_ACROSS, Spot, merged
from corpus.readers.numbering import Numbering, numbering_of
from corpus.readers.table import table_parts
from corpus.readers.whole import whole
from corpus.readers.zipped import open_zip, require_honest

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

KIND = "Word document (.docx)"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
TEXT_BOX = W + "txbxContent"
LEFT_OUT = {W + "del", W + "moveFrom", FALLBACK, TEXT_BOX, W + "instrText", W + "delText", W + "pPr", W + "rPr"}
MARKS = {W + "tab": "\t", W + "br": "\n", W + "cr": "\n", W + "noBreakHyphen": "\u2011"}
CONTENTS = re.compile(r"(?:toc|目录|目錄|contents|table of figures|图表目录)\s*\d?", re.I)
HEADING_STYLES = {"title": 1, "标题": 1, "subtitle": 2, "副标题": 2}


def read(data: bytes, name: str) -> Document:
    """A Word document. Raises UnreadableFile where it is damaged, protected or without text."""
    require_honest(open_zip(data, name, KIND), name, KIND)
    with opening(name, KIND):
        import docx
        from docx.document import Document as WordDocument

        opened: WordDocument = docx.Document(io.BytesIO(data))
        look = _Look(_heading_levels(opened), _of_contents(opened), _numbering(opened))
        parts = [*_parts(opened.element.body, look), *_notes(opened)]
        return build(name, parts, opened.core_properties.title or "", _metadata(opened))


@dataclass(frozen=True)
class _Look:
    """What a file says of how its paragraphs look: style id to heading level, the styles of its table of contents, and the lists that number
    them."""

    levels: Mapping[str, int] = field(default_factory=dict)
    contents: frozenset[str] = frozenset()
    numbering: Numbering = field(default_factory=Numbering)


def _of_contents(opened: Any) -> frozenset[str]:
    """The styles of the lines that say on which page what stands."""
    named = ((each.get(W + "styleId") or "", each.find(W + "name")) for each in opened.styles.element.iter(W + "style"))
    return frozenset(identity for identity, name in named if name is not None and CONTENTS.fullmatch(name.get(W + "val") or ""))


def _numbering(opened: Any) -> Numbering:
    root = next(_related(opened, "numbering"), None)
    return Numbering() if root is None else numbering_of(root, opened.styles.element)


def _related(opened: Any, *kinds: str) -> "Iterator[Element]":
    """The parts of the file of these kinds that belong to its text."""
    from lxml import etree

    for relation in opened.part.rels.values():
        if relation.reltype.rsplit("/", 1)[-1] in kinds and not relation.is_external:
            yield etree.fromstring(relation.target_part.blob, etree.XMLParser(resolve_entities=False))


def _heading_levels(opened: Any) -> dict[str, int]:
    """Style id to heading level: by the style's name, or by the outline level it sets or inherits."""
    levels = {}
    for style in opened.styles.element.iter(W + "style"):
        named = style.find(W + "name")
        title = (named.get(W + "val") or "").lower() if named is not None else ""
        outline = style.find(f"{W}pPr/{W}outlineLvl")
        word, _, number = title.rpartition(" ")
        if word in ("heading", "标题") and number.isdigit():
            levels[style.get(W + "styleId")] = min(int(number), 6)
        elif title in HEADING_STYLES:
            levels[style.get(W + "styleId")] = HEADING_STYLES[title]
        elif outline is not None and int(outline.get(W + "val", "9")) < 9:
            levels[style.get(W + "styleId")] = min(int(outline.get(W + "val")) + 1, 6)
    return levels


def _parts(within: "Element", look: _Look) -> Iterator[Part]:
    """The parts of a body, cell or text box, in order."""
    for child in within:
        if child.tag == W + "p":
            yield from _paragraph(child, look)
        elif child.tag == W + "tbl":
            yield from _table(child, look)
        elif child.tag not in LEFT_OUT and child.tag not in (W + "sectPr", W + "sdtPr", W + "tblPr"):
            yield from _parts(child, look)


def _paragraph(paragraph: "Element", look: _Look) -> Iterator[Part]:
    style = paragraph.find(f"{W}pPr/{W}pStyle")
    outline = paragraph.find(f"{W}pPr/{W}outlineLvl")
    level = look.levels.get(style.get(W + "val") or "", 0) if style is not None else 0
    if outline is not None and int(outline.get(W + "val") or 9) < 9:
        level = min(int(outline.get(W + "val") or 0) + 1, 6)
    if style is not None and style.get(W + "val") in look.contents:
        yield Part("furniture", _text(paragraph))
        return
    number, text = look.numbering.label(paragraph), _text(paragraph)
    if number and text.strip():
        text = number + text.lstrip()
    if level:
        yield Part("heading", " ".join(text.split()), level)
    elif number is not None:
        yield Part("list", text)
    else:
        is_caption = style is not None and (style.get(W + "val") or "").lower() == "caption"
        yield Part("caption" if is_caption else "paragraph", text)
    for box in paragraph.iter(TEXT_BOX):
        if not any(each.tag in (FALLBACK, TEXT_BOX) for each in box.iterancestors()):
            yield from _parts(box, look)


def _text(paragraph: "Element") -> str:
    """The words of a paragraph as they are shown, without those of its text boxes."""
    words = []
    stack = [paragraph]
    while stack:
        element = stack.pop()
        if element.tag == W + "t":
            words.append(element.text or "")
        elif element.tag in MARKS:
            words.append(MARKS[element.tag])
        elif element.tag not in LEFT_OUT:
            stack.extend(reversed(element))
    return "".join(words)


def _table(table: "Element", look: _Look) -> Iterator[Part]:
    rows = [
        [each for each in row.iter(W + "tc") if _within(each) is row]
        for row in table.iter(W + "tr")
        if _within(row) is table
    ]
    if max((len(row) for row in rows), default=0) < 2:
        for row in rows:
            for cell in row:
                yield from _parts(cell, look)
        return
    yield from table_parts(merged([spot for cell in row for spot in _spots(cell, look)] for row in rows))


def _spots(cell: "Element", look: _Look) -> Iterator[Spot]:
    """The places that a cell takes in its row."""
    goes_on = cell.find(f"{W}tcPr/{W}vMerge")
    below = goes_on is not None and goes_on.get(W + "val") != "restart"
    yield Spot("" if below else " ".join(part.text for part in _parts(cell, look)), below)
    over = cell.find(f"{W}tcPr/{W}gridSpan")
    across = whole(over.get(W + "val"), 1) if over is not None else 1
    yield from (Spot(below=below, beside=True) for _ in range(1, min(across, MOST_ACROSS)))


def _within(element: "Element") -> "Element | None":
    """The table, row or cell that it is in, whatever stands between: a cell in a cell is not the row's."""
    return next(element.iterancestors(W + "tbl", W + "tr", W + "tc"), None)


def _notes(opened: Any) -> Iterator[Part]:
    """Footnotes and endnotes, after the text."""
    for root in _related(opened, "footnotes", "endnotes"):
        for note in root:
            if note.get(W + "type") not in ("separator", "continuationSeparator"):
                yield from _parts(note, _Look())


def _metadata(opened: Any) -> dict[str, str]:
    properties = opened.core_properties
    return {
        "author": properties.author or "",
        # When it was saved last says nothing of the text; when it was made does.
        "date": iso_date(properties.created),
        "language": properties.language or "",
        "subject": properties.subject or "",
        "keywords": properties.keywords or "",
        "section": properties.category or "",
    }
