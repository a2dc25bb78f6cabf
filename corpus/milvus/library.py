"""A library in Milvus: the methods of `corpus.library.Library` (see there what each does) over two collections.

Milvus has no transactions over several rows. So everything is written by keys made of its content, in an order in which a process
killed at any moment leaves what can be completed: the parts and passages of a document first, then its record, which names
them and thereby makes it valid, then what it replaces is taken away. Which documents are under way is said before (`intent`), and
whoever writes next takes away what such a document has and its record does not name. Whoever asks is never shown more than that:
a passage whose document is not there, or has not those words, is left out.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from corpus.document import Document, Passage
from corpus.document_list import folded
from corpus.errors import LibraryError
from corpus.feedback import Feedback
from corpus.file_table import KnownFile
from corpus.milvus import collections
from corpus.milvus.address import Address, parse_address
from corpus.milvus.connection import Connection
from corpus.milvus.content import content_of
from corpus.milvus.documents import CONTENT, DocumentRecords, document_record, fitting, said_of, version_of
from corpus.milvus.files import RecordedFiles
from corpus.milvus.lease import lease
from corpus.milvus.passages import PassageRows, Text
from corpus.milvus.pending import Pending
from corpus.milvus.records import Record, Records, fits, in_parts
from corpus.rows import Prepared
from corpus.where import searchable

Ids = NDArray[np.int64]


class MilvusLibrary:
    """An open library. One object may be used by many threads to ask, and by one to write."""

    engine = "milvus"
    write_together = 256

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.folder: Path = connection.address.folder
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.records = Records(connection)
        self._settings = self._read_settings()
        self.dimension = int(self._settings["dimension"])
        self.rows = PassageRows(connection, self.records)
        self.files = RecordedFiles(self.records, self._remove_ids, self._put_file)
        self.documents = documents = DocumentRecords(self.records, self.files, self.address)
        # What those can is what a library can (`corpus.store.Store`).
        self.document_count, self.list_documents, self.find_documents = documents.count, documents.listed, documents.find
        self.document, self.name_of, self.with_sentences = documents.document, documents.name_of, documents.with_sentences
        self.known_documents, self.labels, self.distinct_values = documents.known, documents.labels, documents.distinct_values
        self.passages_with_keys, self.cut_before = documents.with_keys, documents.cut_before
        self._pending = Pending()
        self._depth = 0

    @classmethod
    def open(cls, address: str) -> "MilvusLibrary":
        """Raises LibraryError where there is none that this version reads, or where Milvus cannot be reached."""
        parsed = parse_address(address)
        if parsed.uri is None and not (parsed.folder / "milvus").is_dir():
            raise _none(parsed)
        connection = Connection(parsed)
        try:
            if not connection.call("has_collection", collections.passages_of(parsed)) or not connection.call("has_collection", collections.records_of(parsed)):
                raise _none(parsed)
            _load(connection)
            return cls(connection)
        except BaseException:
            connection.close()
            raise

    @classmethod
    def create(cls, address: str, model: str, dimension: int) -> "MilvusLibrary":
        """A new library for vectors of that model, or the one that is there for the same model. Raises LibraryError."""
        parsed = parse_address(address)
        connection = Connection(parsed)
        try:
            collections.create(connection, dimension)
            collections.load(connection)
            records = Records(connection)
            if records.one("meta/library") is None:
                made = {"format": collections.FORMAT, "model": model, "dimension": dimension, "index": parsed.index, "mark": uuid4().hex}
                records.put([Record("meta/library", "meta", data=json.dumps(made))])
            library = cls(connection)
            library.require_model(model, dimension)
            return library
        except BaseException:
            connection.close()
            raise

    @classmethod
    def exists(cls, address: str) -> bool:
        try:
            cls.open(address).close()
        except LibraryError as reason:
            if isinstance(reason, NoLibrary):
                return False
            raise
        return True

    def __enter__(self) -> "MilvusLibrary":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.connection.close()

    @property
    def address(self) -> str:
        return self.connection.address.text

    def discard(self) -> None:
        with suppress(LibraryError), lease(self.records, self.address), self.records.strictly():
            if self.document_count() == 0:
                collections.drop(self.connection)
        self.close()

    def size(self) -> int | None:
        if self.connection.address.uri is not None:
            return None
        return sum(each.stat().st_size for each in (self.folder / "milvus").rglob("*") if each.is_file())

    # Writing

    @contextmanager
    def writing(self) -> Iterator[None]:
        """The right to write, for one process of any machine at a time. Raises LibraryError where another has it."""
        with lease(self.records, self.address), self.records.strictly():
            self._complete()
            self.rows.frequencies()
            try:
                yield
            finally:
                self.files.ahead.clear()
            self.rows.keep_frequencies()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """What is changed inside is written at its end, in the order that `corpus.milvus.library` tells of."""
        self._depth += 1
        try:
            yield
            if self._depth == 1:
                self._write()
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._pending = Pending()

    def _after(self, change: Record | Callable[[], object]) -> None:
        """Keep this record, or do this, when what waits is written."""
        with self.changing():
            self._pending.later.append(change)

    def _put_file(self, record: Record, file: KnownFile) -> None:
        self.files.ahead.forget(file.path, file.name)
        if file.finished:
            self._after(record)
            return
        with self.changing():
            self._pending.first[record.id] = record

    def ahead(self, files: Sequence[tuple[bytes, str]] = (), names: Sequence[str] = (), contents: Sequence[str] = ()) -> None:
        if files:
            self.files.ahead.ask_files(self.records, files)
        if names or contents:
            self.files.ahead.ask_parts(self.records, names, contents)

    def reading(self) -> Any:
        return nullcontext()

    def follow(self) -> None:
        """Nothing is held here that could be of another library."""

    def _write(self) -> None:
        pending, self._pending = self._pending, Pending()
        if not pending:
            return
        self.records.put(pending.first.values())
        if pending.documents:
            self._put_all(pending.documents)
        pending.finish(self.records)
        self._next_generation()

    def _put_all(self, documents: Sequence[tuple[Prepared, bytes | None]]) -> None:
        # Of two documents of one name the last is meant.
        waiting = {prepared.document.id: (prepared, path) for prepared, path in documents}
        with self._intent(list(waiting)):
            before = {each.id.removeprefix("document/"): each for each in self.documents.records_of(list(waiting))}
            self._note_fields(prepared.document for prepared, _ in waiting.values())
            self.rows.put([prepared for prepared, _ in waiting.values()])
            parts, records = [], []
            for identity, (prepared, path) in waiting.items():
                version, some = in_parts(CONTENT, identity, content_of(prepared))
                parts += some
                records.append(document_record(prepared, version, path))
                self.files.ahead.forget(path, prepared.document.name, prepared.hash)
            self.records.put(parts)
            self.records.put(records)
            self.rows.keep_only({identity: [each.id for each in prepared.passages] for identity, (prepared, _) in waiting.items() if identity in before})
            replaced = [each for each in before if version_of(before[each]) not in {version_of(one) for one in records}]
            self.records.drop_long(CONTENT, replaced, [version_of(each) for each in records])

    def fields(self) -> set[str]:
        """The names of fields that a condition may ask about."""
        return {"name", "title", *json.loads(self.meta("fields") or "[]")}

    def _note_fields(self, documents: Iterable[Document]) -> None:
        known = self.fields()
        new = {field for each in documents for field in searchable(each.name, each.title, each.metadata)} - known
        if new:
            self.set_meta("fields", fitting("the names of fields", sorted(known | new)))

    @contextmanager
    def _intent(self, identities: Sequence[str]) -> Iterator[None]:
        """These documents are under way: said before, and unsaid when they are whole."""
        keys = []
        for at in range(0, len(identities), 1000):
            keys.append(f"intent/{uuid4().hex}")
            self.records.put([Record(keys[-1], "intent", data=json.dumps(identities[at : at + 1000]))])
        yield
        self.records.delete(keys)

    def _complete(self) -> None:
        """Take away what documents left that a killed process had under way."""
        for intent in self.records.where('kind == "intent"'):
            identities = [str(each) for each in json.loads(intent.data)]
            named = {each.id.removeprefix("document/"): each for each in self.documents.records_of(identities)}
            kept = {}
            for identity in identities:
                passages = self.passages_with_keys(identity) if identity in named else []
                kept[identity] = [each.id for each, _ in passages]
            self.rows.keep_only(kept)
            self.records.drop_long(CONTENT, identities, [version_of(each) for each in named.values()])
            self.records.delete([intent.id])
            self.rows.recount()

    def _next_generation(self) -> None:
        self.set_meta("generation", str(self.generation + 1))

    # What the library is

    def _read_settings(self) -> dict[str, Any]:
        found = self.records.one("meta/library")
        if found is None and not self.records.count('id != ""'):  # whoever made it was stopped
            raise _none(self.connection.address)
        settings = json.loads(found.data) if found else {}
        if settings.get("format") != collections.FORMAT:
            said = f"is of format {settings['format']}" if "format" in settings else "is no library of Yinju's, or was not made to its end"
            raise LibraryError(f"{self.address} {said}; index your files into another name, or with the version that made it")
        return dict(settings)

    def meta(self, key: str) -> str | None:
        found = self.records.one(f"meta/{key}")
        return found.data if found else None

    def set_meta(self, key: str, value: str) -> None:
        self.records.put([Record(f"meta/{key}", "meta", data=value)])

    @property
    def model(self) -> str:
        return str(self._settings["model"])

    @property
    def mark(self) -> str:
        """Of this library, by whatever name its Milvus is called."""
        return str(self._settings.get("mark") or self.address)

    def records_beside(self, patience: float) -> Records:
        """The records, for what is no part of the library and for whoever cannot wait longer than so many seconds."""
        return Records(self.connection.hurried(patience))

    @property
    def generation(self) -> int:
        value = self.meta("generation")
        return int(value) if value and value.isdigit() else 0

    def require_model(self, model: str, dimension: int) -> None:
        if (self.model, self.dimension) != (model, dimension):
            raise LibraryError(
                f"{self.address} was made with the model {self.model} ({self.dimension} dimensions), not {model} "
                f"({dimension}); use that model, or index your files again under a new name with --library"
            )

    # Documents

    def put(self, prepared: Prepared, path: bytes | None) -> None:
        with self.changing():
            if prepared.document.id in self._pending.going:  # what was asked for before comes before
                self._write()
            self._pending.documents.append((prepared, path))

    def relabel(self, name: str, title: str, metadata: Mapping[str, str]) -> None:
        identity = Document(name, "", "", ()).id
        rows = self.documents.records_of([identity])
        if rows:
            said = said_of(rows[0]) | {"title": title, "metadata": dict(metadata)}
            label = fits(folded(f"{title}\n{name}"))
            record = replace(rows[0], label=label, data=fitting(name, said))
            self._note_fields([Document(name, title, "", (), metadata)])
            with self.changing():
                self._after(lambda: self.rows.relabel(identity, name, title, metadata))
                self._after(record)

    def remove(self, names: Sequence[str]) -> int:
        rows = self.documents.records_of([Document(name, "", "", ()).id for name in names])
        identities = [each.id.removeprefix("document/") for each in rows]
        if rows:
            with self.changing():
                self._after(lambda: self.files.unfinish([each.parent for each in rows]))
                self._remove_ids(identities)
        return len(rows)

    def _remove_ids(self, identities: Sequence[str]) -> None:
        if identities:
            with self.changing():
                self._pending.going.update(identities)
                self._after(lambda: self._take_away(identities))

    def _take_away(self, identities: Sequence[str]) -> None:
        with self._intent(identities):
            self.records.delete([f"document/{each}" for each in identities])
            self.rows.keep_only({each: [] for each in identities})
            self.records.drop_long(CONTENT, identities)

    # Texts and passages

    def held(self, keys: Sequence[bytes]) -> set[bytes]:
        return self.rows.held(keys)

    def vectors_of(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        return {key: text.vector for key, text in self.rows.texts(keys).items()}

    def put_texts(self, keys: Sequence[bytes], vectors: NDArray[np.float32], terms: Sequence[Mapping[str, int]]) -> None:
        self.rows.bring({key: Text.of(vector, each) for key, vector, each in zip(keys, vectors, terms, strict=True)})

    def drop_unused(self) -> None:
        """A passage's vector is in its row, and goes with it; what was brought and never used is let go."""
        self.rows.forget()

    def passage_count(self) -> int:
        return self.rows.count()

    def passages(self, ids: Sequence[int]) -> list[Passage]:
        return self.rows.passages(ids)

    def passage_ids(self) -> Ids:
        return self.rows.ids()

    # What people said

    def add_feedback(self, said: Feedback) -> None:
        self.records.put([Record(f"feedback/{uuid4().hex}", "feedback", number=time.time_ns(), data=fitting(said.document or "", asdict(said)))])

    def feedback(self) -> Iterator[Feedback]:
        rows = sorted(self.records.where('kind == "feedback"'), key=lambda each: (each.number, each.id))
        return (Feedback(**json.loads(each.data)) for each in rows)


class NoLibrary(LibraryError):
    """There is no library at an address."""


def _load(connection: Connection) -> None:
    try:
        collections.load(connection)
    except LibraryError:
        if collections.is_made(connection):
            raise
        raise _none(connection.address) from None


def _none(address: Address) -> NoLibrary:
    return NoLibrary(f"there is no library at {address.text}; make one with: yinju index PATH --library {address.text}")
