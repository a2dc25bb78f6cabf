"""Corpus: files become documents, documents become sentences and passages, a library keeps them.

    document = read(Path("report.txt"))

Every span is exact: a passage, a sentence or a quote is `document.text[start:end]`. Nothing in this
package knows of models or questions. What reads files is imported when the first is read: who only asks needs none of it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.document import Block, Document, Passage, Run, Sentence, original_at, originals, page_at, title_at
from corpus.errors import LibraryError, ModelError, QuestionError, UnreadableFile, YinjuError
from corpus.files import MAX_BYTES, find_files
from corpus.library import Library
from corpus.passages import passage_text, split_passages, split_sentences

if TYPE_CHECKING:
    from corpus.readers import COLLECTIONS, READERS

__all__ = [
    "COLLECTIONS",
    "MAX_BYTES",
    "READERS",
    "Block",
    "Document",
    "Library",
    "LibraryError",
    "ModelError",
    "Passage",
    "QuestionError",
    "Run",
    "Sentence",
    "UnreadableFile",
    "YinjuError",
    "file_bytes",
    "find_files",
    "original_at",
    "originals",
    "page_at",
    "passage_text",
    "read",
    "read_all",
    "read_bytes",
    "split_passages",
    "split_sentences",
    "title_at",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name in ("COLLECTIONS", "READERS"):
        import corpus.readers

        return getattr(corpus.readers, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def read(path: Path, name: str | None = None) -> Document:
    """The file at `path` as a document, called `name` (by default its file name).

    Raises UnreadableFile where it is of no known kind, is empty, is not text, or cannot be read.
    """
    name = name or path.name
    return read_bytes(file_bytes(path, name), name)


def file_bytes(path: Path, name: str) -> bytes:
    """The bytes of a file that a reader is known for. Raises UnreadableFile."""
    from corpus.readers import COLLECTIONS, READERS, ending

    if ending(path.name) not in (*READERS, *COLLECTIONS):
        kinds = ", ".join(sorted({*READERS, *COLLECTIONS}))
        raise UnreadableFile(f"{name} is of no known kind; known kinds are {kinds}")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UnreadableFile(f"{name} is larger than {MAX_BYTES >> 20} MB; split it into smaller files")
        return path.read_bytes()
    except OSError as reason:
        raise UnreadableFile(
            f"{name} cannot be read ({reason.strerror}); check that it is there and may be read"
        ) from None


def read_bytes(data: bytes, name: str) -> Document:
    """The bytes of a file called `name` as a document, by the reader of the name's ending.

    Raises UnreadableFile.
    """
    from corpus.readers import COLLECTIONS, READERS, ending

    kind = ending(name)
    if kind not in READERS:
        many = (
            "holds many documents; read them with read_all"
            if kind in COLLECTIONS
            else "is of no known kind; leave it out"
        )
        raise UnreadableFile(f"{name} {many}")
    return READERS[kind](data, name)


def read_all(data: bytes, name: str) -> Iterator[Document | UnreadableFile]:
    """Every document of a file: one for most kinds, many for an archive or JSON Lines.

    A part that cannot be read is given as its error, and the rest goes on.
    """
    from corpus.readers import COLLECTIONS, ending

    try:
        if ending(name) in COLLECTIONS:
            yield from COLLECTIONS[ending(name)](data, name)
        else:
            yield read_bytes(data, name)
    except UnreadableFile as reason:
        yield reason
