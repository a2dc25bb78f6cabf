"""The library: a folder whose SQLite file is the truth about documents, passages and vectors.

Everything of one document (text, blocks, sentence spans, passages, their vectors) is written in one
transaction, so a process killed at any moment leaves whole documents or none. Other files of the
folder are derived; the transaction that makes one valid also names it. Nothing is ever unpickled.
Many processes may read while one writes.
"""

import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from corpus.document import Block, Document, Passage, Sentence
from corpus.errors import LibraryError

FORMAT = 1
DATABASE = "library.sqlite"
SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, title TEXT NOT NULL, text TEXT NOT NULL,
    blocks TEXT NOT NULL, metadata TEXT NOT NULL, sentences BLOB NOT NULL,
    source TEXT NOT NULL, hash TEXT NOT NULL
);
CREATE INDEX documents_by_source ON documents (source);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY, document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    "start" INTEGER NOT NULL, "end" INTEGER NOT NULL, headings TEXT NOT NULL, vector BLOB NOT NULL
);
CREATE INDEX passages_by_document ON passages (document_id, "start");
"""

Vectors = NDArray[np.float16]


@dataclass(frozen=True)
class Listed:
    """A document as `docs list` shows it."""

    name: str
    title: str
    passages: int
    characters: int
    metadata: dict[str, str]


@dataclass(frozen=True)
class Known:
    """What indexing must know of a document that is here already."""

    name: str
    source: str
    hash: str


class Library:
    """An open library. One object may be used by many threads, one at a time inside."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self._connection = connection
        self._lock = threading.RLock()

    @classmethod
    def open(cls, folder: str | Path) -> "Library":
        """The library in `folder`. Raises LibraryError where there is none that this version reads."""
        folder = Path(folder)
        if not folder.exists():
            raise LibraryError(f"there is no library at {folder}; make one with: yinju index PATH --library {folder}")
        if not (folder / DATABASE).is_file():
            raise LibraryError(f"{folder} is not a Yinju library; give the folder that `yinju index` made")
        library = cls(folder, _connect(folder))
        try:
            found = library.meta("format")
        except sqlite3.DatabaseError as reason:
            library.close()
            raise LibraryError(
                f"{folder / DATABASE} cannot be read ({reason}); restore it from a copy, or delete {folder} and index again"
            ) from None
        if found != str(FORMAT):
            library.close()
            raise LibraryError(
                f"{folder} has library format {found}, and this version reads {FORMAT}; "
                f"index your files again into a new folder with --library"
            )
        return library

    @classmethod
    def create(cls, folder: str | Path, model: str, dimension: int) -> "Library":
        """A new library for vectors of that model, or the one that is there for the same model.

        Raises LibraryError where the folder holds something else, or a library of another model.
        """
        folder = Path(folder)
        if (folder / DATABASE).is_file():
            library = cls.open(folder)
            library.require_model(model, dimension)
            return library
        if folder.exists() and (not folder.is_dir() or any(each.suffix != ".lock" for each in folder.iterdir())):
            raise LibraryError(f"{folder} holds other files and is not a library; choose a new or empty folder")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            building = folder / f".{DATABASE}.{os.getpid()}.lock"
            building.unlink(missing_ok=True)
            connection = sqlite3.connect(building)
            connection.executescript("PRAGMA journal_mode = DELETE;" + SCHEMA)
            settings = {"format": str(FORMAT), "model": model, "dimension": str(dimension), "generation": "0"}
            connection.executemany("INSERT INTO meta VALUES (?, ?)", settings.items())
            connection.commit()
            connection.close()
            os.replace(building, folder / DATABASE)
        except (OSError, sqlite3.Error) as reason:
            raise LibraryError(
                f"a library cannot be made at {folder} ({reason}); choose a folder that can be written, with --library"
            ) from None
        return cls.open(folder)

    def __enter__(self) -> "Library":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """The right to write, for one process at a time. Raises LibraryError where another has it."""
        try:
            with FileLock(self.folder / "writer.lock", timeout=0):
                yield
        except Timeout:
            raise LibraryError(
                f"another process is indexing into {self.folder}; wait until it is done, then try again"
            ) from None

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    # What the library is

    def meta(self, key: str) -> str | None:
        rows = self._rows("SELECT value FROM meta WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else None

    @property
    def model(self) -> str:
        return self.meta("model") or ""

    @property
    def dimension(self) -> int:
        return int(self.meta("dimension") or 0)

    @property
    def generation(self) -> int:
        """Counts changes of passages: what is derived from them is stale when its count differs."""
        return int(self.meta("generation") or 0)

    def require_model(self, model: str, dimension: int) -> None:
        """Raises LibraryError unless the library's vectors are of that model."""
        if (self.model, self.dimension) != (model, dimension):
            raise LibraryError(
                f"{self.folder} was made with the model {self.model} ({self.dimension} dimensions), not {model} "
                f"({dimension}); use that model, or index your files again into a new folder with --library"
            )

    # Documents

    def list_documents(self) -> list[Listed]:
        rows = self._rows(
            "SELECT name, title, (SELECT count(*) FROM passages WHERE document_id = documents.id), length(text), "
            "metadata FROM documents ORDER BY name"
        )
        return [Listed(str(n), str(t), int(str(p)), int(str(c)), json.loads(str(m))) for n, t, p, c, m in rows]

    def known(self) -> list[Known]:
        return [Known(*map(str, row)) for row in self._rows("SELECT name, source, hash FROM documents")]

    def document(self, name: str) -> Document | None:
        return self._document("name", name)

    def document_by_id(self, identity: str) -> Document | None:
        return self._document("id", identity)

    def _document(self, column: str, value: str) -> Document | None:
        rows = self._rows(f"SELECT name, title, text, blocks, metadata FROM documents WHERE {column} = ?", (value,))
        if not rows:
            return None
        name, title, text, blocks, metadata = map(str, rows[0])
        return Document(name, title, text, tuple(Block(**each) for each in json.loads(blocks)), json.loads(metadata))

    def sentences(self, document_id: str) -> list[Sentence]:
        """The sentence spans of a document, in order."""
        rows = self._rows("SELECT sentences FROM documents WHERE id = ?", (document_id,))
        spans = np.frombuffer(rows[0][0], "<u4").reshape(-1, 2) if rows else []  # type: ignore[call-overload]
        return [Sentence(int(start), int(end)) for start, end in spans]

    def put(
        self,
        document: Document,
        sentences: Sequence[Sentence],
        passages: Sequence[Passage],
        vectors: Vectors,
        source: str,
        content_hash: str,
    ) -> None:
        """Add a document, or replace the one of that name: all of it, or nothing.

        `vectors` has the shape (passages, dimension).
        """
        spans = np.array([(each.start, each.end) for each in sentences], "<u4").tobytes()
        blocks = json.dumps([asdict(each) for each in document.blocks], ensure_ascii=False)
        metadata = json.dumps(dict(document.metadata), ensure_ascii=False)
        rows = [
            (p.id, p.document_id, p.start, p.end, json.dumps(p.headings, ensure_ascii=False), vector.tobytes())
            for p, vector in zip(passages, vectors.astype("<f2"), strict=True)
        ]
        with self._transaction() as connection:
            connection.execute("DELETE FROM documents WHERE id = ? OR name = ?", (document.id, document.name))
            connection.execute(
                "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (document.id, document.name, document.title, document.text, blocks, metadata, spans, source, content_hash),
            )
            connection.executemany("INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?)", rows)
            _next_generation(connection)

    def move(self, name: str, source: str) -> None:
        """A document's file now stands elsewhere."""
        with self._transaction() as connection:
            connection.execute("UPDATE documents SET source = ? WHERE name = ?", (source, name))

    def remove(self, names: Sequence[str]) -> int:
        """Remove documents with all that belongs to them; how many were there."""
        with self._transaction() as connection:
            removed = connection.executemany("DELETE FROM documents WHERE name = ?", [(each,) for each in names])
            if removed.rowcount > 0:
                _next_generation(connection)
            return max(removed.rowcount, 0)

    # Passages and vectors

    def passage_count(self) -> int:
        return int(str(self._rows("SELECT count(*) FROM passages")[0][0]))

    def passages(self, ids: Sequence[int]) -> list[Passage]:
        """The passages of these ids, in their order; ids that are no longer here are left out."""
        marks = ",".join("?" * len(ids))
        query = f'SELECT id, document_id, "start", "end", headings FROM passages WHERE id IN ({marks})'
        found = {
            int(str(row[0])): Passage(
                int(str(row[0])), str(row[1]), int(str(row[2])), int(str(row[3])), tuple(json.loads(str(row[4])))
            )
            for row in self._rows(query, ids)
        }
        return [found[each] for each in ids if each in found]

    def vectors(self) -> tuple[int, NDArray[np.int64], Vectors]:
        """The generation, and all ids (n) and vectors (n, dimension) as they stood in it."""
        with self._lock:
            self._connection.execute("BEGIN")
            try:
                generation = self.generation
                rows = self._connection.execute("SELECT id, vector FROM passages ORDER BY id").fetchall()
            finally:
                self._connection.execute("COMMIT")
        ids = np.array([row[0] for row in rows], np.int64)
        vectors = np.frombuffer(b"".join(row[1] for row in rows), "<f2").reshape(len(rows), self.dimension)
        return generation, ids, vectors

    # Files derived from the truth

    def name_derived(self, key: str, file: str, generation: int, checksum: int) -> None:
        """From now on `file` is what is derived from that generation under `key`."""
        value = json.dumps({"file": file, "generation": generation, "checksum": checksum})
        with self._transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def derived(self, key: str) -> tuple[Path, int, int] | None:
        """The file, generation and checksum named last under `key`."""
        value = self.meta(key)
        if value is None:
            return None
        named = json.loads(value)
        return self.folder / named["file"], int(named["generation"]), int(named["checksum"])


def _connect(folder: Path) -> sqlite3.Connection:
    path = folder / DATABASE
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.DatabaseError:
        # A disk that cannot be written is still read; a file that is no database fails on first use.
        pass
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _next_generation(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'generation'")
