"""The open database: one connection, used by many threads one at a time, and its transactions."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

# SQLite allows 32,766 values in a statement, older ones 999.
VALUES = 900

Value = TypeVar("Value")


class Database:
    """A connection that threads take turns with."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.RLock()

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def replace(self, connection: sqlite3.Connection) -> None:
        """Go on with another connection to the same library."""
        with self._lock:
            self._connection.close()
            self._connection = connection

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """One transaction around all that is changed inside: all of it is kept, or nothing."""
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """All that is read inside is of one moment, whatever another process writes meanwhile."""
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                self._connection.execute("COMMIT")

    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        with self._lock:
            return self._connection.execute(query, values).fetchall()


def parts(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """The values in pieces that fit into one statement."""
    return (values[at : at + VALUES] for at in range(0, len(values), VALUES))


def marks(values: Sequence[object]) -> str:
    """A question mark for each value."""
    return ",".join("?" * len(values))


def next_generation(connection: sqlite3.Connection) -> None:
    """Say that documents have changed, so that what is derived from them is stale."""
    connection.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'generation'")
