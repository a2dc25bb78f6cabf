"""Where models live on this machine."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import platformdirs
from filelock import FileLock

from corpus.errors import ModelError


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
    if (folder / marker).is_file():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_suffix(".lock")):
            if not (folder / marker).is_file():
                _write_beside(folder, write)
                _remove(each for pattern in older for each in folder.parent.glob(pattern) if each.name.split(".")[0] != name)
    except OSError as reason:
        raise ModelError(
            f"the model cannot be unpacked into {folder.parent} ({reason.strerror or reason}); "
            "free 1 GB there, or set YINJU_CACHE to a folder that can be written"
        ) from reason
    return folder


def _remove(paths: Iterable[Path]) -> None:
    for each in list(paths):
        shutil.rmtree(each, ignore_errors=True) if each.is_dir() else each.unlink(missing_ok=True)


def _write_beside(folder: Path, write: Callable[[Path], None]) -> None:
    print("Unpacking the model (once) …", end="", file=sys.stderr, flush=True)
    building = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        write(building)
        building.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(building, folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    print(f" done: {folder}", file=sys.stderr, flush=True)
