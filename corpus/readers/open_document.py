"""OpenDocument (.odt, .ods, .odp), as LibreOffice and others write it: ISO/IEC 26300, OASIS OpenDocument 1.3.

Text has headings, paragraphs, lists, tables, text boxes and footnotes; a sheet a heading and a quotable row each, cells as they are
shown; a presentation a page a slide. Comments, deletions and tables of contents are left out.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from corpus.document import BlockKind, Document
from corpus.errors import UnreadableFile
from corpus.readers.build import Part, build
from corpus.readers.dates import iso_date
from corpus.readers.foreign import opening
from corpus.readers.merged import Cell, merged, spots
from corpus.readers.table import table_parts
from corpus.readers.whole import whole
from corpus.readers.zipped import member, open_zip

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

KIND = "text, sheet or presentation of OpenDocument"
NAMES = "urn:oasis:names:tc:opendocument:xmlns:"
TEXT, TABLE, DRAW, OFFICE, SHOW = (f"{{{NAMES}{each}:1.0}}" for each in ("text", "table", "drawing", "office", "presentation"))
DC, META = "{http://purl.org/dc/elements/1.1/}", f"{{{NAMES}meta:1.0}}"
LEFT_OUT = {TEXT + "tracked-changes", TEXT + "table-of-content", TEXT + "alphabetical-index", TEXT + "illustration-index", TEXT + "table-index", OFFICE + "annotation",
            OFFICE + "forms", DRAW + "object", DRAW + "object-ole", TEXT + "bibliography"}  # fmt: skip
STYLE = f"{{{NAMES}style:1.0}}"
HEADING = re.compile(r"Heading_20_([1-6])")
STYLES: dict[str, tuple[BlockKind, int]] = {"Title": ("heading", 1), "Subtitle": ("heading", 2), **dict.fromkeys(("Caption", "Illustration", "Drawing", "Figure", "TableCaption", "FigureCaption"), ("caption", 0))}
# What stands on every slide.
FURNITURE = {"page-number", "header", "footer", "date-time", "page"}
Kinds = Mapping[str, tuple[BlockKind, int]]
MARKS = {TEXT + "tab": "\t", TEXT + "line-break": "\n"}
# Blanks in a row, columns of a sheet, and how often a row or cell that is said to stand there many times is said.
MOST_BLANKS, MOST_COLUMNS, MOST_AGAIN = 100, 1_000, 20


def read(data: bytes, name: str) -> Document:
    """A text, sheet or presentation. Raises UnreadableFile where it is damaged, protected or without words."""
    opened = open_zip(data, name, KIND)
    if b"encryption-data" in (member(opened, "META-INF/manifest.xml", name, KIND) if "META-INF/manifest.xml" in opened.namelist() else b""):
        raise UnreadableFile(f"{name} is protected by a password; save a copy without one, and index that")
    content = member(opened, "content.xml", name, KIND)
    about = member(opened, "meta.xml", name, KIND) if "meta.xml" in opened.namelist() else b"<x/>"
    with opening(name, KIND):
        from lxml import etree

        parser = etree.XMLParser(resolve_entities=False, huge_tree=True)
        root = etree.fromstring(content, parser)
        body, kinds = root.find(f"{OFFICE}body"), _kinds(root)
        metadata = _metadata(etree.fromstring(about, parser))
        parts = [] if body is None else [part for of in body for part in _of(of, kinds)]
        return build(name, parts, metadata.pop("title", ""), metadata)


def _kinds(root: "Element") -> dict[str, tuple[BlockKind, int]]:
    """What paragraphs are by their styles: those of headings and captions, and those made of them."""
    above = {each.get(STYLE + "name") or "": each.get(STYLE + "parent-style-name") or "" for each in root.iter(STYLE + "style")}
    found: dict[str, tuple[BlockKind, int]] = {}
    for name in {*above, *above.values(), *STYLES}:
        seen: set[str] = set()
        at = name
        while at not in seen:
            seen.add(at)
            heading = HEADING.fullmatch(at)
            if heading is not None:
                found[name] = ("heading", int(heading[1]))
            elif at in STYLES:
                found[name] = STYLES[at]
            at = above.get(at, at)
    return found


def _of(of: "Element", kinds: Kinds) -> Iterator[Part]:
    if of.tag == OFFICE + "spreadsheet":
        for sheet in of.iter(TABLE + "table"):
            rows = list(table_parts(merged(spots(_rows(sheet)))))
            if rows:
                yield Part("heading", sheet.get(TABLE + "name") or "", 1)
                yield from rows
    elif of.tag == OFFICE + "presentation":
        for number, slide in enumerate(of.iter(DRAW + "page"), 1):
            yield from _slide(slide, number, kinds)
    else:
        yield from _parts(of, None, kinds)


def _slide(slide: "Element", page: int, kinds: Kinds) -> Iterator[Part]:
    frames = [each for each in slide if each.tag != SHOW + "notes" and each.get(SHOW + "class") not in FURNITURE]
    # The title is read first, wherever it was drawn.
    for frame in sorted(frames, key=lambda each: each.get(SHOW + "class") != "title"):
        if frame.get(SHOW + "class") == "title":
            yield Part("heading", " ".join(" ".join(_text(each).split()) for each in frame.iter(TEXT + "p")), 1 if page == 1 else 2, page)
        else:
            yield from _parts([frame], page, kinds)
    for notes in slide.iterchildren(SHOW + "notes"):
        yield from _parts([each for each in notes if each.get(SHOW + "class") not in FURNITURE], page, kinds)


def _parts(within: "Iterable[Element]", page: int | None, kinds: Kinds) -> Iterator[Part]:
    """The parts of a body, cell, box or item, in order; footnotes after the paragraph that they are of."""
    # Not recursed into: a file may nest without end.
    waiting: list[tuple[Element, BlockKind]] = [(each, "paragraph") for each in reversed(list(within))]
    while waiting:
        element, kind = waiting.pop()
        if element.tag in (TEXT + "p", TEXT + "h"):
            yield _paragraph(element, kind, page, kinds)
            inside = [each for each in element.iter(TEXT + "note-body", DRAW + "text-box") if _owner(each) is element]
            waiting += [(child, "paragraph") for each in reversed(inside) for child in reversed(each)]
        elif element.tag == TABLE + "table":
            yield from table_parts(merged(spots(_rows(element))), page)
        elif element.tag not in LEFT_OUT and isinstance(element.tag, str):
            kind = "list" if element.tag == TEXT + "list" else kind
            waiting += [(child, kind) for child in reversed(element)]


def _owner(element: "Element") -> "Element | None":
    return next(element.iterancestors(TEXT + "p", TEXT + "h"), None)


def _paragraph(element: "Element", kind: BlockKind, page: int | None, kinds: Kinds) -> Part:
    text = _text(element)
    named = kinds.get(element.get(TEXT + "style-name") or "")
    if element.tag == TEXT + "h":
        return Part("heading", " ".join(text.split()), min(whole(element.get(TEXT + "outline-level"), 1, digits=2), 6), page)
    if named is not None:
        return Part(named[0], " ".join(text.split()) if named[1] else text, named[1], page)
    return Part(kind, text, page=page)


def _text(paragraph: "Element") -> str:
    """The words of a paragraph, without those of its notes, boxes and comments."""
    from lxml import etree

    words: list[str] = []
    # Walked, not recursed into: a file may nest without end.
    walk = etree.iterwalk(paragraph, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        if event != "start":
            words.append((element.tail or "") if element is not paragraph else "")
        elif element.tag in MARKS:
            words.append(MARKS[element.tag])
        elif element.tag == TEXT + "s":
            words.append(" " * _count(element.get(TEXT + "c"), MOST_BLANKS))
        elif element.tag in LEFT_OUT or element.tag in (TEXT + "note", DRAW + "frame"):
            walk.skip_subtree()
        else:
            words.append(element.text or "")
    return "".join(words)


def _rows(table: "Element") -> Iterator[list[Cell]]:
    for row in table.iter(TABLE + "table-row"):
        if next(row.iterancestors(TABLE + "table"), None) is not table:
            continue
        cells: list[Cell] = []
        for cell in row:
            if cell.tag not in (TABLE + "table-cell", TABLE + "covered-table-cell"):
                continue
            text = " ".join(part.text for part in _parts(cell, None, {}))
            again = _count(cell.get(TABLE + "number-columns-repeated"), MOST_AGAIN if text else MOST_COLUMNS)
            if cell.tag == TABLE + "covered-table-cell":
                continue  # it belongs to one beside it or above
            across, down = (_count(cell.get(TABLE + f"number-{each}-spanned"), 65_534) for each in ("columns", "rows"))
            cells += [Cell(text, across, down)] * min(again, MOST_COLUMNS - len(cells))
        words = any(each.text for each in cells)
        for _ in range(_count(row.get(TABLE + "number-rows-repeated"), MOST_AGAIN) if words else 1):
            yield cells


def _count(said: str | None, most: int) -> int:
    return max(1, min(whole(said, 1, digits=8), most))


def _metadata(root: "Element") -> dict[str, str]:
    def said(name: str) -> str:
        found = next(root.iter(name), None)
        return (found.text or "") if found is not None else ""

    return {
        "title": said(DC + "title"),
        "author": said(META + "initial-creator") or said(DC + "creator"),
        "date": iso_date(said(META + "creation-date")),
        "language": said(DC + "language"),
        "subject": said(DC + "subject"),
        "keywords": ", ".join(each.text or "" for each in root.iter(META + "keyword")),
    }
