"""Readers: one file a format, one row in a table.

    READERS[".txt"](data, "reports/annual.txt")          bytes to a Document
    COLLECTIONS[".zip"](data, "1998.zip")                bytes to many

A part of a collection that cannot be read is given as its error, so that the rest goes on.
"""

from collections.abc import Callable, Iterator

from corpus.document import Document
from corpus.errors import UnreadableFile
from corpus.readers import markdown, text

Reader = Callable[[bytes, str], Document]
Collection = Callable[[bytes, str], Iterator[Document | UnreadableFile]]

READERS: dict[str, Reader] = {
    ".txt": text.read,
    ".text": text.read,
    ".md": markdown.read,
    ".markdown": markdown.read,
}

COLLECTIONS: dict[str, Collection] = {}


def ending(name: str) -> str:
    """The part of a file's name that says its kind, in lower case: `.txt`, or `.tar.gz`, which is two."""
    lowered = name.lower()
    for each in COLLECTIONS:
        if each.count(".") > 1 and lowered.endswith(each):
            return each
    return "." + lowered.rsplit(".", 1)[1] if "." in lowered.rsplit("/", 1)[-1] else ""
