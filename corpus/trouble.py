"""What SQLite and the system say of a library's disk, as a sentence for the person who sees it."""

import errno
import os
import sqlite3
from pathlib import Path

from corpus.errors import DamagedLibrary, LibraryError, YinjuError
from corpus.files import printable

# Errors of the system that say a file cannot grow: too large, no space, over the quota, read-only.
CANNOT_GROW = (errno.EFBIG, errno.ENOSPC, errno.EDQUOT, errno.EROFS)
# SQLite's primary result codes of a disk that fails, is full, busy or may not be written or read.
DISK = frozenset((
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOLFS, sqlite3.SQLITE_LOCKED,
))  # fmt: skip
# Nothing that is written to a whole library is against its constraints.
DAMAGE = frozenset((sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CONSTRAINT))
# Said of rows that are no text, or no JSON, any longer, and of a damaged schema; Python and SQLite give these no code of their own.
NO_TEXT = "Could not decode to UTF-8"
DAMAGED_ROW = (NO_TEXT, "malformed", "no such ", "has no column")


def explained(path: Path, reason: sqlite3.Error, writing: bool) -> LibraryError | None:
    """The sentence that says what is wrong with the database at `path`; None where it is not the disk's fault."""
    code = int(getattr(reason, "sqlite_errorcode", None) or 0) & 0xFF
    first = str(reason).split(" with text")[0]
    if code in DAMAGE or any(each in first for each in DAMAGED_ROW):
        return damaged(path, first)
    if code in DISK:
        return LibraryError(cannot_write(path.parent, first) if writing else
                            f"{path} cannot be read just now ({first}); check the disk and its rights, then try again")  # fmt: skip
    return None


def damaged(path: Path, reason: object) -> DamagedLibrary:
    return DamagedLibrary(f"{path} cannot be read ({reason}); run: yinju check --repair --library {path.parent}, or restore a backup")


def beyond_repair(path: Path, reason: object) -> DamagedLibrary:
    return DamagedLibrary(
        f"{path} cannot be read ({reason}), and nothing of it can be repaired; restore a backup, or move {path.parent} away and index again"
    )


def cannot_write(folder: Path, reason: str) -> str:
    # SQLite says "full" of a full disk, and "I/O error" where the system ends a file's growth otherwise.
    if any(each in reason for each in ("full", "I/O", "space", "quota", "too large")):
        return (
            f"the disk that holds {folder} is full ({reason}); free some space and run the same command again: "
            "what was done is kept"
        )
    return f"{folder} cannot be written ({reason}); check the disk and its rights, then run the same command again"


def refused(reason: OSError) -> YinjuError | None:
    """The sentence that says which path the system refuses, and why; None where it names none: then no path is at fault."""
    # A number is a file that is open already.
    if not isinstance(reason.filename, str | bytes | os.PathLike):
        return None
    path = printable(os.fsdecode(reason.filename))
    return YinjuError(f"{path} cannot be used ({reason.strerror}); check that its disk is there and that it may be read and written, then try again")
