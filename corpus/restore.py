"""A library back out of the file of a backup: all of it under its own name at once, or nothing."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from corpus.backup import Progress, is_of_a_process
from corpus.backup_file import BackupError, Manifest, Member, OpenBackup, opened_backup
from corpus.connect import DATABASE, WRITER_LOCK
from corpus.errors import LibraryError
from corpus.library import Library
from corpus.schema import FORMAT
from corpus.to_disk import to_disk
from corpus.trouble import CANNOT_GROW
from corpus.workplace import workplace


@dataclass(frozen=True)
class Restored:
    """A library that was restored, and what its backup said of it."""

    folder: Path
    manifest: Manifest


def restore(
    file: Path, folder: Path, finish: Callable[[Library], None], progress: Progress = lambda done, total, name: None
) -> Restored:
    """Put the library of a backup into `folder`, which is not there yet or empty.

    `finish` makes what is derived from the library, which has by then this version's format. The files that lie in the folder are known
    to the library by their new paths. Raises BackupError where the backup is not whole, or the folder is not free: then nothing is written.
    """
    target = Path(os.path.realpath(folder))
    _require_free(folder, target)
    done, total = 0, 2 * (file.stat().st_size if file.is_file() else 0)

    def told(more: int, name: str) -> None:
        nonlocal done
        done += more
        progress(min(done, total), total, name)

    with opened_backup(file, told) as backup:
        _require_known(file, backup.manifest)
        made: list[Path] = []
        try:
            _make(target.parent, made)
            _require_space(backup.manifest, target.parent)
            with workplace(target.parent) as work:
                place = work / "library"
                place.mkdir()
                for each in backup.manifest.members:
                    _extract(backup, each, place, told)
                with Library.open(place) as library:
                    _move_files(library, backup.manifest.folders, os.path.abspath(folder))
                    finish(library)
                (place / WRITER_LOCK).unlink(missing_ok=True)
                _flush_all(place)
                _give_name(place, target, folder)
                made.clear()
            to_disk(target.parent)
        except OSError as reason:
            text = reason.strerror or str(reason)
            remedy = "free some space" if reason.errno in CANNOT_GROW else "restore into another folder, with --library"
            raise BackupError(f"{file} could not be restored into {folder} ({text}); nothing was written: {remedy}") from None
        except (LibraryError, sqlite3.Error) as reason:  # the library was whole in the backup: what is missing is space
            raise BackupError(
                f"{file} could not be restored into {folder}, as on a full disk ({str(reason).partition(';')[0]}); nothing was written: "
                "free some space, or restore into another folder, with --library"
            ) from None
        finally:
            for parent in reversed(made):
                with suppress(OSError):  # another process has put something there
                    parent.rmdir()
        return Restored(folder, backup.manifest)


def _require_free(folder: Path, target: Path) -> None:
    if not os.path.lexists(target):
        return
    if not target.is_dir():
        raise BackupError(f"{folder} is a file; restore into another folder, with --library")
    if any(target.iterdir()):
        what = "a library" if (target / DATABASE).is_file() else "other files"
        raise BackupError(f"{folder} holds {what}; move it away, with: mv {target} {target}.before, or restore into another folder, with --library")


def _require_known(file: Path, manifest: Manifest) -> None:
    if manifest.library_format > FORMAT:
        raise BackupError(
            f"{file} holds a library of format {manifest.library_format}, newer than this version of Yinju knows ({FORMAT}); "
            "update Yinju with: pip install --upgrade yinju"
        )
    names = [each.name for each in manifest.members]
    if DATABASE not in names:
        raise BackupError(f"{file} is no backup that `yinju backup` has made (it holds no library); give another one")
    for each in filter(is_of_a_process, names):
        # SQLite would take up a log that is found beside a database.
        raise BackupError(f"{file} is no backup that `yinju backup` has made ({each!r} does not belong in one); give another one")


def _make(folder: Path, made: list[Path]) -> None:
    """Make a folder with those above it, and say which were made."""
    for each in reversed([folder, *folder.parents]):
        if not each.is_dir():
            each.mkdir()
            made.append(each)


def _require_space(manifest: Manifest, folder: Path) -> None:
    # The index is made anew: at most as large as the vectors, which the database holds in half of its bytes.
    needed, free = sum(each.size for each in manifest.members), shutil.disk_usage(folder).free
    if needed > free:
        raise BackupError(f"the library needs {needed / 1e6:,.1f} MB, and {folder} has {free / 1e6:,.1f} MB; nothing was written: free some space")


def _extract(backup: OpenBackup, member: Member, place: Path, told: Callable[[int, str], None]) -> None:
    path = place / member.name
    path.parent.mkdir(parents=True, exist_ok=True)
    # Never more rights than to read and write.
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, member.mode & 0o666 | 0o600)
    with os.fdopen(handle, "wb") as written:
        for part in backup.parts(member):
            written.write(part)
            told(len(part), member.name)
    os.utime(path, ns=(member.mtime_ns, member.mtime_ns))


def _move_files(library: Library, before: tuple[str, ...], now: str) -> None:
    """Files inside the library's folder have new paths, and are otherwise as they were read."""
    with library.changing() as connection:
        for folder in map(os.fsencode, before):
            for path in library.files.under(folder):
                moved = os.fsencode(now) + path[len(folder.rstrip(b"/")) :]
                connection.execute("UPDATE OR IGNORE files SET path = ? WHERE path = ?", (moved, path))


def _flush_all(place: Path) -> None:
    for folder, _, names in os.walk(place):
        for each in names:
            to_disk(Path(folder, each))
        to_disk(Path(folder))


def _give_name(place: Path, target: Path, folder: Path) -> None:
    try:
        os.rename(place, target)
    except OSError as reason:
        raise BackupError(
            f"the restored library could not become {folder} ({reason.strerror}), as where a disk is mounted there or another "
            "process wrote into it; restore into a new folder inside it, with --library"
        ) from None
