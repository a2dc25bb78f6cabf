"""A library into one file, as it stands at one moment, whoever reads, serves or indexes it meanwhile.

Every database of the folder (the library's own, and what lies beside it: conversations, users) is copied by SQLite's online backup
inside a transaction that was begun before the first is copied. What is derived is left out and made again. The file appears under
its name only when it is whole and on the disk.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatch
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from corpus.backup_file import DIGEST, MANIFEST, BackupError, BackupWriter, Manifest, Member
from corpus.connect import DATABASE, readable
from corpus.errors import DamagedLibrary
from corpus.library import Library
from corpus.schema import FORMAT
from corpus.to_disk import to_disk
from corpus.trouble import CANNOT_GROW
from corpus.workplace import PREFIX, workplace

# What a library's folder holds that is of a process that runs or was killed; and what is made again. No truth of their own.
RUNNING = (".vectors-*.new", ".words-*.new", f".{DATABASE}.*", f"{PREFIX}*", "*.lock", "*-wal", "*-shm", "*-journal")
DERIVED = ("vectors-*.faiss", "words-*.postings")
# Inside its folders: what is being uploaded.
UNFINISHED = ".part-*"
# A database that was set aside because it cannot be read is kept as it is.
SET_ASIDE = "*-damaged-*"
SQLITE, ENDINGS = b"SQLite format 3\0", (".db", ".sqlite")
# Pages of a database that are copied at once, a few megabytes.
PAGES = 1024

# done, of how many, and what to say beside them.
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Backup:
    """A backup that was made: its size in bytes, what it holds, and what of the folder it passed over, being a link or no file."""

    file: Path
    size: int
    manifest: Manifest
    left_out: tuple[str, ...]


def back_up(
    folder: Path, file: Path, force: bool = False, progress: Progress = lambda done, total, name: None,
    kept: Callable[[Library], Path | None] = lambda library: None,
) -> Backup:
    """Write all that is true of the library in `folder` into `file`.

    `kept` says which derived file has to be in it all the same, for it would be another one if it were made again.
    Needs free space beside it for the file and one more copy of the largest database. Raises LibraryError where there is no such
    library, BackupError where the file is there (and not `force`), cannot be written, or a database is damaged: then no file is made.
    """
    with Library.open(folder) as library:
        _require_room_for(file, folder, force)
        try:
            with workplace(file.parent) as work:
                size, manifest, left_out = _written(library, file, work, progress, kept)
                _named(work / file.name, file, force)
                to_disk(file.parent)
            return Backup(file, size, manifest, left_out)
        except OSError as reason:
            text = reason.strerror or str(reason)
            if reason.errno in CANNOT_GROW:
                raise BackupError(_full(file, text)) from None
            raise BackupError(f"{folder} could not be backed up to {file} ({text}: {reason.filename or file}); no backup was made") from None
        except sqlite3.DatabaseError as reason:
            raise _not_copied(folder, file, reason) from None
        except DamagedLibrary as reason:
            why = str(reason).partition(";")[0]
            raise _not_made(folder / DATABASE, why) from None


def is_of_a_process(name: str) -> bool:
    """Whether a path inside a library's folder is of a file that belongs to a process, and in no backup."""
    first, *below = name.split("/")
    if below:
        return any(fnmatch(each, UNFINISHED) for each in below)
    return any(fnmatch(first, each) for each in RUNNING) and not fnmatch(first, f"{SET_ASIDE}-wal")


def _require_room_for(file: Path, folder: Path, force: bool) -> None:
    if not file.parent.is_dir():
        raise BackupError(f"{file.parent} is no folder; make it, or back up to another place")
    if file.is_dir():
        raise BackupError(f"{file} is a folder; give the name of a file inside it")
    if Path(os.path.realpath(file)).is_relative_to(os.path.realpath(folder)):
        raise BackupError(f"{file} lies in the library itself; put the backup outside of {folder}, best on another disk")
    if os.path.lexists(file) and not force:
        raise BackupError(f"{file} is there already; choose another name, or replace it with --force")


def _full(file: Path, reason: str) -> str:
    return f"the disk that holds {file.parent} is full ({reason}); no backup was made: free some space and run the same command again"


def _not_copied(folder: Path, file: Path, reason: sqlite3.DatabaseError) -> BackupError:
    # A disk that cannot be read is no full one.
    if getattr(reason, "sqlite_errorcode", 0) != sqlite3.SQLITE_IOERR_READ and any(each in str(reason) for each in ("full", "I/O")):
        return BackupError(_full(file, str(reason)))
    return BackupError(f"{folder} cannot be backed up ({reason}); see what is wrong with: yinju check")


def _written(
    library: Library, target: Path, work: Path, progress: Progress, kept: Callable[[Library], Path | None]
) -> tuple[int, Manifest, tuple[str, ...]]:
    """Write under `target`'s name in `work`."""
    path, meter = work / target.name, _Meter(progress)
    with ExitStack() as moment:
        # All of them begin to read before the first is copied.
        databases = [each for each in _files(library.folder)[0] if each != DATABASE and _is_database(library.folder, each)]
        connections = {each: moment.enter_context(_reading(library.folder / each)) for each in databases}
        connections[DATABASE] = moment.enter_context(library.reading())
        about, derived = _about(library), kept(library)
        # Only now: a file is there before a database knows it, and a database that is new was not there at that moment.
        files, left_out = _files(library.folder)
        others = [each for each in files if each not in connections and not _is_database(library.folder, each)]
        others += [derived.name] if derived is not None else []
        meter.total = 2 * sum(map(_size, connections.values())) + sum(_bytes(library.folder / each) for each in others)
        for name, connection in connections.items():
            try:
                _copy(connection, work / name, library.folder / name, meter)
            except sqlite3.DatabaseError as reason:  # of the copy's disk, which is not the library's fault
                raise _not_copied(library.folder, target, reason) from None
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)  # it holds what readers asked
    with os.fdopen(handle, "wb") as file:
        writer = BackupWriter(file, meter.more)
        for name in connections:
            os.chmod(work / name, (library.folder / name).stat().st_mode & 0o777)
            writer.add(name, work / name)
            (work / name).unlink()
        for name in others:
            with suppress(FileNotFoundError):  # removed since, as an upload of which nothing could be read
                writer.add(name, library.folder / name)
        manifest = _manifest(library.folder, about, tuple(writer.members))
        writer.finish(manifest)
        file.flush()
        os.fsync(file.fileno())
        return file.tell(), manifest, left_out


