"""What can still be read of a damaged database, row by row, past the pages that cannot.

Nothing is believed that is not proved: a document by its checksum and its spans, a vector by its own.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus.check import wrong_in_document
from corpus.connect import DATABASE
from corpus.database import marks, parts
from corpus.document import Document
from corpus.errors import DamagedLibrary
from corpus.feedback import VERDICTS, Feedback
from corpus.file_table import FILE_COLUMNS, KnownFile, known_file
from corpus.rows import DAMAGED, DOCUMENT_COLUMNS, document_of, row_checksum
from corpus.schema import FORMAT, format_of
from corpus.trouble import beyond_repair, explained

# What reading a damaged page, row or text may raise.
UNREADABLE = (sqlite3.Error, UnicodeDecodeError, *DAMAGED)
# Numbers of rows that are tried one by one where a page with a list of them cannot be read.
TRIED = 1_000_000
FEEDBACK_COLUMNS = 'question, verdict, document, "start", "end", text, "when"'


@dataclass(frozen=True)
class Saved:
    """A document as it was stored, and the path of its file, if it has one that is known."""

    document: Document
    path: bytes | None


@dataclass(frozen=True)
class Lost:
    """A document that cannot be read, or is not what was stored; its name, and the path of its file, where they can be told."""

    name: str | None
    path: bytes | None


@contextmanager
def damaged_database(folder: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a library's database that reads as far as it can.

    Raises DamagedLibrary where SQLite cannot open it, LibraryError where the disk has no room to.
    """
    path = folder / DATABASE
    with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as connection:
        try:
            # As SQLite's own recovery does: a file that was cut, or a damaged definition of one table, stops no other.
            connection.execute("PRAGMA writable_schema = ON")
            found = format_of(connection) or _format_by_columns(connection)
        except UNREADABLE as reason:
            said = explained(path, reason, writing=True) if isinstance(reason, sqlite3.Error) else None
            if said is None or isinstance(said, DamagedLibrary):
                raise beyond_repair(path, reason) from None
            raise said from None
        if found != FORMAT:
            raise beyond_repair(path, f"its format is {found}")
        yield connection


def _format_by_columns(connection: sqlite3.Connection) -> int | None:
    """The format, where the row that says so is damaged: since format 6, the newest, documents have a checksum."""
    columns = [row[1] for row in connection.execute("PRAGMA table_info(documents)")]
    return FORMAT if "checksum" in columns else None


