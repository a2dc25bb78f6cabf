"""The collection of records: everything of a library but what is searched, by key, in parts that a text field holds.

A record is of a `kind` (meta, file, document, part, feedback, intent, lease, frequencies); what is long is cut into parts.
"""

import base64
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from corpus.milvus.collections import LONGEST, PART, records_of
from corpus.milvus.connection import Connection

STUB = [1.0, 0.0]
FIELDS = ("id", "kind", "name", "label", "parent", "hash", "number", "size", "data")


@dataclass(frozen=True)
class Record:
    """A row; `data` is JSON."""

    id: str
    kind: str
    name: str = ""
    label: str = ""
    parent: str = ""
    hash: str = ""
    number: int = 0
    size: int = 0
    data: str = ""


class Records:
    """The records of an open library."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._collection = records_of(connection.address)

    def put(self, records: Iterable[Record]) -> None:
        rows = [{**{field: getattr(each, field) for field in FIELDS}, "stub": STUB} for each in records]
        # What is long is written in smaller writes: a call takes 64 MB at most.
        batch: list[dict[str, Any]] = []
        size = 0
        for row in rows:
            batch.append(row)
            size += len(row["data"]) + len(row["label"])
            if size > 16 << 20:
                self._connection.upsert(self._collection, batch)
                batch, size = [], 0
        self._connection.upsert(self._collection, batch)

    def get(self, keys: Sequence[str], fields: Sequence[str] = FIELDS) -> list[Record]:
        return [_record(each) for each in self._connection.get(self._collection, keys, fields)]

    def one(self, key: str) -> Record | None:
        found = self.get([key])
        return found[0] if found else None

    def where(self, condition: str, fields: Sequence[str] = FIELDS) -> list[Record]:
        return [_record(each) for each in self._connection.query(self._collection, condition, fields)]

    def loosely(self, condition: str, fields: Sequence[str] = FIELDS) -> list[Record]:
        """The same, without waiting for what others may have written in this moment."""
        return [_record(each) for each in self._connection.query(self._collection, condition, fields, consistency_level="Session")]

    def page(self, condition: str, fields: Sequence[str], limit: int, offset: int) -> list[Record]:
        rows = self._connection.call("query", self._collection, filter=condition, output_fields=list(fields), limit=limit, offset=offset)
        return [_record(each) for each in rows]

    def count(self, condition: str) -> int:
        return self._connection.count(self._collection, condition)

    def delete(self, keys: Sequence[str]) -> None:
        self._connection.delete(self._collection, keys)

    @contextmanager
    def strictly(self) -> Iterator[None]:
        """Whatever is read inside, of passages too, is all that anybody has written before."""
        before, self._connection.strict = self._connection.strict, True
        try:
            yield
        finally:
            self._connection.strict = before

    # What is long

    def put_long(self, kind: str, parent: str, content: object) -> str:
        """Keep a JSON value in parts, under a new version; the version."""
        version, records = in_parts(kind, parent, content)
        self.put(records)
        return version

    def get_long(self, kind: str, parent: str, version: str) -> Any:
        """The value that `put_long` kept. Raises ValueError where a part is not there or not what was written."""
        named, _, count = version.partition("/")
        rows = self.get([f"{kind}/{parent}/{named}/{number}" for number in range(int(count))], ("id", "number", "data"))
        raw = "".join(each.data for each in sorted(rows, key=lambda each: each.number))
        if f"{zlib.crc32(raw.encode()):08x}{len(raw):08x}" != named:
            raise ValueError("a part of it is not there or not what was written")
        return json.loads(zlib.decompress(base64.b85decode(raw)).decode("utf8", "surrogatepass"))

    def drop_long(self, kind: str, parents: Sequence[str], keep: Sequence[str] = ()) -> None:
        """Take away all parts of these, but for the versions that are to be kept."""
        kept = {each.partition("/")[0] for each in keep}
        for at in range(0, len(parents), 200):
            listed = quoted_list(parents[at : at + 200])
            rows = self.where(f"kind == {quoted(kind)} and parent in {listed}", ("id", "name"))
            self.delete([each.id for each in rows if each.name not in kept])


def in_parts(kind: str, parent: str, content: object) -> tuple[str, list[Record]]:
    """A JSON value as the records that keep it, and their version."""
    raw = base64.b85encode(zlib.compress(json.dumps(content, ensure_ascii=False).encode("utf8", "surrogatepass"), 6)).decode()
    version = f"{zlib.crc32(raw.encode()):08x}{len(raw):08x}"
    texts = [raw[at : at + PART] for at in range(0, len(raw), PART)]
    records = [
        Record(f"{kind}/{parent}/{version}/{number}", kind, version, parent=parent, number=number, size=len(texts), data=text)
        for number, text in enumerate(texts)
    ]
    return f"{version}/{len(texts)}", records


def _record(row: dict[str, Any]) -> Record:
    return Record(**{field: row[field] for field in FIELDS if field in row}) if "kind" in row else Record(kind="", **{f: row[f] for f in FIELDS if f in row})


def quoted(text: str) -> str:
    """A text as a condition of Milvus has it."""
    return json.dumps(text, ensure_ascii=False)


def quoted_list(texts: Iterable[str]) -> str:
    return json.dumps(list(texts), ensure_ascii=False)


def fits(text: str) -> str:
    """So much of a text as a field holds, cut between characters."""
    raw = text.encode("utf8", "replace")
    return text if len(raw) <= LONGEST else raw[:LONGEST].decode("utf8", "ignore")
