"""Which files a path holds, and what each is called."""

from collections.abc import Iterator
from pathlib import Path

from corpus.errors import YinjuError

# A file of this size is read into memory whole; larger ones are refused by name.
MAX_BYTES = 256 * 1024 * 1024


def find_files(path: Path) -> Iterator[tuple[Path, str]]:
    """The files of a path, sorted, each with its name: POSIX, relative to the path.

    A file given by itself is named by its file name. Hidden files and folders are passed over,
    and so are links that lead out of the folder or back into it. Raises YinjuError where there
    is nothing at the path.
    """
    if path.is_file():
        yield path, path.name
        return
    if not path.is_dir():
        raise YinjuError(f"{path} is not there; give the path of a file or folder that exists")
    for file in sorted(path.rglob("*")):
        relative = file.relative_to(path)
        if any(part.startswith(".") for part in relative.parts) or not file.is_file():
            continue
        if file.is_symlink() and not file.resolve().is_relative_to(path.resolve()):
            continue
        yield file, relative.as_posix()
