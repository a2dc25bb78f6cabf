"""The records of documents in Milvus: what is kept of each, and what indexing must know of it."""

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from corpus.document import Document, Passage, Sentence
from corpus.document_list import Entry, Found, folded
from corpus.document_table import KnownDocument, Listed
from corpus.errors import DamagedDocument, LibraryError
from corpus.milvus.ahead import LABELS, file_key, with_contents
from corpus.milvus.collections import LONGEST
from corpus.milvus.connection import MOST_ROWS
from corpus.milvus.content import document_in, passages_in
from corpus.milvus.files import RecordedFiles
from corpus.milvus.records import Record, Records, fits, quoted
from corpus.rows import DAMAGED, Prepared

CONTENT = "content"
PATTERN = re.compile(r"[%_\\\"'\x00]+")


class DocumentRecords:
    """The documents of an open library, which is shown as `address` where one is damaged."""

    def __init__(self, records: Records, files: RecordedFiles, address: str) -> None:
        self._records = records
        self._files = files
        self._address = address

    def count(self) -> int:
        return self._records.count('kind == "document"')

    def listed(self) -> list[Listed]:
        rows = sorted(self._records.where('kind == "document"', LABELS), key=lambda each: each.name)
        return [Listed(each.name, said_of(each)["title"], each.number, each.size, said_of(each)["metadata"]) for each in rows]

    def find(self, words: str = "", limit: int = 50, offset: int = 0) -> Found:
        """As `corpus.document_list`."""
        sought = folded(words).split()
        # In a pattern % and _ stand for anything: what Milvus finds by it is looked through again.
        plain = [part for each in sought for part in PATTERN.split(each) if part]
        condition = " and ".join(['kind == "document"', *(f"label like {quoted(f'%{each}%')}" for each in plain)])
        found = [each for each in self._records.where(condition, (*LABELS, "label")) if all(word in each.label for word in sought)]
        rows = sorted(found, key=lambda each: each.name)
        entries = tuple(Entry(each.name, said_of(each)["title"], each.number, each.size) for each in rows[max(offset, 0) :][: max(limit, 0)])
        return Found(entries, len(rows), sum(each.number for each in rows))

    def known(self, path: bytes | None) -> dict[str, KnownDocument]:
        rows = self._files.documents(path)
        return {each.name: KnownDocument(each.name, said_of(each)["title"], said_of(each)["metadata"], each.hash, path) for each in rows}

    def document(self, name: str) -> Document | None:
        found = self.with_sentences(Document(name, "", "", ()).id)
        return found[0] if found else None

    def name_of(self, identity: str) -> str:
        rows = self.records_of([identity])
        return rows[0].name if rows else identity

    def with_sentences(self, identity: str) -> tuple[Document, list[Sentence]] | None:
        content = self._content(identity)
        if content is None:
            return None
        record, value = content
        try:
            document, sentences = document_in(value)
        except DAMAGED as reason:
            raise self._damaged(record.name, reason) from None
        said = said_of(record)
        return replace(document, title=said["title"], metadata=said["metadata"]), sentences

    def with_keys(self, document_id: str) -> list[tuple[Passage, bytes]]:
        content = self._content(document_id)
        return passages_in(document_id, content[1]) if content else []

    def _content(self, identity: str) -> tuple[Record, Any] | None:
        """What is kept of a document. Raises DamagedDocument where a part of it is not there, or not what was written."""
        for attempt in (0, 1):
            rows = self.records_of([identity])
            if not rows:
                return None
            try:
                return rows[0], self._records.get_long(CONTENT, identity, version_of(rows[0]))
            except DAMAGED as reason:
                # It may have been replaced between the two readings.
                if attempt:
                    raise self._damaged(rows[0].name, reason) from None
        return None

    def _damaged(self, name: str, reason: object) -> DamagedDocument:
        return DamagedDocument(f"{name} in {self._address} is damaged ({reason}); run: yinju docs remove {shlex.quote(name)}, and index its file again")

    def records_of(self, identities: Sequence[str]) -> list[Record]:
        return self._records.get([f"document/{each}" for each in identities])

    def cut_before(self, content: str) -> list[tuple[Passage, bytes]]:
        asked = self._files.ahead.contents
        found = asked[content] if content in asked else with_contents(self._records, [content]).get(content)
        return self.with_keys(found) if found else []

    def labels(self) -> list[tuple[str, str, str, dict[str, str]]]:
        rows = sorted(self._records.where('kind == "document"', LABELS), key=lambda each: each.name)
        return [(each.id.removeprefix("document/"), each.name, said_of(each)["title"], said_of(each)["metadata"]) for each in rows]

    def distinct_values(self, key: str, limit: int) -> list[str]:
        """Of the first documents, so many as one query gives: in a library of millions it is a choice, not a census."""
        rows = self._records.page('kind == "document"', ("id", "data"), MOST_ROWS, 0)
        values = {said_of(each)["metadata"].get(key, "") for each in rows}
        return sorted(each for each in values if each)[:limit]


def document_record(prepared: Prepared, version: str, path: bytes | None) -> Record:
    document = prepared.document
    said = {"title": document.title, "metadata": dict(document.metadata), "version": version}
    return Record(
        f"document/{document.id}", "document", document.name, fits(folded(f"{document.title}\n{document.name}")), file_key(path),
        prepared.hash, len(prepared.passages), len(document.text), fitting(document.name, said),
    )  # fmt: skip


def fitting(name: str, content: object) -> str:
    text = json.dumps(content, ensure_ascii=False)
    if len(text.encode("utf8", "surrogatepass")) > LONGEST:
        raise LibraryError(f"what is said of {name} has more than {LONGEST:,} bytes, more than Milvus keeps in a field; shorten its metadata")
    return text


def said_of(record: Record) -> dict[str, Any]:
    return dict(json.loads(record.data))


def version_of(record: Record) -> str:
    return str(said_of(record)["version"])
