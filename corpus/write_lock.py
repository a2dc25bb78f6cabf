"""The right to write a library in a folder, for one process at a time."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from corpus.connect import WRITER_LOCK
from corpus.errors import LibraryError
from corpus.trouble import CANNOT_GROW, cannot_write

EXCHANGE_LOCK = "exchange.lock"
# Seconds that it takes at most to put a repaired database into the place of a damaged one, or a verdict into it.
PATIENCE = 30


@contextmanager
def write_lock(folder: Path) -> Iterator[None]:
    """Raises LibraryError where another process has it, where the folder cannot be written, or where the disk fills inside."""
    with _held(folder, WRITER_LOCK, 0, f"another process is indexing into {folder}; wait until it is done, then try again"):
        try:
            yield
        except sqlite3.OperationalError as reason:
            raise LibraryError(cannot_write(folder, str(reason))) from None
        except OSError as reason:
            if reason.errno not in CANNOT_GROW:
                raise
            raise LibraryError(cannot_write(folder, reason.strerror or str(reason))) from None


@contextmanager
def exchange_lock(folder: Path) -> Iterator[None]:
    """What people say, which is kept while others write, does not come between the reading of a damaged database and its exchange.

    Raises LibraryError where the folder cannot be written, or another process has it for long.
    """
    with _held(folder, EXCHANGE_LOCK, PATIENCE, f"{folder} is being repaired; try again in a minute"):
        yield


@contextmanager
def _held(folder: Path, name: str, timeout: float, busy: str) -> Iterator[None]:
    if not folder.is_dir():  # the lock would make it
        raise LibraryError(f"{folder} was removed by another process; try again")
    lock = FileLock(folder / name, timeout=timeout)
    try:
        lock.acquire()
    except Timeout:
        raise LibraryError(busy) from None
    except OSError as reason:
        raise LibraryError(
            f"{folder} cannot be written ({reason.strerror}); give a library that can be, with --library"
        ) from None
    try:
        yield
    finally:
        lock.release()
