"""Where models live on this machine."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import platformdirs
from filelock import FileLock

from corpus.errors import ModelError
from corpus.to_disk import checksum_of

# Names the files of a folder, with their sizes and CRC-32.
CONTENTS = "contents.json"
# Bytes of a file whose checksum is looked at whenever the folder is asked for.
SMALL = 1 << 16
# How the folders that this process has asked for are written: what is deleted or damaged while it runs is written anew.
_WRITERS: dict[Path, tuple[str, Callable[[Path], None]]] = {}


def cache_folder() -> Path:
    """`$YINJU_CACHE`, or the user's cache folder by the platform's custom. It may not exist yet."""
    chosen = os.environ.get("YINJU_CACHE")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_cache_dir("yinju"))


def folder_in_cache(name: str, marker: str, write: Callable[[Path], None], older: Sequence[str] = ()) -> Path:
    """The cache's folder of that name; `write` fills it on first use, the file `marker` among the rest, and then
    whatever else has a name like those of `older` (patterns of glob) is removed.

    Two processes may call it at once: one writes, the other waits, and a folder under its final
    name is always whole. Raises ModelError where it cannot be written.
    """
    folder = cache_folder() / name
    _WRITERS[folder] = marker, write
    if not _is_whole(folder, marker):
        _made(folder, marker, write)
        _remove(each for pattern in older for each in folder.parent.glob(pattern) if each.name.split(".")[0] != name)
    return folder


def mended(folder: Path) -> bool:
    """Whether a folder of the cache, something of which could not be read, was not what was written and has been written anew.

    False where nothing is wrong with it, or this process did not ask for it before. Raises ModelError where it cannot be written.
    """
    if folder not in _WRITERS or _is_whole(folder, _WRITERS[folder][0], thorough=True):
        return False
    _made(folder, *_WRITERS[folder], thorough=True)
    return True


def damaged_folders() -> list[Path]:
    """Those that this process has asked for and that are not what was written. Reads them all."""
    return [folder for folder, (marker, _) in _WRITERS.items() if not _is_whole(folder, marker, thorough=True)]


def _made(folder: Path, marker: str, write: Callable[[Path], None], thorough: bool = False) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_suffix(".lock")):
            if not _is_whole(folder, marker, thorough):
                _write_beside(folder, write)
    except OSError as reason:
        raise ModelError(
            f"the model cannot be unpacked into {folder.parent} ({reason.strerror or reason}); "
            "free 1 GB there, or set YINJU_CACHE to a folder that can be written"
        ) from reason


def _is_whole(folder: Path, marker: str, thorough: bool = False) -> bool:
    """Whether all files have the sizes and, if they are small or looked at thoroughly, the checksums that they were written with.

    Of a folder of an earlier version, which does not say these, whether the marker is there.
    """
    if not (folder / marker).is_file():
        return False
    try:
        said = json.loads((folder / CONTENTS).read_text("utf8"))
        for name, (size, checksum) in said.items():
            if (folder / name).stat().st_size != size or ((thorough or size <= SMALL) and checksum_of(folder / name) != checksum):
                return False
        return True
    except FileNotFoundError as reason:
        return reason.filename is not None and Path(reason.filename).name == CONTENTS
    except (OSError, ValueError, TypeError, AttributeError):
        return False


def _say_contents(folder: Path) -> None:
    files = sorted(each for each in folder.rglob("*") if each.is_file())
    said = {each.relative_to(folder).as_posix(): (each.stat().st_size, checksum_of(each)) for each in files}
    with (folder / CONTENTS).open("w", encoding="utf8") as file:
        json.dump(said, file)
        file.flush()
        # A folder under its final name has this file, whatever else a disk that loses its power forgets.
        os.fsync(file.fileno())


def _remove(paths: Iterable[Path]) -> None:
    for each in list(paths):
        shutil.rmtree(each, ignore_errors=True) if each.is_dir() else each.unlink(missing_ok=True)


def _write_beside(folder: Path, write: Callable[[Path], None]) -> None:
    print("Unpacking the model (once) …", end="", file=sys.stderr, flush=True)
    building = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        write(building)
        _say_contents(building)
        building.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(building, folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    print(f" done: {folder}", file=sys.stderr, flush=True)
