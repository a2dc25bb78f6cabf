"""Readers: one file a format, one row in the table. A reader makes bytes a Document.

    READERS[".txt"](data, "reports/annual.txt")
"""

from collections.abc import Callable

from corpus.document import Document
from corpus.readers import markdown, text

Reader = Callable[[bytes, str], Document]

READERS: dict[str, Reader] = {
    ".txt": text.read,
    ".text": text.read,
    ".md": markdown.read,
    ".markdown": markdown.read,
}
