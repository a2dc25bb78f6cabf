"""The right to write a library in a folder, for one process at a time."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from corpus.connect import WRITER_LOCK
from corpus.errors import LibraryError
from corpus.trouble import CANNOT_GROW, cannot_write


@contextmanager
def write_lock(folder: Path) -> Iterator[None]:
    """Raises LibraryError where another process has it, where the folder cannot be written, or where the disk fills inside."""
    lock = FileLock(folder / WRITER_LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise LibraryError(
            f"another process is indexing into {folder}; wait until it is done, then try again"
        ) from None
    except OSError as reason:
        raise LibraryError(
            f"{folder} cannot be written ({reason.strerror}); give a library that can be, with --library"
        ) from None
    try:
        yield
    except sqlite3.OperationalError as reason:
        raise LibraryError(cannot_write(folder, str(reason))) from None
    except OSError as reason:
        if reason.errno not in CANNOT_GROW:
            raise
        raise LibraryError(cannot_write(folder, reason.strerror or str(reason))) from None
    finally:
        lock.release()
