"""Which files a path holds, and what each is called."""

import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from corpus.errors import UnreadableFile, YinjuError

# A file of this size is read into memory whole; larger ones are refused by name.
MAX_BYTES = 256 * 1024 * 1024
# Says what is known of the files of its folder (corpus/metadata.py), and is no document itself.
LABELS_FILE = "metadata.csv"
# Controls, halves of characters, line and paragraph separators; and marks that turn text around,
# with which one name can look like another.
UNPRINTABLE = frozenset(["Cc", "Cs", "Zl", "Zp"])
TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


@dataclass(frozen=True)
class Unlisted:
    """A folder whose files cannot be listed, and why."""

    path: Path
    name: str
    reason: str


def find_files(path: Path, leave_out: Path | None = None) -> Iterator[tuple[Path, str]]:
    """The files of a path, sorted, each with its name: POSIX, relative to the path, printable.

    A file given by itself is named by its file name. Hidden files and folders, `metadata.csv` and the
    folder `leave_out` are passed over, and so are links to folders and links that lead out of the
    path. Raises YinjuError where there is nothing at the path.
    """
    for each in walk(path, leave_out):
        if not isinstance(each, Unlisted) and each[0].name != LABELS_FILE:
            yield each


def walk(path: Path, leave_out: Path | None = None) -> Iterator[tuple[Path, str] | Unlisted]:
    """As `find_files`, with the folders that cannot be listed, and with `metadata.csv`.

    Only one folder's names are held at a time, however many files there are.
    """
    if path.is_file():
        yield path, printable(path.name)
        return
    if not path.is_dir():
        raise YinjuError(f"{printable(str(path))} is not there; give the path of a file or folder that exists")
    root = os.path.realpath(path)
    left_out = os.path.realpath(leave_out) if leave_out is not None else None
    if left_out is not None and _is_within(root, left_out):
        raise YinjuError(f"{path} is a part of the library itself; give the folder that holds your documents")
    yield from _walk(str(path), root, left_out)


def printable(name: str) -> str:
    """A file's name as it can be printed: what is no text or would break a line stands as an escape."""
    if name.isascii() and name.isprintable():
        return name
    raw = os.fsencode(name).decode("utf8", "surrogateescape")
    return "".join(_escaped(each) if _is_unprintable(each) else each for each in raw)


def _is_unprintable(character: str) -> bool:
    return character in TURNING or unicodedata.category(character) in UNPRINTABLE


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8, as Python carries it
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def _walk(folder: str, root: str, left_out: str | None) -> Iterator[tuple[Path, str] | Unlisted]:
    # Not by recursion: folders may lie deeper in one another than functions may.
    open_folders = [_entries(folder, "")]
    while open_folders:
        found = next(open_folders[-1], None)
        if found is None:
            open_folders.pop()
        elif isinstance(found, Unlisted):
            yield found
        else:
            path, name, kind = found
            if kind == "folder":
                if left_out is None or os.path.realpath(path) != left_out:
                    open_folders.append(_entries(path, f"{name}/"))
            elif kind == "file" or (kind == "link" and _leads_inside(path, root, left_out)):
                yield Path(path), name


def _entries(folder: str, prefix: str) -> Iterator[tuple[str, str, str] | Unlisted]:
    """The path, name and kind of what a folder holds, sorted."""
    try:
        with os.scandir(folder) as entries:
            names = sorted((each.name, _kind(each)) for each in entries if not each.name.startswith("."))
    except OSError as reason:
        name = prefix.rstrip("/") or printable(folder)
        yield Unlisted(Path(folder), name, f"{name} cannot be listed ({reason.strerror}); check that it may be read")
        return
    for name, kind in names:
        yield os.path.join(folder, name), prefix + printable(name), kind


def _kind(entry: "os.DirEntry[str]") -> str:
    try:
        if entry.is_symlink():
            return "link" if entry.is_file() else ""
        return "folder" if entry.is_dir(follow_symlinks=False) else "file" if entry.is_file() else ""
    except OSError:  # links in a circle, or what was removed since
        return ""


def _leads_inside(link: str, root: str, left_out: str | None) -> bool:
    target = os.path.realpath(link)
    return _is_within(target, root) and (left_out is None or not _is_within(target, left_out))


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def read_stable(path: Path, name: str) -> tuple[bytes, os.stat_result]:
    """The bytes of a file, and its status, which was the same before and after.

    Raises UnreadableFile where it is of no known kind, cannot be read, or changes meanwhile.
    """
    from corpus import file_bytes

    for _ in range(2):
        try:
            before = path.stat()
            data = file_bytes(path, name)
            after = path.stat()
        except OSError as reason:
            raise UnreadableFile(
                f"{name} cannot be read ({reason.strerror}); check that it is there and may be read"
            ) from None
        if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns) and len(data) == after.st_size:
            return data, before
    raise UnreadableFile(f"{name} is being changed; index it again when it is done")