class Salvage:
    """What is read of a damaged database, for one thread; `complete` while it is certain that nothing was lost but what is told as `Lost`."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        # Pages may lack rows without a sign of it.
        self.complete = self._is_sound()
        self.meta = self._meta()
        if not self.meta.get("model"):
            raise beyond_repair(path, "of which model its vectors are cannot be read")
        self.model = self.meta["model"]

    def _is_sound(self) -> bool:
        try:
            return self._connection.execute("PRAGMA integrity_check(1)").fetchall() == [("ok",)]
        except UNREADABLE:
            return False

    def _meta(self) -> dict[str, str]:
        found: dict[str, str] = {}
        try:
            for key, value in self._connection.execute("SELECT key, value FROM meta"):
                found[str(key)] = str(value)
        except UNREADABLE:
            self.complete = False
        return found

    def document_count(self) -> int:
        """How many documents there are, as far as they can be counted."""
        try:
            return int(self._connection.execute("SELECT count(*) FROM documents").fetchone()[0])
        except UNREADABLE:
            return 0

    def documents(self) -> Iterator[Saved | Lost]:
        """Every document that there is a trace of, in the order in which they were stored."""
        paths = {number: row[0] for number, row in self._rows("files", "path") if row}
        names = self._names()
        for number, row in self._rows("documents", f"file_id, {DOCUMENT_COLUMNS}", "file_id"):
            path = paths.get(row[0]) if row and isinstance(row[0], int) else None
            path = path if isinstance(path, bytes) else None
            document = _whole(row[1:]) if len(row) > 1 else None
            if document is not None:
                names.pop(number, None)
                yield Saved(document, path)
            elif number in names or row:
                self.complete = self.complete and path is not None
                yield Lost(names.pop(number, None), path)
        for name in names.values():
            self.complete = False
            yield Lost(name, None)

    def _names(self) -> dict[int, str]:
        """The names of documents by the numbers of their rows, from the index of names."""
        found: dict[int, str] = {}
        for order in ("ASC", "DESC"):
            try:
                query = f"SELECT rowid, name FROM documents INDEXED BY sqlite_autoindex_documents_2 ORDER BY name {order}"
                for number, name in self._connection.execute(query):
                    found[number] = str(name)
                break
            except UNREADABLE:
                self.complete = False
        return found

    def files(self) -> Iterator[KnownFile]:
        """What is known of files."""
        for _, row in self._rows("files", FILE_COLUMNS):
            file = known_file(row)
            if file is not None and b"\0" not in file.path:
                yield file
            else:
                self.complete = False

    def feedback(self) -> Iterator[Feedback]:
        """What people said of answers, oldest first."""
        for _, row in self._rows("feedback", FEEDBACK_COLUMNS):
            if len(row) == 7 and row[1] in VERDICTS and all(isinstance(row[each], str) for each in (0, 5, 6)):
                yield Feedback(*row)  # type: ignore[arg-type]

    def vectors(self, keys: Sequence[bytes], dimension: int) -> dict[bytes, NDArray[np.float32]]:
        """The vectors (dimension) of those keys that are what was stored."""
        found: dict[bytes, NDArray[np.float32]] = {}
        for part in parts(keys):
            for key, vector, checksum in self._vectors(part):
                if not isinstance(key, bytes) or not isinstance(vector, bytes) or len(vector) != 2 * dimension:
                    continue
                row = np.frombuffer(vector, "<f2").astype(np.float32)
                # Those of format 5 have no checksum; every vector has the length 1.
                if checksum == row_checksum(key, vector) or (checksum is None and abs(float(np.linalg.norm(row)) - 1) < 0.01):
                    found[key] = row
        return found

    def _vectors(self, keys: Sequence[bytes]) -> list[tuple[object, ...]]:
        query = "SELECT key, vector, checksum FROM vectors WHERE key IN ({})"
        try:
            return self._connection.execute(query.format(marks(keys)), keys).fetchall()
        except UNREADABLE:
            return [] if len(keys) == 1 else [row for each in keys for row in self._vectors([each])]

    def _rows(self, table: str, columns: str, fewer: str = "") -> Iterator[tuple[int, tuple[object, ...]]]:
        """Each row that there is a trace of: its number, and its columns, or the `fewer` ones, or nothing."""
        for number in self._numbers(table):
            for some in filter(None, (columns, fewer)):
                try:
                    row = self._connection.execute(f"SELECT {some} FROM {table} NOT INDEXED WHERE rowid = ?", (number,)).fetchone()
                except UNREADABLE:
                    self.complete = False
                    continue
                if row is not None:
                    yield number, row
                break
            else:
                yield number, ()

    def _numbers(self, table: str) -> list[int]:
        """The numbers of a table's rows: from both ends up to what cannot be read, and all that may lie between."""
        found: set[int] = set()
        ends = []
        for order in ("ASC", "DESC"):
            last = None
            try:
                for (last,) in self._connection.execute(f"SELECT rowid FROM {table} NOT INDEXED ORDER BY rowid {order}"):
                    found.add(last)
                if order == "ASC":
                    return sorted(found)
            except UNREADABLE:
                self.complete = False
            ends.append(last)
        first = ends[0] or 0
        end = ends[1] if ends[1] is not None else first + 4096
        return sorted(found.union(range(first + 1, min(end, first + TRIED))))


def _whole(row: Sequence[object]) -> Document | None:
    """The document of a row of DOCUMENT_COLUMNS; None where it is not what was stored."""
    try:
        document, sentences = document_of(row)
        return document if next(wrong_in_document(document, document.id, sentences), None) is None else None
    except UNREADABLE:
        return None
