"""Files of a run folder, written so that each is there whole or as it was before, whatever the disk does."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from filelock import FileLock, Timeout

from corpus import YinjuError
from corpus.trouble import CANNOT_GROW

LOCK = ".running.lock"
# Errors of the system that say a process, or all of them, have too many files open.
TOO_MANY = (errno.EMFILE, errno.ENFILE)


@contextmanager
def writing(path: Path, mode: str = "w") -> Iterator[IO[Any]]:
    """A file (text in UTF-8, or bytes with `wb`) that is there whole or as it was before, also after the power fails."""
    building = path.with_name(f".{path.name}.{os.getpid()}")
    text = {} if "b" in mode else {"encoding": "utf8", "errors": "backslashreplace", "newline": ""}
    try:
        with building.open(mode, **text) as file:  # type: ignore[call-overload]
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(building, path)
    finally:
        building.unlink(missing_ok=True)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """The right to write a run into the folder, for one process at a time; what a killed one left half written is removed.

    Raises YinjuError where another has it.
    """
    with only_one(folder, LOCK):
        for left in folder.glob(".*.*.[0-9]*"):
            left.unlink(missing_ok=True)
        yield


@contextmanager
def only_one(folder: Path, name: str) -> Iterator[None]:
    """The lock of that name in a run folder. Raises YinjuError where another process has it."""
    lock = FileLock(folder / name, timeout=0)
    with disk_explained(folder):
        try:
            lock.acquire()
        except Timeout:
            raise YinjuError(
                f"another process is writing a run into {folder}; wait until it is done, or choose another folder with --output"
            ) from None
    try:
        yield
    finally:
        (folder / name).unlink(missing_ok=True)
        lock.release()


@contextmanager
def disk_explained(folder: Path) -> Iterator[None]:
    """Raises YinjuError, one sentence, where the system does not let a run be written into the folder."""
    try:
        yield
    except BrokenPipeError:  # of who reads what is printed, not of the folder
        raise
    except OSError as reason:
        remedy = (
            "free some space" if reason.errno in CANNOT_GROW
            else "allow more open files (ulimit -n)" if reason.errno in TOO_MANY
            else "check the disk and its rights"
        )  # fmt: skip
        raise YinjuError(
            f"{folder} cannot be written ({reason.strerror or reason}); {remedy} and run the same command again: what is answered is kept"
        ) from None
