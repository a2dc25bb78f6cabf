"""A backup is whole or refused: killed, on a full disk, with any bit turned, cut short, or made by someone who means harm."""

import hashlib
import io
import json
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from corpus import Library
from corpus.backup import back_up
from corpus.backup_file import FORMAT, BackupError
from corpus.restore import restore
from corpus.workplace import PREFIX, workplace
from rag import index_paths
from rag.check import check_library
from tests import backing_up
from tests.backing_up import derive
from tests.cheap import CheapEncoder, cheap_library
from tests.conftest import ROOT
from tests.test_incremental import content
from tests.test_kill import context
from tests.test_library import mounted

UPLOAD = "uploads/年报 2023.pdf"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("damage")
    (folder / "in").mkdir()
    for number in range(40):
        (folder / "in" / f"{number}.txt").write_text(f"第{number}号文件说，{'今天下雨' * (number % 9)}。 Number {number}: هذا نص.")
    with cheap_library(folder / "library") as opened:
        index_paths([folder / "in"], opened, CheapEncoder())
    (folder / "library" / "uploads").mkdir()
    (folder / "library" / UPLOAD).write_bytes(random.Random(1).randbytes(400_000))
    return folder / "library"


@pytest.fixture(scope="module")
def whole(library: Path) -> Path:
    file = library.parent / "whole.tar"
    back_up(library, file)
    return file


def refused(file: Path, folder: Path) -> str:
    """The sentence that a backup is refused with, and nothing was written."""
    before = sorted(folder.iterdir())
    with pytest.raises(BackupError) as error:
        restore(file, folder / "deep" / "library", derive)
    assert sorted(folder.iterdir()) == before
    assert "\n" not in str(error.value) and str(file) in str(error.value)
    return str(error.value)


# Damage


def test_a_backup_with_any_bit_turned_is_refused_and_named(whole: Path, tmp_path: Path) -> None:
    data, chance = whole.read_bytes(), random.Random()
    with tarfile.open(whole) as tar:
        places = [(each.name, each.offset, each.offset_data, each.size) for each in tar]
    # Anywhere; and in every header, the last bytes of every member, the padding and the zeros at the end.
    spots = [(chance.randrange(len(data)), None) for _ in range(120)]
    for name, header, start, size in places:
        spots += [(chance.randrange(header, start), None) for _ in range(12)]
        spots += [(start + size - 1, name), (chance.randrange(start, start + size), name), (start + size + (-size) % 512 - 1, None)]
    spots += [(chance.randrange(len(data) - 3000, len(data)), None) for _ in range(20)] + [(0, None), (len(data) - 1, None)]
    for at, name in spots:
        turned = bytearray(data)
        turned[at] ^= 1 << chance.randrange(8)
        (tmp_path / "b.tar").write_bytes(turned)
        said = refused(tmp_path / "b.tar", tmp_path)
        if name not in (None, "manifest.json", "sha256"):
            assert f"damaged in {name}:" in said, (at, said)


def test_a_backup_cut_short_or_grown_is_refused(whole: Path, tmp_path: Path) -> None:
    data, chance = whole.read_bytes(), random.Random()
    lengths = [0, 1, 511, 512, len(data) - 1, len(data) - 512, len(data) - 10_240, *(chance.randrange(len(data)) for _ in range(40))]
    for each in [*(data[:length] for length in lengths), data + b"\0", data + b"\0" * 512, data + b"\0" * 10_240, data + data, data + b"x" * 512]:
        (tmp_path / "b.tar").write_bytes(each)
        said = refused(tmp_path / "b.tar", tmp_path)
        assert "cut short" in said or "is damaged" in said


