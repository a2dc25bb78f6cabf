"""All that is kept of a document, as one JSON value: the row that a folder's database has of it, and its passages."""

import base64
from typing import Any

from corpus.document import Document, Passage, Sentence
from corpus.rows import Prepared, document_of, document_row

# The columns of `corpus.rows.document_row` that `corpus.rows.document_of` reads, in its order.
READ = (2, 3, 4, 7, 8, 10, 11, 12, 9, 5, 13)


def content_of(prepared: Prepared) -> dict[str, Any]:
    row = document_row(prepared, None)
    passages = [
        (each.id, each.start, each.end, each.headings, key.hex()) for each, key in zip(prepared.passages, prepared.keys, strict=True)
    ]
    return {"row": [_plain(row[column]) for column in READ], "passages": passages}


def document_in(content: dict[str, Any]) -> tuple[Document, list[Sentence]]:
    """Raises any of `corpus.rows.DAMAGED` where the value is damaged."""
    return document_of([base64.b64decode(each["bytes"]) if isinstance(each, dict) else each for each in content["row"]])


def passages_in(document_id: str, content: dict[str, Any]) -> list[tuple[Passage, bytes]]:
    """The passages with the keys of their texts, in order."""
    return [
        (Passage(int(identity), document_id, int(start), int(end), tuple(headings)), bytes.fromhex(key))
        for identity, start, end, headings, key in content["passages"]
    ]


def _plain(value: object) -> object:
    return {"bytes": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
