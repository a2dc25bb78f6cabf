"""The library: a folder whose SQLite file is the truth about files, documents, passages and vectors.

Whatever belongs together is written in one transaction, so a process killed at any moment leaves
whole documents or none. A vector belongs to its words (`text_key`), not to a place: what moves keeps
it. Other files of the folder are derived; the transaction that makes one valid also names it.
Nothing is ever unpickled. Many processes may read while one writes.
"""

import json
import os
import shlex
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from corpus.connect import DATABASE, WRITER_LOCK, connect, migrated, new_database, state_of
from corpus.database import Database, marks, next_generation, parts
from corpus.document import Document, Passage, Sentence
from corpus.document_list import Found, find
from corpus.errors import DamagedDocument, LibraryError
from corpus.feedback import Feedback, kept_feedback, put_feedback
from corpus.file_table import FileTable, KnownFile
from corpus.posting_table import PostingTable
from corpus.rows import (
    DAMAGED,
    DOCUMENT_COLUMNS,
    Prepared,
    document_of,
    document_row,
    metadata_to_json,
    passage_of,
    passage_rows,
    row_checksum,
)
from corpus.to_disk import to_disk
from corpus.trouble import CANNOT_GROW, cannot_write, damaged
from corpus.vector_table import Ids, Marks, VectorTable

__all__ = ["DATABASE", "Derived", "KnownDocument", "KnownFile", "Library", "Listed"]


@dataclass(frozen=True)
class Listed:
    """A document as `docs list` shows it."""

    name: str
    title: str
    passages: int
    characters: int
    metadata: dict[str, str]


@dataclass(frozen=True)
class KnownDocument:
    """What indexing must know of a document that is here already; `path` is None where it has no file."""

    name: str
    title: str
    metadata: dict[str, str]
    hash: str
    path: bytes | None


@dataclass(frozen=True)
class Derived:
    """A file derived from the texts as they stood at some marks; its CRC-32 as it was written."""

    path: Path
    checksum: int
    marks: Marks


