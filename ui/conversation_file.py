"""The file that conversations stand in: made where there is none, looked at closely, set aside where it is damaged.

Many processes may open it at once; one makes it or sets it aside, and the others wait.
"""

import logging
import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from corpus.database import Database
from ui.talks import ConversationError, folded

FILE = "conversations.db"
# Held while the file is made or set aside, and never longer.
LOCK = "conversations.lock"
# Seconds to wait for what another process writes.
BUSY = 10
# Of the tables below.
FORMAT = 1
LOG = logging.getLogger(__name__)

# `words` are the question and the quotes as they are searched.
TABLES = """
CREATE TABLE conversation (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL DEFAULT '', title TEXT NOT NULL, created TEXT NOT NULL, changed TEXT NOT NULL
);
CREATE INDEX conversation_of_owner ON conversation (owner, changed);
CREATE TABLE turn (
    id TEXT PRIMARY KEY, conversation TEXT NOT NULL REFERENCES conversation ON DELETE CASCADE, position INTEGER NOT NULL,
    question TEXT NOT NULL, answer BLOB NOT NULL, words TEXT NOT NULL, created TEXT NOT NULL,
    UNIQUE (conversation, position)
);
"""


class _Foreign(sqlite3.DatabaseError):
    """A file that is a database, but not a whole one of ours."""


def opened(path: Path | None) -> sqlite3.Connection:
    """A connection to the file, which is made where there is none; a damaged one is set aside first. None is memory.

    Raises ConversationError where the file is of a newer format, sqlite3.Error, OSError or filelock's Timeout
    where it cannot be opened or made.
    """
    if path is None:
        return _connected(":memory:")
    with FileLock(path.with_name(LOCK), timeout=BUSY):
        try:
            return _connected(str(path))
        except sqlite3.DatabaseError as reason:
            if not is_damage(reason):
                raise
            aside = path.with_name(f"conversations-damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.db")
            os.replace(path, aside)
            for ending in ("-wal", "-shm"):
                if path.with_name(FILE + ending).exists():
                    os.replace(path.with_name(FILE + ending), aside.with_name(aside.name + ending))
            LOG.warning("%s is damaged (%s); it is set aside as %s, and conversations begin anew", path, reason, aside.name)
            return _connected(str(path))


def which_file(path: Path) -> tuple[int, int] | None:
    """Which file is there: another of the same name differs."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def is_damage(reason: sqlite3.DatabaseError) -> bool:
    """Whether the file has to be set aside: it is damaged, no database, or not ours."""
    return isinstance(reason, _Foreign) or _code(reason) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def is_busy(reason: Exception) -> bool:
    """Whether another process writes the file, or makes it, just now."""
    return isinstance(reason, Timeout) or _code(reason) == sqlite3.SQLITE_BUSY


def _connected(target: str) -> sqlite3.Connection:
    connection = sqlite3.connect(target, timeout=BUSY, isolation_level=None, check_same_thread=False)
    try:
        # Of bytes: text that is none would fail on its way, and with it every search.
        connection.create_function("folded", 1, lambda raw: folded(_text(raw or b"")), deterministic=True)
        connection.text_factory = _text
        try:
            whole = connection.execute("PRAGMA integrity_check(1)").fetchall()
            if whole != [("ok",)]:
                raise _Foreign(*whole[0] if whole else ("it cannot be looked at",))
            with Database(connection).changing():
                _make_tables(connection)
        except UnicodeDecodeError:  # what SQLite says of a damaged file repeats its bytes
            raise _Foreign("its tables have names that are no text") from None
        # Only now: what is set aside stays as it was. `secure_delete`: what a reader deletes is gone from the file too.
        for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
            connection.execute(f"PRAGMA {setting}")
        return connection
    except BaseException:
        connection.close()
        raise


def _text(raw: bytes) -> str:
    """Text as it stands in the file: bytes that are none are shown as such, and hide no conversation."""
    return raw.decode("utf-8", "replace")


def _make_tables(connection: sqlite3.Connection) -> None:
    ((found,),) = connection.execute("PRAGMA user_version").fetchall()
    tables = _tables(connection)
    if found > FORMAT:
        raise ConversationError(f"{FILE} has format {found}, newer than this version of Yinju knows ({FORMAT})")
    if found == 0 and not tables:
        for statement in filter(str.strip, TABLES.split(";")):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {FORMAT}")
    elif found != FORMAT or not tables.items() >= _ours().items():
        raise _Foreign("it holds other tables")


def _tables(connection: sqlite3.Connection) -> dict[str, str]:
    """How each table and index was defined, by name: a letter that is another in it shows only when the table is written to."""
    found = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {str(name): " ".join(str(sql).split()) for name, sql in found}


def _ours() -> dict[str, str]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(TABLES)
        return _tables(connection)


def _code(reason: Exception) -> int:
    """SQLite's primary result code."""
    return int(getattr(reason, "sqlite_errorcode", 0)) & 0xFF
