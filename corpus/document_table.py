"""The table of documents: what is kept of each, its labels, and what indexing must know of it."""

import json
import shlex
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from corpus.database import Database, next_generation
from corpus.document import Document, Sentence
from corpus.document_list import Found, find
from corpus.errors import DamagedDocument
from corpus.rows import (
    DAMAGED,
    DOCUMENT_COLUMNS,
    Prepared,
    document_of,
    document_row,
    metadata_to_json,
    passage_rows,
    row_checksum,
)


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


class DocumentTable:
    """The documents of an open library in `folder`; `generation` counts its changes. What is changed is changed inside `changing`."""

    def __init__(
        self, database: Database, folder: Path, changing: Callable[[], AbstractContextManager[sqlite3.Connection]], generation: Callable[[], int]
    ) -> None:
        self._database = database
        self._folder = folder
        self._changing = changing
        self._generation = generation

    def count(self) -> int:
        return int(str(self._database.rows("SELECT count(*) FROM documents")[0][0]))

    def listed(self) -> list[Listed]:
        rows = self._database.rows(
            "SELECT name, title, (SELECT count(*) FROM passages WHERE document_id = documents.id), characters, "
            "metadata FROM documents ORDER BY name"
        )
        return [Listed(str(n), str(t), int(str(p)), int(str(c)), _metadata(m) or {}) for n, t, p, c, m in rows]

    def find(self, words: str = "", limit: int = 50, offset: int = 0) -> Found:
        """The documents whose title or name holds every one of the words; without words, all documents."""
        with self._database.reading() as connection:
            return find(connection, str(self._generation()), words, limit, offset)

    def known(self, path: bytes | None) -> dict[str, KnownDocument]:
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
            raise damaged_document(self._folder, self.name_of(value) if column == "id" else value, reason) from None

    def put(self, prepared: Prepared, path: bytes | None) -> None:
        """Add a document, or replace the one of that name; the vectors of its keys must be here."""
        document = prepared.document
        with self._changing() as connection:
            row = connection.execute("SELECT id FROM files WHERE path = ?", (path,)).fetchone()
            connection.execute("DELETE FROM documents WHERE id = ? OR name = ?", (document.id, document.name))
            connection.execute(
                f"INSERT INTO documents VALUES ({','.join('?' * 14)})", document_row(prepared, row[0] if row else None)
            )
            connection.executemany("INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?)", passage_rows(prepared))
            next_generation(connection)

    def relabel(self, name: str, title: str, metadata: Mapping[str, str]) -> None:
        """Give a document another title and other metadata; its text and passages stay."""
        with self._changing() as connection:
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
        with self._changing() as connection:
            for name in names:
                connection.execute(
                    "UPDATE files SET finished = 0 WHERE id = (SELECT file_id FROM documents WHERE name = ?)", (name,)
                )
                removed += connection.execute("DELETE FROM documents WHERE name = ?", (name,)).rowcount
            if removed:
                next_generation(connection)
        return removed

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
