"""Files that are derived from a library: written under a new name, fsynced, and then named by a transaction."""

import os
from collections.abc import Callable
from pathlib import Path

from corpus import Library, LibraryError
from corpus.library import Derived
from corpus.to_disk import to_disk
from corpus.vector_table import Marks


def write_derived(library: Library, key: str, path: Path, marks: Marks, save: Callable[[Path], int]) -> Derived:
    """What `save` writes to the path that it is given, under the name `path`; its checksum is what `save` gives.

    Raises LibraryError where it cannot be written; the library is whole all the same.
    """
    building = library.folder / f".{path.stem}.new"
    try:
        checksum = save(building)
        to_disk(building)
        os.replace(building, path)
        to_disk(library.folder)
    except (OSError, RuntimeError) as reason:
        building.unlink(missing_ok=True)
        text = getattr(reason, "strerror", None) or str(reason).strip().splitlines()[-1]
        raise LibraryError(
            f"the index of {library.folder} could not be written, as on a full disk ({text}); all documents are kept "
            "and can be asked: free some space and run the same command again"
        ) from None
    named = Derived(path, checksum, marks)
    library.name_derived(key, named)
    return named


def remove_older(library: Library, kind: str, ending: str, kept: Path) -> None:
    """Remove files of that kind but the one that is named, and what was being written by a process that was killed."""
    for pattern in (f"{kind}-*.{ending}", f".{kind}-*.new"):
        for old in library.folder.glob(pattern):
            if old != kept:
                old.unlink(missing_ok=True)