class Library:
    """An open library. One object may be used by many threads, one at a time inside."""

    engine = "folder"
    write_together = 1

    def __init__(self, folder: Path, connection: sqlite3.Connection, on_disk: bool = True) -> None:
        self.folder = folder
        self._database = Database(connection, folder / DATABASE)
        self._on_disk = on_disk
        self._state = state_of(folder)
        self._file = self._state[0][0] if self._state[0] else 0
        # How often the database was exchanged for another one.
        self.copies = 0
        self.reading = self._database.reading
        self.dimension = self._number("dimension")
        self._model = self.model
        self.files = FileTable(self._database)
        self.vectors = VectorTable(self._database, self.dimension)
        self.postings = PostingTable(self._database)

    @classmethod
    def open(cls, folder: str | Path) -> "Library":
        """The library in `folder`; one of an older format is migrated.

        Raises LibraryError where there is none that this version reads, DamagedLibrary where it is garbage.
        """
        folder = Path(folder)
        if not folder.exists():
            raise LibraryError(f"there is no library at {folder}; make one with: yinju index PATH --library {folder}")
        if not (folder / DATABASE).is_file():
            raise LibraryError(f"{folder} is not a Yinju library; give the folder that `yinju index` made")
        return cls(folder, *connect(folder))

    @classmethod
    def create(cls, folder: str | Path, model: str, dimension: int) -> "Library":
        """A new library for vectors of that model, or the one that is there for the same model.

        Raises LibraryError where the folder holds something else, or a library of another model.
        """
        folder = Path(folder)
        if not (folder / DATABASE).is_file():
            if folder.exists() and (not folder.is_dir() or any(not _is_ours(each.name) for each in folder.iterdir())):
                raise LibraryError(f"{folder} holds other files and is not a library; choose a new or empty folder")
            try:
                folder.mkdir(parents=True, exist_ok=True)
                # Two processes that start at once make one library.
                with FileLock(folder / WRITER_LOCK, timeout=30):
                    _build(folder, {"model": model, "dimension": str(dimension), "generation": "0"})
            except (OSError, sqlite3.Error) as reason:
                raise LibraryError(
                    f"a library cannot be made at {folder} ({reason}); "
                    "choose a folder that can be written, with --library"
                ) from None
        library = cls.open(folder)
        try:
            library.require_model(model, dimension)
        except BaseException:
            library.close()
            raise
        return library

    @classmethod
    def exists(cls, folder: Path) -> bool:
        """Whether there is one in the folder, whole or not."""
        return (folder / DATABASE).is_file()

    @property
    def address(self) -> str:
        return str(self.folder)

    @property
    def mark(self) -> str:
        """Of this library, by whatever path its folder is called."""
        return str(self.folder.resolve())

    def size(self) -> int:
        """Bytes of the folder's own files."""
        return sum(each.stat().st_size for each in self.folder.iterdir() if each.is_file())

    def __enter__(self) -> "Library":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._database.close()

    def discard(self) -> None:
        """Close a library that never held a document, and leave no trace of it."""
        self.close()
        for pattern in (f"{DATABASE}*", "vectors-*.faiss", "words-*.postings", WRITER_LOCK):
            for file in self.folder.glob(pattern):
                file.unlink(missing_ok=True)
        if not any(self.folder.iterdir()):
            self.folder.rmdir()

    # Writing

    @contextmanager
    def writing(self) -> Iterator[None]:
        """The right to write, for one process at a time.

        Raises LibraryError where another has it, or where the disk is full or cannot be written.
        """
        lock = FileLock(self.folder / WRITER_LOCK, timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise LibraryError(
                f"another process is indexing into {self.folder}; wait until it is done, then try again"
            ) from None
        except OSError as reason:
            raise LibraryError(
                f"{self.folder} cannot be written ({reason.strerror}); give a library that can be, with --library"
            ) from None
        try:
            if not (self.folder / DATABASE).is_file():
                raise LibraryError(f"{self.folder} was removed by another process; try again")
            if not self._on_disk:
                self._leave_copy()
            yield
        except sqlite3.OperationalError as reason:
            raise LibraryError(cannot_write(self.folder, str(reason))) from None
        except OSError as reason:
            if reason.errno not in CANNOT_GROW:
                raise
            raise LibraryError(cannot_write(self.folder, reason.strerror or str(reason))) from None
        finally:
            lock.release()

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """One transaction around all that is changed inside: all of it is kept, or nothing.

        Raises LibraryError where the disk is full or the library cannot be written.
        """
        if not self._on_disk:
            with self.writing():
                pass
        with self._database.changing() as connection:
            yield connection

    def follow(self) -> None:
        """Open the library anew where another has been put in its place, or where it could only be read and was written since.

        What is there no longer is asked on as it was. Raises LibraryError where the other is of another model.
        """
        state = state_of(self.folder)
        # Whoever has the file itself open sees what is written into it.
        changed = state[0] is not None and (state[0][0] != self._file if self._on_disk else state != self._state)
        if not changed:
            return
        connection, self._on_disk = connect(self.folder)
        self._database.replace(connection)
        self._state, self._file = state, state[0][0] if state[0] else 0
        self.copies += 1
        if self._number("dimension") != self.dimension or self.model != self._model:
            raise LibraryError(f"{self.folder} was made anew with the model {self.model}; open it again, or start `yinju serve` again")

    def _leave_copy(self) -> None:
        """A library that could only be read when it was opened, or an older one, is opened anew by its first writer."""
        self._database.replace(migrated(self.folder))
        self._on_disk = True
        self.copies += 1

    # What the library is

    def meta(self, key: str) -> str | None:
        rows = self._database.rows("SELECT value FROM meta WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else None

    def set_meta(self, key: str, value: str) -> None:
        """Keep a value under a key; for who may write."""
        with self.changing() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    @property
    def model(self) -> str:
        return self.meta("model") or ""

    @property
    def generation(self) -> int:
        """Counts changes: what is derived from documents is stale when its count differs."""
        return self._number("generation")

    def _number(self, key: str) -> int:
        value = self.meta(key)
        try:
            return int(value or 0)
        except ValueError:
            raise damaged(self.folder / DATABASE, f"its {key} is {value!r}") from None

    def require_model(self, model: str, dimension: int) -> None:
        """Raises LibraryError unless the library's vectors are of that model."""
        if (self.model, self.dimension) != (model, dimension):
            raise LibraryError(
                f"{self.folder} was made with the model {self.model} ({self.dimension} dimensions), not {model} "
                f"({dimension}); use that model, or index your files again into a new folder with --library"
            )

    # Documents

    def document_count(self) -> int:
        return int(str(self._database.rows("SELECT count(*) FROM documents")[0][0]))

    def list_documents(self) -> list[Listed]:
        rows = self._database.rows(
            "SELECT name, title, (SELECT count(*) FROM passages WHERE document_id = documents.id), characters, "
            "metadata FROM documents ORDER BY name"
        )
        return [Listed(str(n), str(t), int(str(p)), int(str(c)), _metadata(m) or {}) for n, t, p, c, m in rows]

    def find_documents(self, words: str = "", limit: int = 50, offset: int = 0) -> Found:
        """The documents whose title or name holds every one of the words; without words, all documents."""
        with self.reading() as connection:
            return find(connection, str(self.generation), words, limit, offset)

    def known_documents(self, path: bytes | None) -> dict[str, KnownDocument]:
        """The documents of a file, or those of no file, by name."""
        which = "file_id IS NULL" if path is None else "file_id = (SELECT id FROM files WHERE path = ?)"
        rows = self._database.rows(
            f"SELECT name, title, metadata, hash FROM documents WHERE {which}", () if path is None else (path,)
        )
        # One whose row is damaged is to be read again: no document has an empty hash.
        return {
            str(n): KnownDocument(str(n), str(t), _metadata(m) or {}, str(h) if _metadata(m) is not None else "", path)
            for n, t, m, h in rows
        }

    def document(self, name: str) -> Document | None:
        """The document of that name. Raises DamagedDocument where it is not what was stored."""
        entry = self._read("name", name)
        return entry[0] if entry is not None else None

    def name_of(self, identity: str) -> str:
        """The name of the document of that id; the id itself where there is none."""
        rows = self._database.rows("SELECT name FROM documents WHERE id = ?", (identity,))
        return str(rows[0][0]) if rows else identity

    def with_sentences(self, identity: str) -> tuple[Document, list[Sentence]] | None:
        """The document of that id with its sentence spans, in order, as they stand at one moment.

        Raises DamagedDocument where it is not what was stored.
        """
        return self._read("id", identity)

    def _read(self, column: str, value: str) -> tuple[Document, list[Sentence]] | None:
        try:
            rows = self._database.rows(f"SELECT {DOCUMENT_COLUMNS} FROM documents WHERE {column} = ?", (value,))
            return document_of(rows[0]) if rows else None
        except DAMAGED as reason:
            raise damaged_document(self.folder, self.name_of(value) if column == "id" else value, reason) from None

    def put(self, prepared: Prepared, path: bytes | None) -> None:
        """Add a document, or replace the one of that name; the vectors of its keys must be here."""
        document = prepared.document
        with self.changing() as connection:
            row = connection.execute("SELECT id FROM files WHERE path = ?", (path,)).fetchone()
            connection.execute("DELETE FROM documents WHERE id = ? OR name = ?", (document.id, document.name))
            connection.execute(
                f"INSERT INTO documents VALUES ({','.join('?' * 14)})", document_row(prepared, row[0] if row else None)
            )
            connection.executemany("INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?)", passage_rows(prepared))
            next_generation(connection)

    def relabel(self, name: str, title: str, metadata: Mapping[str, str]) -> None:
        """Give a document another title and other metadata; its text and passages stay."""
        with self.changing() as connection:
            if self.document(name) is None:  # a damaged one is not to be given a checksum that is right
                return
            row = connection.execute(f"SELECT {DOCUMENT_COLUMNS} FROM documents WHERE name = ?", (name,)).fetchone()
            written = metadata_to_json(metadata)
            checksum = row_checksum(name, title, written, *row[3:-1])
            values = (title, written, checksum, name)
            connection.execute("UPDATE documents SET title = ?, metadata = ?, checksum = ? WHERE name = ?", values)
            next_generation(connection)

    def remove(self, names: Sequence[str]) -> int:
        """Remove documents with all that belongs to them; how many were there.

        Their files are left unfinished, so that indexing them again brings the documents back.
        """
        removed = 0
        with self.changing() as connection:
            for name in names:
                connection.execute(
                    "UPDATE files SET finished = 0 WHERE id = (SELECT file_id FROM documents WHERE name = ?)", (name,)
                )
                removed += connection.execute("DELETE FROM documents WHERE name = ?", (name,)).rowcount
            if removed:
                next_generation(connection)
        return removed

    def held(self, keys: Sequence[bytes]) -> set[bytes]:
        """Those of the keys whose vectors are here."""
        return self.vectors.held(keys)

    def vectors_of(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """The vectors (dimension) of those keys that are here."""
        numbers = self.vectors.numbers(keys)
        found = dict(zip(*self.vectors.of(list(numbers.values())), strict=True))
        return {key: found[number].astype(np.float32) for key, number in numbers.items() if number in found}

    def put_texts(
        self, keys: Sequence[bytes], vectors: NDArray[np.float32], terms: Sequence[Mapping[str, int]]
    ) -> None:
        """Keep the vector (keys, dimension) and the terms of each text that is new; documents that need them may come later.

        The terms of all texts that are here must be here (`PostingTable.lacking`).
        """
        with self.changing():
            numbers = self.vectors.put(keys, vectors)
            fresh = {key: each for key, each in zip(keys, terms, strict=True) if key in numbers}
            self.postings.put(list(numbers.values()), list(fresh.values()))

    def drop_unused(self) -> None:
        """Take away the vectors and terms of no passage."""
        with self.changing():
            self.postings.note_removed(self.vectors.drop_unused())

    # Passages

    def passage_count(self) -> int:
        return int(str(self._database.rows("SELECT count(*) FROM passages")[0][0]))

    def passages(self, ids: Sequence[int]) -> list[Passage]:
        """The passages of these ids, in their order; ids that are no longer here, or damaged, are left out."""
        found: dict[int, Passage] = {}
        for part in parts(ids):
            query = f'SELECT id, document_id, "start", "end", headings FROM passages WHERE id IN ({marks(part)})'
            for row in self._database.rows(query, part):
                with suppress(*DAMAGED):  # of a damaged row; `yinju check` names it
                    passage = passage_of(row)
                    found[passage.id] = passage
        return [found[each] for each in ids if each in found]

    def passage_ids(self) -> Ids:
        """The ids of all passages, sorted."""
        rows = self._database.rows("SELECT id FROM passages ORDER BY id")
        return np.array([row[0] for row in rows if isinstance(row[0], int)], np.int64)

    def passages_of(self, document_ids: Sequence[str]) -> tuple[Ids, Ids]:
        """The number of the text and the id of every passage of these documents, sorted."""
        query = (
            "SELECT vectors.id, passages.id FROM passages JOIN vectors USING (key) "
            "WHERE document_id IN (SELECT value FROM json_each(?)) ORDER BY vectors.id, passages.id"
        )
        rows = self._database.rows(query, (json.dumps(document_ids),))
        table = np.array([row for row in rows if isinstance(row[1], int)], np.int64).reshape(-1, 2)
        return table[:, 0].copy(), table[:, 1].copy()

    def documents_with(self, number: int) -> list[str]:
        """The names of the documents that have the text of that number, sorted."""
        query = (
            "SELECT DISTINCT name FROM passages JOIN documents ON document_id = documents.id "
            "WHERE key = (SELECT key FROM vectors WHERE id = ?) ORDER BY name"
        )
        return [str(row[0]) for row in self._database.rows(query, (number,))]

    def passage_with(self, key: bytes) -> Passage | None:
        """Some passage with the text of that key."""
        query = 'SELECT id, document_id, "start", "end", headings FROM passages WHERE key = ? ORDER BY id LIMIT 1'
        rows = self._database.rows(query, (key,))
        return passage_of(rows[0]) if rows else None

    def passages_with_keys(self, document_id: str) -> list[tuple[Passage, bytes]]:
        """The passages of a document in order, each with the key of its vector."""
        query = (
            'SELECT id, document_id, "start", "end", headings, key FROM passages WHERE document_id = ? ORDER BY "start"'
        )
        rows = self._database.rows(query, (document_id,))
        return [(passage_of(row[:-1]), row[-1]) for row in rows if isinstance(row[-1], bytes)]

    def ahead(self, files: Sequence[tuple[bytes, str]] = (), names: Sequence[str] = (), contents: Sequence[str] = ()) -> None:
        """What will be asked about next; here every question is answered at once (`corpus.store`)."""

    def cut_before(self, content: str) -> list[tuple[Passage, bytes]]:
        """The passages and keys of a document with that `document_hash`; none where there is no such document."""
        rows = self._database.rows("SELECT id FROM documents WHERE hash = ? LIMIT 1", (content,))
        return self.passages_with_keys(str(rows[0][0])) if rows else []

    def labels(self) -> list[tuple[str, str, str, dict[str, str]]]:
        """(id, name, title, metadata) of every document."""
        rows = self._database.rows("SELECT id, name, title, metadata FROM documents ORDER BY name")
        return [(str(i), str(n), str(t), _metadata(m) or {}) for i, n, t, m in rows]

    def distinct_values(self, key: str, limit: int) -> list[str]:
        """At most `limit` different values that documents have under a key of their metadata, sorted."""
        query = (
            "SELECT DISTINCT json_extract(metadata, '$.' || json_quote(?)) AS value FROM documents "
            "WHERE value IS NOT NULL AND value <> '' LIMIT ?"
        )
        return sorted(str(row[0]) for row in self._database.rows(query, (key, limit)))

    # What people said of answers

    def add_feedback(self, said: Feedback) -> None:
        with self.changing() as connection:
            put_feedback(connection, said)

    def feedback(self) -> Iterator[Feedback]:
        """Every verdict, oldest first."""
        with self.reading() as connection:
            return kept_feedback(connection)

    # Files derived from the truth

    def name_derived(self, key: str, derived: Derived) -> None:
        """From now on this is what is derived from the library under `key`."""
        value = {"file": derived.path.name, "checksum": derived.checksum, "last": derived.marks.last, "gone": derived.marks.gone}
        self.set_meta(key, json.dumps(value))

    def derived(self, key: str) -> Derived | None:
        """What is named last under `key`."""
        value = self.meta(key)
        if value is None:
            return None
        try:
            named = json.loads(value)
            return Derived(self.folder / named["file"], int(named["checksum"]), Marks(int(named["last"]), int(named["gone"])))
        except DAMAGED:  # then it is made anew
            return None


def damaged_document(folder: Path, name: str, reason: object) -> DamagedDocument:
    return DamagedDocument(
        f"{name} in {folder} is damaged ({str(reason).split(' with text')[0]}); run: yinju docs remove {shlex.quote(name)}, and index its file again"
    )


def _metadata(value: object) -> dict[str, str] | None:
    """A document's metadata; None where they are damaged."""
    try:
        found = json.loads(str(value))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _is_ours(name: str) -> bool:
    """Whether a file of the folder is what a process killed while it made a library may leave."""
    return name == WRITER_LOCK or name.startswith(f".{DATABASE}.")


def _build(folder: Path, settings: dict[str, str]) -> None:
    if (folder / DATABASE).is_file():
        return
    for left in folder.glob(f".{DATABASE}.*"):
        left.unlink()
    building = folder / f".{DATABASE}.new"
    new_database(building, settings)
    os.replace(building, folder / DATABASE)
    # Its name, and that of its folder, are to be there after the power fails.
    for each in (folder, folder.parent):
        to_disk(each)
