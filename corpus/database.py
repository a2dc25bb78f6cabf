"""The open database: one connection, used by many threads one at a time, and its transactions."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from corpus.errors import DamagedLibrary
from corpus.trouble import NO_TEXT, damaged, explained

# SQLite allows 32,766 values in a statement, older ones 999.
VALUES = 900

Value = TypeVar("Value")


class Database:
    """A connection that threads take turns with.

    With the `path` of its file, what the disk does wrong is a LibraryError that says so, and not SQLite's own.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path | None = None) -> None:
        self._connection = connection
        self._path = path
        self._lock = threading.RLock()

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @property
    def is_idle(self) -> bool:
        """Whether this thread is in none of its transactions; those of others are waited for."""
        with self._lock:
            return not self._connection.in_transaction

    def replace(self, connection: sqlite3.Connection) -> None:
        """Go on with another connection to the same library."""
        with self._lock:
            self._connection.close()
            self._connection = connection

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """One transaction around all that is changed inside: all of it is kept, or nothing."""
        with self._lock, self._explained(writing=True):
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """All that is read inside is of one moment, whatever another process writes meanwhile."""
        with self._lock, self._explained(writing=False):
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        with self._lock, self._explained(writing=False):
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.OperationalError as reason:
                if not self._reads_on(reason):
                    raise
                return self._connection.execute(query, values).fetchall()

    def _reads_on(self, reason: sqlite3.Error) -> bool:
        """Whether a text is damaged: from now on such texts are read with what can be read of them."""
        if self._path is None or NO_TEXT not in str(reason) or self._connection.text_factory is not str:
            return False
        self._connection.text_factory = _replaced
        return True

    def damaged(self, reason: object) -> DamagedLibrary:
        """The error that says that what was read is not what was stored."""
        return damaged(self._path or Path("the database"), reason)

    def _roll_back(self) -> None:
        # SQLite may have done it already; and what went wrong before is what is to be told.
        with suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    @contextmanager
    def _explained(self, writing: bool) -> Iterator[None]:
        try:
            yield
        except UnicodeDecodeError as reason:  # what SQLite says names a table or column, and that is damaged
            raise self.damaged(reason.reason) from None
        except sqlite3.Error as reason:
            self._reads_on(reason)
            said = None if self._path is None else explained(self._path, reason, writing)
            if said is None:
                raise
            raise said from None


def _replaced(raw: bytes) -> str:
    return raw.decode("utf8", "replace")


def parts(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """The values in pieces that fit into one statement."""
    return (values[at : at + VALUES] for at in range(0, len(values), VALUES))


def marks(values: Sequence[object]) -> str:
    """A question mark for each value."""
    return ",".join("?" * len(values))


def next_generation(connection: sqlite3.Connection) -> None:
    """Say that documents have changed, so that what is derived from them is stale."""
    connection.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'generation'")
