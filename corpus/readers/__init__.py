"""Readers: one file a format, one row in a table.

    READERS[".txt"](data, "reports/annual.txt")          bytes to a Document
    COLLECTIONS[".zip"](data, "1998.zip")                bytes to many

A part of a collection that cannot be read is given as its error, so that the rest goes on.
"""

from collections.abc import Callable, Iterator

from corpus.document import Document
from corpus.errors import UnreadableFile
from corpus.readers import (
    archive,
    delimited,
    epub,
    html,
    image,
    jsonl,
    mail,
    markdown,
    open_document,
    pdf,
    rich_text,
    slides,
    spreadsheet,
    text,
    word,
)

Reader = Callable[[bytes, str], Document]
Collection = Callable[[bytes, str], Iterator[Document | UnreadableFile]]

READERS: dict[str, Reader] = {
    ".txt": text.read,
    ".text": text.read,
    ".md": markdown.read,
    ".markdown": markdown.read,
    ".html": html.read,
    ".htm": html.read,
    ".xhtml": html.read,
    ".pdf": pdf.read,
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"), image.read),
    ".docx": word.read,
    ".pptx": slides.read,
    ".xlsx": spreadsheet.read,
    **dict.fromkeys((".odt", ".ods", ".odp"), open_document.read),
    ".csv": delimited.read,
    ".tsv": delimited.read,
    ".epub": epub.read,
    ".rtf": rich_text.read,
    ".eml": mail.read,
}

# A letter is both: read by itself it is its words, and as a collection its attachments too.
COLLECTIONS: dict[str, Collection] = {
    ".eml": archive.read_mail,
    ".jsonl": jsonl.read,
    ".tar.gz": archive.read_tar,
    ".tgz": archive.read_tar,
    ".zip": archive.read_zip,
}


def ending(name: str) -> str:
    """The part of a file's name that says its kind, in lower case: `.txt`, or `.tar.gz`, which is two."""
    lowered = name.lower()
    for each in COLLECTIONS:
        if each.count(".") > 1 and lowered.endswith(each):
            return each
    return "." + lowered.rsplit(".", 1)[1] if "." in lowered.rsplit("/", 1)[-1] else ""