def test_a_library_that_is_damaged_is_not_backed_up(library: Path, tmp_path: Path) -> None:
    with workplace(tmp_path) as place:
        for name, of in (("library.sqlite", library / "library.sqlite"), ("conversations.db", None)):
            folder = place / name
            folder.mkdir()
            (folder / "library.sqlite").write_bytes((library / "library.sqlite").read_bytes())
            if of is None:
                connection = sqlite3.connect(folder / name)
                connection.executescript("CREATE TABLE t (x); WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 9000) INSERT INTO t SELECT i FROM n")
                connection.close()
            data = bytearray((folder / name).read_bytes())
            data[len(data) // 2 : len(data) // 2 + 4096] = b"\x55" * 4096
            (folder / name).write_bytes(data)
            with pytest.raises(BackupError, match=f"{name} is damaged .*no backup was made"):
                back_up(folder, tmp_path / "b.tar")
            assert not (tmp_path / "b.tar").exists()


def test_what_is_no_database_is_named(library: Path, tmp_path: Path) -> None:
    with workplace(tmp_path) as place:
        (place / "library.sqlite").write_bytes((library / "library.sqlite").read_bytes())
        (place / "users.db").write_text("no database, however long it may be. " * 200)
        with pytest.raises(BackupError, match=r"users\.db cannot be read \(file is not a database\)"):
            back_up(place, tmp_path / "b.tar")


# Harm


def forged(whole: Path, file: Path, change: Callable[[list[tuple[tarfile.TarInfo, bytes]], dict[str, Any]], None]) -> None:
    """A backup with other members and another manifest, and the right digest at its end."""
    with tarfile.open(whole) as tar:
        members = [(each, tar.extractfile(each).read()) for each in tar if each.name not in ("manifest.json", "sha256")]  # type: ignore[union-attr]
        manifest = json.loads(tar.extractfile("manifest.json").read())  # type: ignore[union-attr]
    change(members, manifest)
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for info, data in [*members, (plain("manifest.json"), json.dumps(manifest).encode())]:
            info.size = len(data) if info.size != HUGE else HUGE
            tar.addfile(info, io.BytesIO(data) if info.size == len(data) else None)
        before = written.getvalue() + plain("sha256", 64).tobuf(tarfile.PAX_FORMAT)
        tar.addfile(plain("sha256", 64), io.BytesIO(hashlib.sha256(before).hexdigest().encode()))
    file.write_bytes(written.getvalue())


HUGE = 8 << 60


def plain(name: str, size: int = 0, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = size, kind, link
    return info


def entry(name: str, data: bytes = b"x") -> dict[str, Any]:
    return {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "mtime_ns": 0, "mode": 0o644}


def with_file(name: str) -> Callable[[list[tuple[tarfile.TarInfo, bytes]], dict[str, Any]], None]:
    def change(members: list[tuple[tarfile.TarInfo, bytes]], manifest: dict[str, Any]) -> None:
        members.append((plain(name), b"x"))
        manifest["members"].append(entry(name))

    return change


def with_link(members: list[tuple[tarfile.TarInfo, bytes]], manifest: dict[str, Any]) -> None:
    members.append((plain("uploads/link", kind=tarfile.SYMTYPE, link="/etc"), b""))
    manifest["members"].append(entry("uploads/link", b""))


def with_sparse(members: list[tuple[tarfile.TarInfo, bytes]], manifest: dict[str, Any]) -> None:
    info = plain("uploads/sparse")
    info.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.map": "0,1", "GNU.sparse.size": str(1 << 40)}
    members.append((info, b"x"))
    manifest["members"].append(entry("uploads/sparse") | {"size": 1 << 40})


def without(members: list[tuple[tarfile.TarInfo, bytes]], manifest: dict[str, Any]) -> None:
    members[:] = [each for each in members if each[0].name != UPLOAD]


def extra(members: list[tuple[tarfile.TarInfo, bytes]], manifest: dict[str, Any]) -> None:
    members.append((plain("uploads/more.txt"), b"more"))


def twice(members: list[tuple[tarfile.TarInfo, bytes]], manifest: dict[str, Any]) -> None:
    members.append((plain(UPLOAD), b"other"))


def changed(members: list[tuple[tarfile.TarInfo, bytes]], manifest: dict[str, Any]) -> None:
    members[:] = [(info, b"y" * len(data) if info.name == UPLOAD else data) for info, data in members]


def absurd(members: list[tuple[tarfile.TarInfo, bytes]], manifest: dict[str, Any]) -> None:
    members.append((plain("uploads/huge", HUGE), b""))
    manifest["members"].append(entry("uploads/huge") | {"size": HUGE})


def absurd_header(members: list[tuple[tarfile.TarInfo, bytes]], manifest: dict[str, Any]) -> None:
    info = plain("uploads/long")
    info.pax_headers = {"comment": "x" * 1_000_000}
    members.append((info, b"x"))
    manifest["members"].append(entry("uploads/long"))


def set_to(**values: object) -> Callable[[list[tuple[tarfile.TarInfo, bytes]], dict[str, Any]], None]:
    return lambda members, manifest: manifest.update(values)


@pytest.mark.parametrize(("change", "says"), [
    (with_file("../outside.txt"), "leads out of the library"),
    (with_file("uploads/../../outside.txt"), "leads out of the library"),
    (with_file("/tmp/outside.txt"), "leads out of the library"),
    (with_file("uploads//x"), "leads out of the library"),
    (with_file("uploads/" + "n" * 300), "leads out of the library"),
    (with_file("library.sqlite-wal"), "does not belong in one"),
    (with_file("users.db-journal"), "does not belong in one"),
    (with_link, "no plain file"), (with_sparse, "no plain file"),
    (without, "is missing from it"), (extra, "other files than its manifest names"), (twice, "other files than its manifest names"),
    (changed, f"damaged in {UPLOAD}"), (absurd, "no backup that `yinju backup` has made"), (absurd_header, "absurd size"),
    (set_to(format=FORMAT + 1), f"a backup of format {FORMAT + 1}, newer than this version"),
    (set_to(library_format=99), "a library of format 99, newer than this version"),
    (set_to(members=[]), "other files than its manifest names"), (set_to(members=None), "no backup that"),
    (set_to(members=[entry("library.sqlite")]), "other files"), (set_to(format="x"), "no backup that"), (set_to(counts=[]), "no backup that"),
])  # fmt: skip
def test_a_backup_that_was_tampered_with_is_refused(
    change: Callable[[list[tuple[tarfile.TarInfo, bytes]], dict[str, Any]], None], says: str, whole: Path, tmp_path: Path
) -> None:
    forged(whole, tmp_path / "b.tar", change)
    assert says in refused(tmp_path / "b.tar", tmp_path)
    assert not Path("/tmp/outside.txt").exists()


def test_a_backup_forged_without_a_change_is_restored(whole: Path, library: Path, tmp_path: Path) -> None:
    """What the test above refuses is refused for its change."""
    forged(whole, tmp_path / "b.tar", lambda members, manifest: None)
    restore(tmp_path / "b.tar", tmp_path / "other", derive)
    assert content(tmp_path / "other") == content(library)


# Killed


def killed(target: Callable[..., None], arguments: tuple[str, ...], seconds: float | None) -> float:
    process = context().Process(target=target, args=arguments)
    began = time.monotonic()
    process.start()
    process.join(seconds)
    if process.is_alive():
        with suppress(ProcessLookupError):  # it has just ended
            os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        return -1
    assert process.exitcode == 0
    return time.monotonic() - began


@pytest.mark.parametrize("kills", [6, pytest.param(30, marks=pytest.mark.slow)])
def test_a_backup_killed_at_random_moments_is_never_half(kills: int, library: Path, whole: Path, tmp_path: Path) -> None:
    chance, file, dead = random.Random(), tmp_path / "b.tar", 0
    run = (str(library), str(file))
    lasts = min(killed(backing_up.run_backup, run, None) for _ in range(3))
    for _ in range(200):
        if chance.random() < 0.3:
            file.unlink(missing_ok=True)
        dead += killed(backing_up.run_backup, run, chance.uniform(0, lasts)) < 0
        if file.exists():
            restore(file, tmp_path / "other" / str(dead) / str(time.monotonic_ns()), derive)
        if dead >= kills:
            break
    assert dead >= kills
    back_up(library, file, force=True)
    # Nothing half written is left; restored was only where a backup had come to its end before it was killed.
    assert {each.name for each in tmp_path.iterdir()} - {"other"} == {"b.tar"}
    assert check_library(library, CheapEncoder()) == []


@pytest.mark.parametrize("kills", [6, pytest.param(30, marks=pytest.mark.slow)])
def test_a_restore_killed_at_random_moments_leaves_a_whole_library_or_none(kills: int, library: Path, whole: Path, tmp_path: Path) -> None:
    chance, dead, there, before = random.Random(), 0, tmp_path / "other", content(library)
    lasts = min(killed(backing_up.run_restore, (str(whole), str(tmp_path / "timing" / str(each))), None) for each in range(3))
    for _ in range(200):
        dead += killed(backing_up.run_restore, (str(whole), str(there)), chance.uniform(0, lasts)) < 0
        if there.exists():
            assert content(there) == before and check_library(there, CheapEncoder()) == []
            subprocess.run(["rm", "-r", there], check=True)
        if dead >= kills:
            break
    assert dead >= kills
    restore(whole, there, derive)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["other", "timing"]


def test_what_a_process_that_runs_works_on_is_left_to_it(tmp_path: Path) -> None:
    with workplace(tmp_path) as first, workplace(tmp_path) as second:
        assert first.is_dir() and second.is_dir()
        (tmp_path / f"{PREFIX}left").mkdir()
        with workplace(tmp_path) as third:
            assert first.is_dir() and second.is_dir() and third.is_dir() and not (tmp_path / f"{PREFIX}left").exists()
    assert list(tmp_path.iterdir()) == []


# Full disks


@pytest.mark.parametrize("room", [0.2, 0.5, 0.97])
def test_a_full_disk_is_one_sentence_and_leaves_no_backup(room: float, library: Path, whole: Path, tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", str(int(whole.stat().st_size * room))):
        with pytest.raises(BackupError, match=r"the disk that holds .* is full \(.*\); no backup was made"):
            back_up(library, tmp_path / "disk" / "b.tar")
        assert list((tmp_path / "disk").iterdir()) == []
        subprocess.run(["mount", "-o", "remount,size=9m", tmp_path / "disk"], check=True)
        restore(back_up(library, tmp_path / "disk" / "b.tar").file, tmp_path / "other", derive)
    assert content(tmp_path / "other") == content(library)


# The last is enough for the files, and not for the index and what SQLite writes beside them.
@pytest.mark.parametrize("room", [0.2, 0.9, 1.02])
def test_a_disk_too_small_for_the_library_is_one_sentence_and_nothing_is_written(room: float, whole: Path, library: Path, tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", str(int(whole.stat().st_size * room))):
        with pytest.raises(BackupError, match="nothing was written: free some space") as error:
            restore(whole, tmp_path / "disk" / "new" / "library", derive)
        assert "\n" not in str(error.value) and list((tmp_path / "disk").iterdir()) == []
        subprocess.run(["mount", "-o", "remount,size=9m", tmp_path / "disk"], check=True)
        restore(whole, tmp_path / "disk" / "new" / "library", derive)
        assert content(tmp_path / "disk" / "new" / "library") == content(library)


@pytest.mark.parametrize("room", [0.05, 0.4, 0.95])
def test_files_that_may_not_grow_are_one_sentence(room: float, library: Path, whole: Path, tmp_path: Path) -> None:
    limit = int(whole.stat().st_size * room)
    command = [sys.executable, "-m", "ui", "backup", str(tmp_path / "b.tar"), "--library", str(library)]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "") and ("full" in done.stderr or "check the disk" in done.stderr) and len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
    with Library.open(library) as opened:
        assert opened.document_count() == 40


def test_a_place_where_a_disk_is_mounted_is_said_to_be_one(whole: Path, tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "9m"):
        with pytest.raises(BackupError, match="as where a disk is mounted there"):
            restore(whole, tmp_path / "disk", derive)
        restore(whole, tmp_path / "disk" / "library", derive)
    assert not list(tmp_path.glob(f"{PREFIX}*"))
