"""The rows of passages: each with its vector, its terms, its words for Milvus' own full text, and its document's fields."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.document import Passage
from corpus.errors import LibraryError
from corpus.milvus.collections import DENSE, TERMS, passages_of
from corpus.milvus.connection import Connection
from corpus.milvus.fields import carried
from corpus.milvus.frequencies import SAMPLE, Frequencies, term_number
from corpus.milvus.records import Record, Records, fits, quoted, quoted_list
from corpus.passages import passage_text
from corpus.rows import Prepared
from corpus.term_weights import UNSPACED

# Documents, or keys, that one condition names.
NAMED = 200
# Seconds after which the counts of terms are kept again while much is written.
KEPT_EVERY = 30.0
FREQUENCIES = "frequencies"
# What a weight of 255 is in a sparse vector.
WHOLE = 255.0


@dataclass(frozen=True, eq=False)
class Text:
    """An embedded text: its vector (dimension), its terms by number with their weights (0 to 1), and its script."""

    vector: NDArray[np.float32]
    terms: NDArray[np.uint32]
    weights: NDArray[np.float32]
    is_unspaced: bool

    @classmethod
    def of(cls, vector: NDArray[np.float32], terms: Mapping[str, int]) -> "Text":
        numbered: dict[int, float] = {}
        for term, weight in terms.items():
            number = term_number(term)
            numbered[number] = max(numbered.get(number, 0.0), weight / WHOLE)
        # As a folder's database keeps them, so that answers are the same.
        return cls.numbered(vector.astype(np.float16), numbered, UNSPACED in terms)

    @classmethod
    def numbered(cls, vector: Any, terms: Mapping[int, float], is_unspaced: bool) -> "Text":
        return cls(as_vector(vector), np.array(list(terms), np.uint32), np.array(list(terms.values()), np.float32), is_unspaced)

    def sparse(self) -> dict[int, float]:
        return dict(zip(self.terms.tolist(), self.weights.tolist(), strict=True))


class PassageRows:
    """The passages of an open library."""

    def __init__(self, connection: Connection, records: Records) -> None:
        self._connection = connection
        self._records = records
        self._collection = passages_of(connection.address)
        self._brought: dict[bytes, Text] = {}
        self._frequencies: Frequencies | None = None
        self._counted_at = 0.0
        fields = connection.call("describe_collection", self._collection)["fields"]
        self.halves = next("16" in str(getattr(each["type"], "name", each["type"])) for each in fields if each["name"] == DENSE)

    # Texts that have no passage yet

    def bring(self, texts: Mapping[bytes, Text]) -> None:
        self._brought |= texts

    def forget(self) -> None:
        self._brought.clear()

    def held(self, keys: Sequence[bytes]) -> set[bytes]:
        """Those of the keys whose vectors are here, or were brought."""
        found = {each for each in keys if each in self._brought}
        for row in self._by_keys([each for each in keys if each not in found], ("key",)):
            found.add(bytes.fromhex(row["key"]))
        return found

    def _by_keys(self, keys: Sequence[bytes], fields: Sequence[str]) -> Iterable[dict[str, Any]]:
        for at in range(0, len(keys), NAMED):
            listed = quoted_list(each.hex() for each in keys[at : at + NAMED])
            yield from self._connection.query(self._collection, f"key in {listed}", ("id", *fields))

    def texts(self, keys: Sequence[bytes]) -> dict[bytes, Text]:
        """The texts of those keys that are here."""
        found: dict[bytes, Text] = {}
        for row in self._by_keys(keys, ("key", DENSE, TERMS, "is_unspaced")):
            found[bytes.fromhex(row["key"])] = Text.numbered(row[DENSE], row[TERMS], row["is_unspaced"])
        return found

    # Passages

    def put(self, documents: Sequence[Prepared]) -> None:
        """Keep the passages of these documents; those that are here already are written over."""
        keys = {key for each in documents for key in each.keys}
        texts = {key: self._brought[key] for key in keys if key in self._brought}
        texts |= self.texts([each for each in keys if each not in texts])
        if len(texts) < len(keys):
            raise LibraryError(f"{len(keys) - len(texts)} texts of {documents[0].document.name} have no vectors; run the same command again")
        ids = [passage.id for each in documents for passage in each.passages]
        there = {int(row["id"]) for row in self._connection.get(self._collection, ids, ("id",))}
        frequencies = self.frequencies()
        rows = []
        for each in documents:
            fields = carried(each.document.name, each.document.title, each.document.metadata)
            for passage, key in zip(each.passages, each.keys, strict=True):
                text = texts[key]
                rows.append(self._row(each, passage, key, text, fields))
                if passage.id not in there:
                    frequencies.add(key, text.terms.tolist())
        self._connection.upsert(self._collection, rows)
        for key in keys:
            self._brought.pop(key, None)
        if time.monotonic() - self._counted_at > KEPT_EVERY:
            self.keep_frequencies()

    def _row(self, prepared: Prepared, passage: Passage, key: bytes, text: Text, fields: dict[str, Any]) -> dict[str, Any]:
        words = fits(passage_text(prepared.document, passage))
        return {
            "id": passage.id, "document_id": passage.document_id, "key": key.hex(), "start": passage.start, "end": passage.end,
            "headings": fits(json.dumps(passage.headings, ensure_ascii=False)), "is_unspaced": text.is_unspaced, "fields": fields,
            DENSE: text.vector.astype(np.float16) if self.halves else text.vector, TERMS: text.sparse(),
            "unspaced": words if text.is_unspaced else "", "spaced": "" if text.is_unspaced else words,
        }  # fmt: skip

    def keep_only(self, kept: Mapping[str, Sequence[int]]) -> None:
        """Take away the passages of these documents, but for those that are to be kept."""
        identities = list(kept)
        for at in range(0, len(identities), NAMED):
            listed = quoted_list(identities[at : at + NAMED])
            rows = self._connection.query(self._collection, f"document_id in {listed}", ("id", "document_id", "key"))
            wanted = {number for each in identities[at : at + NAMED] for number in kept[each]}
            gone = [row for row in rows if row["id"] not in wanted]
            self._uncount(gone)
            self._connection.delete(self._collection, [row["id"] for row in gone])

    def _uncount(self, rows: Sequence[dict[str, Any]]) -> None:
        frequencies = self.frequencies()
        sampled = {row["id"]: bytes.fromhex(row["key"]) for row in rows if frequencies.samples(bytes.fromhex(row["key"]))}
        for row in self._connection.get(self._collection, list(sampled), ("id", TERMS)):
            frequencies.add(sampled[row["id"]], row[TERMS], -1)

    def relabel(self, identity: str, name: str, title: str, metadata: Mapping[str, str]) -> None:
        """The passages of a document carry other fields from now on."""
        fields = carried(name, title, metadata)
        rows = self._connection.query(self._collection, f"document_id == {quoted(identity)}", ("id",))
        changed = [{"id": row["id"], "document_id": identity, "fields": fields} for row in rows]
        self._connection.upsert(self._collection, changed, partial_update=True)

    def retermed(self, terms: Mapping[int, tuple[str, Mapping[str, int]]]) -> None:
        """These passages (by id: their document's id and their terms) have other terms from now on."""
        none = np.zeros(0, np.float32)
        changed = [{"id": identity, "document_id": document, TERMS: Text.of(none, each).sparse()} for identity, (document, each) in terms.items()]
        self._connection.upsert(self._collection, changed, partial_update=True)

    def count(self) -> int:
        return self._connection.count(self._collection)

    def ids(self) -> NDArray[np.int64]:
        rows = self._connection.query(self._collection, "id >= 0", ("id",))
        return np.sort(np.array([row["id"] for row in rows], np.int64))

    def passages(self, ids: Sequence[int]) -> list[Passage]:
        """The passages of these ids, in their order; those that are no longer here are left out."""
        rows = self._connection.get(self._collection, list(ids), ("id", "document_id", "start", "end", "headings"))
        found = {int(row["id"]): passage_in(row) for row in rows}
        return [found[each] for each in ids if each in found]

    # How many passages hold a term

    def frequencies(self) -> Frequencies:
        """As they are now, for who writes."""
        if self._frequencies is None:
            kept = kept_frequencies(self._records)
            if kept is None or (not kept.halvings and kept.counted != self.count()):
                self._frequencies = self.counted()
                self.keep_frequencies()
            else:
                self._frequencies, self._counted_at = kept, time.monotonic()
        return self._frequencies

    def recount(self) -> None:
        """Count anew, for who writes."""
        self._frequencies = self.counted()
        self.keep_frequencies()

    def counted(self) -> Frequencies:
        """The terms of all passages, or of a sample of them, counted now."""
        halvings, count = 0, self.count()
        while count >> halvings > SAMPLE:
            halvings += 1
        counted = Frequencies.empty()
        counted.halvings = halvings
        mark = f"{(1 << 32) >> halvings:08x}"
        condition = f"key < {quoted(mark)}" if halvings else "id >= 0"
        for row in self._connection.query(self._collection, condition, ("id", "key", TERMS)):
            counted.add(bytes.fromhex(row["key"]), row[TERMS])
        return counted

    def keep_frequencies(self) -> None:
        """Write the counts down, for whoever asks."""
        if self._frequencies is None:
            return
        if self._frequencies.counted > SAMPLE:
            self._frequencies = self.counted()
        before = self._records.one(f"meta/{FREQUENCIES}")
        version = self._records.put_long(FREQUENCIES, FREQUENCIES, self._frequencies.to_json())
        if before is None or before.data != version:
            self._records.put([Record(f"meta/{FREQUENCIES}", "meta", data=version)])
            # One who has just read which version it is may still be about to read that.
            self._records.drop_long(FREQUENCIES, [FREQUENCIES], [version, before.data] if before else [version])
        self._counted_at = time.monotonic()


def kept_frequencies(records: Records, version: str | None = None) -> Frequencies | None:
    """The counts that were written last (`version` as `meta/frequencies` says); None where there are none that can be read."""
    if version is None:
        found = records.one(f"meta/{FREQUENCIES}")
        version = found.data if found else None
    if version is None:
        return None
    try:
        return Frequencies.from_json(records.get_long(FREQUENCIES, FREQUENCIES, version))
    except ValueError:
        return None


def passage_in(row: Mapping[str, Any]) -> Passage:
    return Passage(int(row["id"]), str(row["document_id"]), int(row["start"]), int(row["end"]), tuple(json.loads(row["headings"])))


def as_vector(value: Any) -> NDArray[np.float32]:
    """A dense vector as Milvus gives it: numbers, or the bytes of half-precision ones."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], bytes):
        value = value[0]
    if isinstance(value, bytes):
        return np.frombuffer(value, np.float16).astype(np.float32)
    return np.asarray(value, np.float32)
