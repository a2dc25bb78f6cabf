"""E-books (.epub): the chapters in the order of the book's spine.

Read with zipfile and lxml: an EPUB is a zip file of XHTML with one index, and the library for it
(ebooklib) is under a licence that ours cannot take in.
"""

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import unquote
from zipfile import ZipFile

from corpus.document import Document
from corpus.errors import UnreadableFile
from corpus.readers.build import Part, bounded, build
from corpus.readers.dates import iso_date
from corpus.readers.foreign import opening
from corpus.readers.html import page_root, page_text
from corpus.readers.zipped import member, open_zip

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

KIND = "e-book (.epub)"
CONTAINER = "META-INF/container.xml"
OPF = "{http://www.idpf.org/2007/opf}"
DC = "{http://purl.org/dc/elements/1.1/}"


def read(data: bytes, name: str) -> Document:
    """A book. Raises UnreadableFile where it is damaged, sold with copy protection, or without text."""
    opened = open_zip(data, name, KIND)
    with opening(name, KIND):
        if "META-INF/encryption.xml" in opened.namelist() and "META-INF/rights.xml" in opened.namelist():
            raise UnreadableFile(f"{name} is protected against copying; use a copy of the book without protection")
        container = _tree(member(opened, CONTAINER, name, KIND))
        index = next(each.get("full-path") or "" for each in container.iter("{*}rootfile"))
        package = _tree(member(opened, index, name, KIND))
        # Each is to be named once (EPUB 3.3, 5.8.2); a chapter named a million times would be a book without end.
        paths = dict.fromkeys(_spine(package, posixpath.dirname(index)))
        parts = [part for path in paths for part in bounded(_chapter(opened, path, name), name)]
        found = {key: package.findtext(f".//{DC}{key}") or "" for key in ("title", "creator", "date", "language")}
        metadata = {"author": found["creator"], "date": iso_date(found["date"]), "language": found["language"]}
        return build(name, parts, found["title"], metadata)


def _spine(package: "Element", folder: str) -> Iterator[str]:
    """The paths of the chapters, in reading order."""
    items = {each.get("id"): each for each in package.iter(OPF + "item")}
    for reference in package.iter(OPF + "itemref"):
        item = items.get(reference.get("idref"))
        # The table of contents says what the chapters say again.
        if item is not None and "nav" not in (item.get("properties") or "").split():
            yield posixpath.normpath(posixpath.join(folder, unquote(item.get("href") or "")))


def _chapter(opened: ZipFile, path: str, name: str) -> Iterator[Part]:
    from lxml import etree

    from corpus.readers.markup import parts_seen

    if path not in opened.NameToInfo:
        raise UnreadableFile(f"{name} is damaged: its chapter {path} is missing; get the book again, or leave it out")
    data = member(opened, path, name, KIND)
    try:
        root = _tree(data)
    except etree.XMLSyntaxError:
        root = page_root(page_text(data, name), name)
    yield from (each.part for each in parts_seen(root))


def _tree(data: bytes) -> "Element":
    from lxml import etree

    # Nothing outside the file is ever fetched, and no entity is expanded.
    root: Element = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    return root
