"""Opening the database file: to write, to read where nothing can be written, and of an older format."""

import shutil
import sqlite3
import tempfile
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from corpus.errors import LibraryError
from corpus.schema import FORMAT, format_of, migrate
from corpus.trouble import cannot_write, damaged, explained

DATABASE = "library.sqlite"
WRITER_LOCK = "writer.lock"
# Kilobytes of the database that a connection keeps at most: the upper pages of the trees of a million passages.
CACHE = 65_536
# How often files are copied that someone writes meanwhile.
TRIES = 10
# Of the database and of its log: which file it is, its size, and when it was written; None where there is none.
State = tuple[tuple[int, int, int] | None, ...]


def connect(folder: Path) -> tuple[sqlite3.Connection, bool]:
    """A connection to the library's database, and whether it can write and sees what others write.

    A library of an older format is migrated; where it cannot be written, or is being written, a
    copy in memory is migrated instead. Raises LibraryError where this version cannot read it.
    """
    path = folder / DATABASE
    try:
        connection, found, live = _readable(path)
        if found == FORMAT:
            return connection, live
        if found is None or found > FORMAT:
            known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'documents'").fetchone()
            connection.close()
            raise damaged(path, "its format is not said") if found is None and known else LibraryError(unknown_format(folder, found))
        try:
            if not live:
                raise OSError("it cannot be written")
            with FileLock(folder / WRITER_LOCK, timeout=0):
                migrate(connection)
            return connection, True
        except (OSError, Timeout, sqlite3.OperationalError):
            copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            connection.backup(copy)
            connection.close()
            migrate(copy)
            return copy, False
    except UnicodeDecodeError as reason:  # what SQLite says of it names a damaged table
        raise damaged(path, reason.reason) from None
    except sqlite3.DatabaseError as reason:
        raise explained(path, reason, writing=False) or damaged(path, reason) from None


def migrated(folder: Path) -> sqlite3.Connection:
    """A connection to the database itself, brought to this format; for who holds the writer's lock.

    Raises LibraryError where it cannot be written, or is of a newer format.
    """
    connection, found, live = _readable(folder / DATABASE)
    if not live or found is None or found > FORMAT:
        connection.close()
        raise LibraryError(unknown_format(folder, found) if live else cannot_write(folder, "it may only be read"))
    migrate(connection)
    return connection


def state_of(folder: Path) -> State:
    """What tells that someone has written a database that is read as it stood when it was opened."""
    return tuple(map(_state, (folder / DATABASE, folder / f"{DATABASE}-wal")))


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def new_database(path: Path, settings: dict[str, str]) -> None:
    """A database of the newest format without documents."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        migrate(connection)
        connection.executemany("INSERT INTO meta VALUES (?, ?)", settings.items())
    finally:
        connection.close()


def unknown_format(folder: Path, found: int | None) -> str:
    if found is None:
        return f"{folder / DATABASE} is no library of Yinju's; give the folder that `yinju index` made"
    return (
        f"{folder} has library format {found}, newer than this version of Yinju knows ({FORMAT}); "
        f"update Yinju with: pip install --upgrade yinju"
    )


def _readable(path: Path) -> tuple[sqlite3.Connection, int | None, bool]:
    """A connection that can read, the format it read, and whether it can write and sees what others write."""
    connection, found, live = _opened(path)
    connection.execute(f"PRAGMA cache_size = -{CACHE}")
    return connection, found, live


def readable(path: Path) -> sqlite3.Connection:
    """A connection to any database of SQLite's that can read it, on a disk that cannot be written too.

    Raises sqlite3.DatabaseError where it is none, LibraryError where the file may not be read.
    """
    return _looked_into(path)[0]


def _opened(path: Path) -> tuple[sqlite3.Connection, int | None, bool]:
    connection, live = _looked_into(path)
    # Neither succeeds on a disk that cannot be written, which is still read.
    with suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    return connection, format_of(connection), live


def _looked_into(path: Path) -> tuple[sqlite3.Connection, bool]:
    """A connection that can read, and whether it sees what others write."""
    connection = _connect(str(path))
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return connection, True
    except sqlite3.OperationalError:
        # SQLite makes files beside a WAL database even to read it, and here it could not.
        connection.close()
    except sqlite3.DatabaseError:
        connection.close()
        raise
    log = path.with_name(path.name + "-wal")
    try:
        if log.is_file() and log.stat().st_size:
            return _copied(path, log), False
    except OSError as reason:
        raise LibraryError(f"{path} cannot be read ({reason.strerror}); check that it may be read") from None
    return _connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1"), False


def _copied(path: Path, log: Path) -> sqlite3.Connection:
    """The database with what stands in its log only, by way of a temporary copy."""
    with tempfile.TemporaryDirectory(prefix="yinju-") as scratch:
        for _ in range(TRIES):
            before = state_of(path.parent)
            for each in (path, log):
                shutil.copyfile(each, Path(scratch) / each.name)
            if state_of(path.parent) == before:  # else they are not of one moment
                break
        source = _connect(str(Path(scratch) / path.name))
        connection = _connect(":memory:")
        source.backup(connection)
        source.close()
    return connection


def _connect(target: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        target, isolation_level=None, check_same_thread=False, timeout=30, uri=target.startswith("file:")
    )
    connection.execute("PRAGMA foreign_keys = ON")
    return connection