def _about(library: Library) -> dict[str, object]:
    """What the manifest says of the library, as it is at the moment that is read."""
    with library.reading() as connection:
        tables = ("documents", "passages", "files", "feedback")
        counts = {each: int(connection.execute(f"SELECT count(*) FROM {each}").fetchone()[0]) for each in tables}
    return {"model": library.model, "dimension": library.dimension, "library_format": FORMAT, "counts": counts}


def _manifest(folder: Path, about: dict[str, object], members: tuple[Member, ...]) -> Manifest:
    try:
        release = version("yinju")
    except PackageNotFoundError:  # run from a checkout that is not installed
        release = "0"
    # Files inside the folder are known by absolute paths, which a link on the way writes in two ways.
    folders = tuple(dict.fromkeys((os.path.abspath(folder), os.path.realpath(folder))))
    when = datetime.now(UTC).isoformat(timespec="seconds")
    return Manifest(yinju=release, when=when, folders=folders, members=members, **about)  # type: ignore[arg-type]


def _files(folder: Path) -> tuple[list[str], tuple[str, ...]]:
    """The names of all files that are no derived ones, sorted; and of what is neither file nor folder."""
    names: list[str] = []
    left_out: list[str] = []
    waiting = [(os.fspath(folder), "")]
    while waiting:
        path, prefix = waiting.pop()
        with os.scandir(path) as entries:
            for each in entries:
                name = prefix + each.name
                # A link of the folder's own is its keeper's, as to another disk; deeper ones nothing makes.
                follow = not prefix
                if is_of_a_process(name) or any(fnmatch(name, each) for each in DERIVED):
                    continue
                if each.is_dir(follow_symlinks=follow):
                    waiting.append((each.path, f"{name}/"))
                elif each.is_file(follow_symlinks=follow) and name not in (MANIFEST, DIGEST):
                    names.append(name)
                else:
                    left_out.append(name)
    return sorted(names), tuple(sorted(left_out))


def _is_database(folder: Path, name: str) -> bool:
    if "/" in name or fnmatch(name, SET_ASIDE):
        return False
    with (folder / name).open("rb") as file:
        return name.endswith(ENDINGS) or file.read(len(SQLITE)) == SQLITE


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A database as it is from now on, whatever is written to it."""
    try:
        connection = readable(path)
    except sqlite3.DatabaseError as reason:
        raise BackupError(f"{path} cannot be read ({reason}); move it away, or restore it from a copy") from None
    try:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield connection
    finally:
        connection.close()


def _copy(source: sqlite3.Connection, target: Path, original: Path, meter: "_Meter") -> None:
    """SQLite's online backup, and whether the copy is consistent. Raises BackupError where it is not."""
    copy = sqlite3.connect(target, isolation_level=None)
    try:
        # It is on its way into the file, which is what is brought to the disk.
        copy.execute("PRAGMA journal_mode = OFF")
        copy.execute("PRAGMA synchronous = OFF")
        # Nor does it need the files that SQLite writes beside a database for others.
        copy.execute("PRAGMA locking_mode = EXCLUSIVE")
        size = source.execute("PRAGMA page_size").fetchone()[0]
        before = 0

        def told(_: int, remaining: int, total: int) -> None:
            nonlocal before
            meter.more((total - remaining - before) * size, original.name)
            before = total - remaining

        source.backup(copy, pages=PAGES, progress=told)
        try:
            ((said,),) = copy.execute("PRAGMA integrity_check(1)").fetchall()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as reason:
            said = str(reason)
        if said != "ok":
            raise _not_made(original, " ".join(str(said).split()))
    finally:
        copy.close()


def _size(connection: sqlite3.Connection) -> int:
    pages, size = (int(connection.execute(f"PRAGMA {each}").fetchone()[0]) for each in ("page_count", "page_size"))
    return pages * size


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # removed since
        return 0


def _named(written: Path, file: Path, force: bool) -> None:
    """Give the whole file its name."""
    if force:
        os.replace(written, file)
        return
    try:
        os.link(written, file)  # unlike a renaming, it replaces nothing
    except FileExistsError:
        raise BackupError(f"{file} is there already; choose another name, or replace it with --force") from None
    except OSError:  # a file system without links
        os.rename(written, file)


class _Meter:
    """How many bytes are done of all."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._done = 0
        self.total = 0

    def more(self, done: int, name: str) -> None:
        self._done += done
        self._progress(min(self._done, self.total), self.total, name)


def _not_made(database: Path, why: object) -> BackupError:
    remedy = f"run: yinju check --repair --library {database.parent}" if database.name == DATABASE else "restore an earlier one"
    return BackupError(f"{database} is damaged ({why}); no backup was made: {remedy}")
