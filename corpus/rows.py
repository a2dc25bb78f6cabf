"""Documents and passages as rows of the database, and back.

Offsets are stored as little-endian unsigned 32-bit numbers, blocks as JSON lists, the file's own text
(only where reading changed it) compressed. Nothing is pickled.
"""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from corpus.document import Block, Document, Passage, Run, Sentence
from corpus.errors import UnreadableFile

DOCUMENT_COLUMNS = "name, title, metadata, text, blocks, source, runs, pages, sentences, hash, checksum"
# What reading a damaged row may raise.
DAMAGED = (ValueError, TypeError, LookupError, AssertionError)


@dataclass(frozen=True)
class Prepared:
    """A document with everything that is kept of it: `keys` name the vector of each passage."""

    document: Document
    hash: str
    sentences: Sequence[Sentence]
    passages: Sequence[Passage]
    keys: Sequence[bytes]


def text_key(text: str) -> bytes:
    """What names the vector of an embedded text: the same words have the same key, wherever they stand."""
    return blake2b(text.encode("utf8", "surrogatepass"), digest_size=16).digest()


def document_hash(document: Document) -> str:
    """A document's content without its name, title and metadata: where it is the same, so are all spans."""
    digest = blake2b(digest_size=16)
    for part in (
        document.text.encode("utf8", "surrogatepass"),
        blocks_to_json(document.blocks).encode(),
        (document.source or "").encode("utf8", "surrogatepass"),
        runs_to_bytes(document.runs) or b"",
        (pages_to_json(document.pages) or "").encode(),
    ):
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()


def require_storable(document: Document) -> None:
    """Raises UnreadableFile where a document holds what is no text: lone surrogates."""
    try:
        for part in (document.name, document.title, document.text, document.source or ""):
            part.encode("utf8")
    except UnicodeEncodeError:
        name = document.name.encode("utf8", "backslashreplace").decode()
        raise UnreadableFile(f"{name} holds half characters that are no text; save it as UTF-8, or leave it out") from None


def document_row(prepared: Prepared, file_id: int | None) -> tuple[object, ...]:
    """The row of the table `documents`, in the order of its columns."""
    document = prepared.document
    name, title, metadata, content = document.name, document.title, metadata_to_json(document.metadata), prepared.hash
    text, blocks, pages = document.text, blocks_to_json(document.blocks), pages_to_json(document.pages)
    sentences = np.array([(each.start, each.end) for each in prepared.sentences], "<u4").tobytes()
    source = None if document.source is None else zlib.compress(document.source.encode("utf8"), 6)
    runs = runs_to_bytes(document.runs)
    checksum = row_checksum(name, title, metadata, text, blocks, source, runs, pages, sentences, content)
    return (
        document.id, file_id, name, title, metadata, content, len(text), text, blocks, sentences, source, runs, pages, checksum,
    )  # fmt: skip


def row_checksum(*values: object) -> int:
    """The CRC-32 of a row's values: texts, bytes, numbers or None, each told from what stands beside it."""
    value = 0
    for each in values:
        raw = each if isinstance(each, bytes) else b"" if each is None else str(each).encode("utf8", "surrogatepass")
        size = -1 if each is None else len(raw)
        value = zlib.crc32(raw, zlib.crc32(size.to_bytes(8, "little", signed=True), value))
    return value


def passage_rows(prepared: Prepared) -> list[tuple[object, ...]]:
    """The rows of the table `passages`, in the order of its columns."""
    return [
        (each.id, each.document_id, each.start, each.end, json.dumps(each.headings), key)
        for each, key in zip(prepared.passages, prepared.keys, strict=True)
    ]


def document_of(row: Sequence[object]) -> tuple[Document, list[Sentence]]:
    """The document of a row of DOCUMENT_COLUMNS, with its sentences. Raises any of DAMAGED where the row is damaged."""
    name, title, metadata, text, blocks, source, runs, pages, sentences, _, checksum = row
    # Rows of format 5 have none.
    if checksum is not None and checksum != row_checksum(*row[:-1]):
        raise ValueError("its checksum is not that of what is there")
    document = Document(
        str(name),
        str(title),
        str(text),
        tuple(Block(*each) for each in json.loads(str(blocks))),
        json.loads(str(metadata)),
        None if source is None else _inflated(source),
        () if runs is None else tuple(Run(*map(int, each)) for each in _numbers(runs, 3)),
        () if pages is None else tuple((int(start), int(page)) for start, page in json.loads(str(pages))),
    )
    return document, sentences_of(sentences)


def passage_of(row: Sequence[object]) -> Passage:
    """The passage of a row (id, document_id, start, end, headings)."""
    identity, document_id, start, end, headings = map(str, row)
    return Passage(int(identity), document_id, int(start), int(end), tuple(json.loads(headings)))


def sentences_of(spans: object) -> list[Sentence]:
    return [Sentence(int(start), int(end)) for start, end in _numbers(spans, 2)]


def metadata_to_json(metadata: Mapping[str, str]) -> str:
    return json.dumps(dict(metadata))


def blocks_to_json(blocks: Sequence[Block]) -> str:
    rows = [(each.kind, each.start, each.end, each.level, each.page, each.article) for each in blocks]
    return json.dumps(rows, separators=(",", ":"))


def runs_to_bytes(runs: Sequence[Run]) -> bytes | None:
    if not runs:
        return None
    return np.array([(each.start, each.original, each.length) for each in runs], "<u4").tobytes()


def pages_to_json(pages: Sequence[tuple[int, int]]) -> str | None:
    return json.dumps(pages, separators=(",", ":")) if pages else None


def _inflated(value: object) -> str:
    assert isinstance(value, bytes)
    try:
        return zlib.decompress(value).decode("utf8")
    except zlib.error as reason:
        raise ValueError(f"its source is damaged: {reason}") from None


def _numbers(value: object, columns: int) -> "np.ndarray[tuple[int, int], np.dtype[np.uint32]]":
    assert isinstance(value, bytes)
    return np.frombuffer(value, "<u4").reshape(-1, columns)
