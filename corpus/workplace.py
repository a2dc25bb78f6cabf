"""A place beside a result for what is made on the way to it: what is found under its own name is always whole."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

PREFIX = ".yinju-working-"
LOCK = "lock"


@contextmanager
def workplace(folder: Path) -> Iterator[Path]:
    """A new hidden folder inside `folder`, only for this user, that is gone at the end.

    What processes that were killed left of theirs goes as well. Raises OSError where it cannot be made.
    """
    _clear(folder)
    while True:
        place = Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder))
        # The system lets go of it when this process ends, however it ends.
        lock = FileLock(place / LOCK, timeout=0)
        # Between the two lines above another process may have taken the folder for an abandoned one.
        with suppress(Timeout, FileNotFoundError):
            lock.acquire()
            break
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        lock.release()
        # On some systems a file that is held open cannot be removed.
        shutil.rmtree(place, ignore_errors=True)


def _clear(folder: Path) -> None:
    for each in folder.glob(f"{PREFIX}*"):
        with suppress(OSError, Timeout), FileLock(each / LOCK, timeout=0):
            shutil.rmtree(each)
