"""What workers send: rows of bounded size, of plain values.

A file gives numbered rows: what was read (`read`), its documents in pieces (`piece`, the last `document`), parts that
failed, and an `end`. Where a worker cannot see the file or not say what it holds, `here`: then the driver reads it. The
texts of several documents that are to be embedded go together (`texts`), and come back as vectors. `broken` ends the run.
"""

import base64
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from corpus import Document, Passage
from corpus.document import passage_id
from corpus.rows import Prepared, document_of, document_row
from embeddings.index import Vectors

if TYPE_CHECKING:
    import pyarrow

Kind = Literal["read", "piece", "document", "failed", "end", "here", "texts", "broken"]
KEY = 16
# Bytes of one row of a document.
PIECE = 128 << 10
# The columns of `document_row` that are bytes.
BYTES = (9, 10, 11)


@dataclass(frozen=True)
class Row:
    """`part` counts the rows of a file from 0. Of `texts`, `keys` are theirs, one after the other, and so are `vectors`."""

    kind: Kind
    file: int = -1
    part: int = -1
    body: bytes = b""
    keys: bytes = b""
    vectors: bytes = b""


def to_table(rows: Sequence[Row]) -> "pyarrow.Table":
    """Rows that go together, as one row of Ray's: a block."""
    import pyarrow as pa

    kinds = {"kind": pa.string(), "file": pa.int64(), "part": pa.int64(), "body": pa.binary(), "keys": pa.binary(), "vectors": pa.binary()}
    return pa.table({name: pa.array([[getattr(row, name) for row in rows]], pa.list_(kind)) for name, kind in kinds.items()})


def from_table(table: "pyarrow.Table") -> Iterator[Row]:
    for together in table.to_pylist():
        for values in zip(*together.values(), strict=True):
            yield Row(**dict(zip(together, values, strict=True)))


def document_rows(file: int, part: int, item: Prepared) -> list[Row]:
    """A document with its passages, in as many rows as it needs, from `part` on. Raises ValueError, TypeError where it is no plain text."""
    values = list(document_row(item, None))
    for at in BYTES:
        value = values[at]
        values[at] = base64.b85encode(value).decode() if isinstance(value, bytes) else None
    spans = [(each.start, each.end, each.headings) for each in item.passages]
    content = {"row": values, "passages": spans, "keys": base64.b85encode(b"".join(item.keys)).decode()}
    body = _packed(content)
    pieces = [body[at : at + PIECE] for at in range(0, len(body), PIECE)]
    last = len(pieces) - 1
    return [Row("document" if number == last else "piece", file, part + number, piece) for number, piece in enumerate(pieces)]


def document_from(body: bytes) -> Prepared:
    """The document of its pieces, joined; its passages have no ids before it is `named`."""
    content = _unpacked(body)
    values = content["row"]
    for at in BYTES:
        values[at] = base64.b85decode(values[at]) if values[at] is not None else None
    _, _, name, title, metadata, digest, _, text, blocks, sentences, source, runs, pages, checksum = values
    document, spans = document_of((name, title, metadata, text, blocks, source, runs, pages, sentences, digest, checksum))
    passages = [Passage(0, "", start, end, tuple(headings)) for start, end, headings in content["passages"]]
    return Prepared(document, digest, spans, passages, keys_of(base64.b85decode(content["keys"])))


def named(item: Prepared, document: Document) -> Prepared:
    """The same cut for the document as it is called by now."""
    passages = [
        replace(each, id=passage_id(document.id, each.start, each.end, document.text[each.start : each.end]), document_id=document.id)
        for each in item.passages
    ]
    return Prepared(document, item.hash, item.sentences, passages, item.keys)


def texts_row(keys: Sequence[bytes], texts: Sequence[str], terms: Sequence[Mapping[str, int]]) -> Row:
    return Row("texts", body=_packed([list(texts), [dict(each) for each in terms]]), keys=b"".join(keys))


def texts_of(row: Row) -> list[str]:
    texts: list[str] = _unpacked(row.body)[0]
    return texts


def with_vectors(row: Row, vectors: Vectors) -> Row:
    """A row of texts embedded: its texts stay behind."""
    return replace(row, body=_packed(_unpacked(row.body)[1]), vectors=vectors.astype("<f4").tobytes())


def vectors_of(row: Row, dimension: int) -> tuple[list[bytes], Vectors, list[dict[str, int]]]:
    """The keys, vectors (keys, dimension) and terms of texts that are embedded."""
    keys = keys_of(row.keys)
    vectors = np.frombuffer(row.vectors, "<f4").reshape(len(keys), dimension)
    return keys, vectors, _unpacked(row.body)


def keys_of(joined: bytes) -> list[bytes]:
    return [joined[at : at + KEY] for at in range(0, len(joined), KEY)]


def _packed(content: object) -> bytes:
    return zlib.compress(json.dumps(content, separators=(",", ":")).encode(), 1)


def _unpacked(body: bytes) -> Any:
    return json.loads(zlib.decompress(body))
