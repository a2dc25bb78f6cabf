"""Where the files that a library knows are now: there, gone, or away with their folder."""

import os
from dataclasses import dataclass
from pathlib import Path

from corpus.files import printable
from corpus.store import Store, is_of_several_machines


@dataclass(frozen=True)
class NamedFile:
    """A file, what it is called in the library, and the folder that its name begins in."""

    path: Path
    name: str
    root: Path


@dataclass(frozen=True)
class Whereabouts:
    """The known files that are there, the paths of those that are gone, and the names of those that are `away`."""

    there: tuple[NamedFile, ...]
    gone: tuple[bytes, ...]
    away: tuple[str, ...]


def whereabouts(library: Store) -> Whereabouts:
    """Looks for every file that has documents in the library; one whose documents were all removed is not looked for.

    A file is gone where its folder is there without it. Where the folder is not there, cannot be read or holds nothing at all,
    as the place of a disk that is not plugged in does, the file is away. So is each one that is not here of a library that several
    machines share: it may be another's.
    """
    rows = library.files.with_documents()
    there, gone, away = [], [], []
    elsewhere = is_of_several_machines(library)
    holds: dict[bytes, bool] = {}
    for path, name in rows:
        folder = os.path.dirname(path)
        if os.path.isfile(path):
            there.append(named_file(path, name))
        elif not elsewhere and holds.setdefault(folder, holds_any(folder)) and not os.path.lexists(path):
            gone.append(path)
        else:
            away.append(name)
    return Whereabouts(tuple(there), tuple(gone), tuple(away))


def named_file(place: bytes, name: str) -> NamedFile:
    """The file at a known path; the folder that was indexed is what its name leaves of the path."""
    path = Path(os.fsdecode(place))
    within = printable(str(path)).endswith(f"/{name}")
    return NamedFile(path, name, path.parents[name.count("/")] if within else path.parent)


def holds_any(folder: bytes) -> bool:
    """Whether anything is in a folder; it is not where the folder is away or cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return any(True for _ in entries)
    except OSError:
        return False
