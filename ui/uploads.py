"""What readers upload, kept in LIBRARY/uploads under the names that it had, a folder with all that is inside it."""

import asyncio
import os
import shutil
import tempfile
import time
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from corpus.files import TURNING, UNPRINTABLE
from corpus.to_disk import make_folder, to_disk
from corpus.whereabouts import NamedFile

FOLDER = "uploads"
# Of a file that is still being copied. Hidden, so that nothing takes it for a document.
PART = ".part-"
# Seconds after which it is what a process that was killed, or a browser that left, has left. Seconds between two looks for those.
ABANDONED, EVERY = 3600, 600.0
# Bytes of a file's or folder's name, which file systems allow 255 of; room is left for a number. Folders inside each other.
LONGEST, DEEPEST = 240, 40


@dataclass(frozen=True)
class Upload:
    """A file as the browser has sent it, and what it was called there: its name, or its path inside a folder."""

    file: Path
    name: str


def safe_path(name: str) -> PurePosixPath | None:
    """A name from a browser as a path that stays below its folder; None where it names a hidden file, or nothing."""
    parts = [each for each in map(_safe_part, name.replace("\\", "/").split("/")) if each not in ("", ".", "..")]
    if not parts or any(each.startswith(".") for each in parts):
        return None
    return PurePosixPath(*parts[-DEEPEST:])


def keep(uploads: Sequence[Upload], folder: Path) -> tuple[list[NamedFile], list[tuple[str, str]]]:
    """Copy the files into the folder, a whole file or none; the files that are kept, and (name, reason) of the others.

    What is kept is on the disk: a document of it whose file the power took would be removed when all files are read again.
    A file of the same name that was uploaded before is replaced. Hidden files are passed over, as everywhere.
    """
    # Without what it lies in: a library whose disk is away is not begun anew on another.
    folder.mkdir(exist_ok=True)
    to_disk(folder.parent)
    for left in folder.glob(f"{PART}*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > ABANDONED:
                left.unlink()
    kept: list[NamedFile] = []
    failures: list[tuple[str, str]] = []
    taken: set[PurePosixPath] = set()
    for each in uploads:
        path = safe_path(each.name)
        if path is None:
            continue
        path = _free(path, taken)
        taken.add(path)
        try:
            _copy(each.file, folder / path, folder)
        except OSError as reason:
            failures.append((str(path), f"{path} cannot be kept ({reason.strerror}); upload it under another name, or free some space"))
        else:
            kept.append(NamedFile(folder / path, str(path), folder))
    return kept, failures


def forget(files: Sequence[NamedFile], folder: Path) -> None:
    """Delete files that are of no use, and the folders that are empty without them."""
    for each in files:
        each.path.unlink(missing_ok=True)
        for parent in each.path.parents:
            if parent == folder:
                break
            with suppress(OSError):  # it holds other files
                parent.rmdir()


def sweep(arriving: Path) -> None:
    """Delete what is left of uploads that were cut off: what has arrived whole gradio keeps in folders of that folder."""
    with suppress(OSError):
        for left in arriving.iterdir():
            with suppress(OSError):
                if left.is_file() and time.time() - left.stat().st_mtime > ABANDONED:
                    left.unlink()


async def keep_sweeping(arriving: Path) -> None:
    """Until it is cancelled."""
    while True:
        await asyncio.to_thread(sweep, arriving)
        await asyncio.sleep(EVERY)


def _safe_part(part: str) -> str:
    kept = unicodedata.normalize("NFC", "".join(each for each in part if each not in TURNING and unicodedata.category(each) not in UNPRINTABLE))
    stem, ending = os.path.splitext(kept.strip())
    ending = _shortened(ending, LONGEST // 2)
    return _shortened(stem, LONGEST - len(ending.encode())) + ending


def _shortened(text: str, longest: int) -> str:
    return text.encode()[:longest].decode(errors="ignore")


def _free(path: PurePosixPath, taken: set[PurePosixPath]) -> PurePosixPath:
    """The path, or with a number where another file of this upload came to have the same one."""
    number, free = 2, path
    while free in taken:
        free = path.with_name(f"{path.stem} ({number}){path.suffix}")
        number += 1
    return free


def _copy(file: Path, target: Path, folder: Path) -> None:
    make_folder(target.parent)
    number, part = tempfile.mkstemp(prefix=PART, dir=folder)
    try:
        with os.fdopen(number, "wb") as copy, file.open("rb") as source:
            shutil.copyfileobj(source, copy)
            copy.flush()
            os.fsync(copy.fileno())
        os.replace(part, target)
        to_disk(target.parent)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
