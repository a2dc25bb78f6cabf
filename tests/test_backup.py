"""A backup holds all that is true of a library as it was at one moment, and an empty machine answers from it as before."""

import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus import Document, Library, read_bytes
from corpus.backup import back_up
from corpus.backup_file import BackupError, BackupWriter, Manifest, is_safe, opened_backup
from corpus.feedback import Feedback, add_feedback
from corpus.readers.placed import Placements
from corpus.restore import restore
from corpus.schema import FORMAT
from corpus.workplace import PREFIX, workplace
from rag import Answer, Assistant, index_documents, index_paths, vectors
from rag.batch import Batch, prepared
from rag.check import check_library
from rag.settings import Settings, library_settings, save_settings
from rag.vectors import open_index
from tests import indexer, make_format_4, writers
from tests.backing_up import derive
from tests.cheap import CheapEncoder, cheap_library
from tests.conftest import ROOT, Yinju
from tests.test_browser import Served
from tests.test_incremental import content
from tests.test_kill import context
from tests.test_library import mounted
from ui.conversations import Conversations
from ui.library_panel import added, reread
from ui.page_image import pages_html
from ui.uploads import Upload

TEXTS = {
    "zh/会议.txt": "青石镇例会于三月三日召开。\n\n会议由王小明主持，讨论了水渠的修缮。",
    "en/fees.txt": "The council published new fees on Tuesday, and they apply from April.",
    "ja/図書館.txt": "新しい図書館が三月に開館した。\n\n館長は山田さんである。",
    "ar/ماء.txt": "ارتفع منسوب المياه مترين في الليل.",
}
PARKING = ["停车收费自四月一日起调整，白天每小时五元，夜间免费。"]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Documents in four languages, an upload, feedback, settings, a conversation, users, a run of questions, and what is none of these."""
    for name, text in TEXTS.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text(text)
    folder = tmp_path / "library"
    with cheap_library(folder) as opened:
        index_paths([tmp_path / "in"], opened, CheapEncoder())
        add_feedback(opened, Feedback("谁主持？", "down"))
        add_feedback(opened, Feedback("谁主持会议？", "up", "zh/会议.txt", 15, 21))
        save_settings(opened, Settings(threshold=0.3))
    (tmp_path / "停车.pdf").write_bytes(writers.pdf_file(PARKING, "收费办法"))
    with Assistant.open(folder, CheapEncoder()) as assistant:
        added(assistant, [Upload(tmp_path / "停车.pdf", "办法/停车.pdf")], "zh", lambda html: None)
        with Conversations(folder) as kept:
            kept.add(kept.begin("王"), assistant.ask("谁主持会议？"))
    users = sqlite3.connect(folder / "users.db")
    users.execute("CREATE TABLE user (name TEXT, secret BLOB)")
    users.execute("INSERT INTO user VALUES ('王小明', x'00ff')")
    users.commit()
    users.close()
    os.chmod(folder / "users.db", 0o600)
    (folder / "runs" / "first").mkdir(parents=True)
    (folder / "runs" / "first" / "metrics.json").write_text("{}")
    (folder / ".vectors-9-9.new").write_bytes(b"left by a killed process")
    (folder / "uploads" / ".part-x").write_bytes(b"being uploaded")
    return folder


def restored(file: Path, folder: Path) -> Path:
    restore(file, folder, derive)
    assert check_library(folder, CheapEncoder()) == []
    assert not list(folder.parent.glob(f"{PREFIX}*"))
    return folder


def asked(folder: Path) -> list[Answer]:
    with Assistant.open(folder, CheapEncoder()) as assistant:
        answers = [assistant.ask(each) for each in ("谁主持会议？", "When do the fees apply?", "館長は誰ですか", "夜间停车要多少钱？")]
    return [Answer(each.question, each.answered, each.confidence, each.quotes, each.passages, {}) for each in answers]


def rows(file: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


# What comes back


def test_a_restored_library_is_the_library(library: Path, tmp_path: Path) -> None:
    before, answers = content(library), asked(library)
    turns = rows(library / "conversations.db", "SELECT * FROM turn"), rows(library / "conversations.db", "SELECT * FROM conversation")
    with Library.open(library) as opened:
        said = list(opened.feedback())
    made = back_up(library, tmp_path / "b.tar")
    assert made.size == (tmp_path / "b.tar").stat().st_size and made.left_out == ()
    shutil.rmtree(library)
    shutil.rmtree(tmp_path / "in")
    other = restored(tmp_path / "b.tar", tmp_path / "another" / "machine" / "library")
    assert content(other) == before
    assert asked(other) == answers
    assert (rows(other / "conversations.db", "SELECT * FROM turn"), rows(other / "conversations.db", "SELECT * FROM conversation")) == turns
    assert rows(other / "users.db", "SELECT * FROM user") == [("王小明", b"\x00\xff")]
    assert (other / "users.db").stat().st_mode & 0o777 == 0o600
    with Library.open(other) as opened:
        assert list(opened.feedback()) == said and len(said) == 2
        assert library_settings(opened).threshold == 0.3
    with Conversations(other) as kept:
        assert kept.kept and len(kept.list("王")) == 1


def test_a_backup_holds_what_is_true_and_nothing_that_is_derived(library: Path, tmp_path: Path) -> None:
    back_up(library, tmp_path / "b.tar")
    names = subprocess.run(["tar", "-tf", tmp_path / "b.tar"], capture_output=True, text=True, check=True, env={"LANG": "C.UTF-8"}).stdout.split()
    assert {"library.sqlite", "conversations.db", "users.db", "runs/first/metrics.json"} < set(names)
    assert names[-2:] == ["manifest.json", "sha256"] and len(names) == 7
    with opened_backup(tmp_path / "b.tar", lambda done, name: None) as backup:
        assert {each.name for each in backup.manifest.members} == {
            "library.sqlite", "conversations.db", "users.db", "runs/first/metrics.json", "uploads/办法/停车.pdf",
        }  # fmt: skip
        assert backup.manifest.counts == {"documents": 5, "passages": backup.manifest.counts["passages"], "files": 5, "feedback": 2}
        assert (backup.manifest.model, backup.manifest.library_format) == ("cheap", FORMAT)
    # It holds readers' own words.
    assert (tmp_path / "b.tar").stat().st_mode & 0o777 == 0o600


def test_uploads_are_read_where_they_now_are(library: Path, tmp_path: Path) -> None:
    back_up(library, tmp_path / "b.tar")
    stamp = (library / "uploads" / "办法" / "停车.pdf").stat().st_mtime_ns
    shutil.rmtree(library)
    other = restored(tmp_path / "b.tar", tmp_path / "moved")
    assert (other / "uploads" / "办法" / "停车.pdf").stat().st_mtime_ns == stamp
    with Library.open(other) as opened:
        document = opened.document("办法/停车.pdf")
        assert document is not None
        assert "data:image/webp" in pages_html(opened, Placements(), document, 0, len(document.text), "zh")
        paths = [os.fsdecode(each) for each in opened.files.under(b"/")]
    assert str(other / "uploads" / "办法" / "停车.pdf") in paths
    assert sum(each.startswith(str(tmp_path / "in")) for each in paths) == len(TEXTS)
    encoder = CheapEncoder()
    with Assistant.open(other, encoder) as assistant:
        assert "新增 0" in reread(assistant, "zh", lambda html: None) and not encoder.embedded
        (other / "uploads" / "办法" / "停车.pdf").write_bytes(writers.pdf_file(["停车一律免费，自五月起施行。"], "收费办法"))
        reread(assistant, "zh", lambda html: None)
        assert "免费" in assistant.ask("停车免费吗？").passages[0].text and encoder.embedded


def test_a_library_reached_by_a_link_is_restored_with_its_uploads(library: Path, tmp_path: Path) -> None:
    """Paths were written down by way of the link, or of what it leads to."""
    (tmp_path / "link").symlink_to(library)
    with Assistant.open(tmp_path / "link", CheapEncoder()) as assistant:
        (tmp_path / "b.txt").write_text("乙市的人口是二十万。")
        added(assistant, [Upload(tmp_path / "b.txt", "b.txt")], "zh", lambda html: None)
    back_up(tmp_path / "link", tmp_path / "b.tar")
    other = restored(tmp_path / "b.tar", tmp_path / "moved")
    with Library.open(other) as opened:
        assert len(opened.files.under(os.fsencode(other))) == 2


def test_what_is_backed_up_again_is_the_same(library: Path, tmp_path: Path) -> None:
    back_up(library, tmp_path / "1.tar")
    back_up(restored(tmp_path / "1.tar", tmp_path / "2"), tmp_path / "2.tar")
    assert content(restored(tmp_path / "2.tar", tmp_path / "3")) == content(library)


def test_a_large_library_answers_by_the_index_that_it_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is trained anew, on other texts, may find others."""
    for name, value in (("LARGE", 300), ("SAMPLE", 300), ("FEW", 150)):
        monkeypatch.setattr(vectors, name, value)
    documents = [read_bytes(f"第{number}号文件的{number * 7919 % 1009}页说，{number * 31 % 97}人到会。".encode(), f"{number}.txt") for number in range(500)]
    with cheap_library(tmp_path / "library") as opened:
        index_documents(documents[:400], opened, CheapEncoder())
        index_documents(documents[30:], opened, CheapEncoder())
        file = vectors.trained_file(opened)
    assert file is not None
    back_up(tmp_path / "library", tmp_path / "b.tar", kept=vectors.trained_file)
    other = restored(tmp_path / "b.tar", tmp_path / "other")
    assert (other / file.name).read_bytes() == file.read_bytes()
    # Without it one is made.
    back_up(tmp_path / "library", tmp_path / "without.tar")
    made = restored(tmp_path / "without.tar", tmp_path / "made")
    assert not (made / file.name).exists() and len(list(made.glob("*.faiss"))) == 1


@settings(max_examples=25, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=60).filter(lambda raw: b"/" not in raw and b"\0" not in raw), min_size=1, max_size=3), st.binary(max_size=3000))
def test_files_come_back_under_any_name_and_to_the_byte(parts: list[bytes], data: bytes) -> None:
    with workplace(Path("/tmp")) as place:
        cheap_library(place / "library").close()
        name = "uploads/" + "/".join("x" + os.fsdecode(each) for each in parts)
        (place / "library" / name).parent.mkdir(parents=True)
        (place / "library" / name).write_bytes(data)
        back_up(place / "library", place / "b.tar")
        restore(place / "b.tar", place / "other", derive)
        assert (place / "other" / name).read_bytes() == data


@given(st.lists(st.sampled_from(["", ".", "..", "a", "b" * 300, "\0", "é", "..."]), min_size=1, max_size=5).map("/".join))
def test_a_name_is_safe_where_it_is_one_way_to_a_place_inside(name: str) -> None:
    inside = "\0" not in name and os.path.normpath(f"/l/{name}") == f"/l/{name}" and "b" * 300 not in name
    assert is_safe(name) == (inside and name != "" and not name.startswith("/"))


def test_a_library_of_an_older_format_is_migrated_when_it_is_restored(library: Path, tmp_path: Path) -> None:
    before = content(library)
    make_format_4.make(library)
    with (tmp_path / "old.tar").open("wb") as file:
        writer = BackupWriter(file, lambda done, name: None)
        writer.add("library.sqlite", library / "library.sqlite")
        writer.finish(Manifest("0.1", "2026-01-01", "cheap", 16, 4, (), {"documents": 5, "passages": 1}, tuple(writer.members)))
    assert (restored(tmp_path / "old.tar", tmp_path / "other") / "library.sqlite").is_file()
    with Library.open(tmp_path / "other") as opened:
        assert opened.meta("format") == str(FORMAT)
    after = content(tmp_path / "other")
    assert {each: after[each] for each in before if each != "faiss"} == {each: before[each] for each in before if each != "faiss"}


def test_a_library_on_a_disk_that_cannot_be_written_is_backed_up(library: Path, tmp_path: Path) -> None:
    before = content(library)
    with mounted(tmp_path / "disk", "20m"):
        shutil.copytree(library, tmp_path / "disk" / "library")
        subprocess.run(["mount", "-o", "remount,ro", tmp_path / "disk"], check=True)
        back_up(tmp_path / "disk" / "library", tmp_path / "b.tar")
    assert content(restored(tmp_path / "b.tar", tmp_path / "other")) == before


# While others write


def test_a_backup_is_of_one_moment_while_documents_are_written(tmp_path: Path) -> None:
    """Every second document is written with its pair in one transaction, and an upload's file is there before its document."""
    encoder, library = CheapEncoder(), cheap_library(tmp_path / "library")
    done = threading.Event()

    def write() -> None:
        number = 0
        while not done.is_set():
            number += 1
            with library.changing():
                index = [read_bytes(f"第{number}号文件的{half}半说，今天下雨。".encode(), f"{number}-{half}.txt") for half in "上下"]
                _put(library, index, encoder)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for each in range(12):
            back_up(tmp_path / "library", tmp_path / f"{each}.tar")
            time.sleep(random.uniform(0, 0.1))
    finally:
        done.set()
        writer.join()
    library.close()
    seen = []
    for each in range(12):
        with Library.open(restored(tmp_path / f"{each}.tar", tmp_path / str(each))) as opened:
            names = [row.name.partition("-")[0] for row in opened.list_documents()]
            with opened_backup(tmp_path / f"{each}.tar", lambda done, name: None) as backup:
                assert backup.manifest.counts["documents"] == len(names) == opened.document_count()
        assert all(names.count(name) == 2 for name in set(names))
        seen.append(len(names))
    assert seen == sorted(seen) and seen[0] < seen[-1]


def _put(library: Library, documents: list[Document], encoder: CheapEncoder) -> None:
    batch = Batch(library, encoder, lambda: None)
    for each in documents:
        batch.put(*prepared(each, encoder, library_settings(library)), None)
    batch.flush()


def test_a_library_is_backed_up_while_another_process_indexes(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in range(300):
        (tmp_path / "in" / f"{number}.txt").write_text(f"第{number}号文件说，{'今天下雨' * (number % 9)}。")
    cheap_library(tmp_path / "library").close()
    process = context().Process(target=indexer.run, args=(str(tmp_path / "in"), str(tmp_path / "library"), str(tmp_path / "log")))
    process.start()
    counts = []
    while process.is_alive():
        back_up(tmp_path / "library", tmp_path / "b.tar", force=True)
        shutil.rmtree(tmp_path / "other", ignore_errors=True)
        with Library.open(restored(tmp_path / "b.tar", tmp_path / "other")) as opened:
            counts.append(opened.document_count())
    assert process.exitcode == 0 and counts == sorted(counts)
    assert len({each for each in counts if 0 < each < 300}) >= 2, counts
    assert check_library(tmp_path / "library", CheapEncoder()) == []


def test_the_command_line_backs_up_and_restores_with_the_same_answers(yinju: Yinju, tmp_path: Path) -> None:
    moved(yinju, tmp_path, ["夜间停车要多少钱？"])


@pytest.mark.slow
def test_a_served_library_is_restored_on_an_empty_machine_with_the_same_answers(
    yinju: Yinju, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def serving(library: Path) -> Served:
        server = Served(library)
        assert urllib.request.urlopen(f"{server.address}/health").status == 200
        return server

    def empty() -> None:
        monkeypatch.setenv("YINJU_CACHE", str(tmp_path / "empty"))

    moved(yinju, tmp_path, ["夜间停车要多少钱？", "Who chaired the meeting?", "火星上有多少人？"], serving, empty)
    assert (tmp_path / "empty").is_dir()


def moved(
    yinju: Yinju, folder: Path, questions: list[str],
    serving: Callable[[Path], Served | None] = lambda library: None, other_machine: Callable[[], None] = lambda: None,
) -> None:  # fmt: skip
    """Ask, back up while it is served, take everything away, restore, and ask again."""
    library = folder / "library"
    (folder / "会议.txt").write_text(TEXTS["zh/会议.txt"])
    done = yinju("index", folder / "会议.txt", "--library", library)
    assert done.returncode == 0, done.stderr
    (folder / "停车.pdf").write_bytes(writers.pdf_file(PARKING, "收费办法"))
    with Assistant.open(library) as assistant:
        added(assistant, [Upload(folder / "停车.pdf", "停车.pdf")], "zh", lambda html: None)
    server = serving(library)
    try:
        before = [_answer(yinju, each, library) for each in questions]
        done = yinju("backup", folder / "b.tar", "--library", library, "--json")
        assert done.returncode == 0, done.stderr
    finally:
        if server is not None:
            server.stop()
    told = json.loads(done.stdout)
    assert set(told) == {"file", "bytes", "documents", "passages", "files", "left_out", "seconds"}
    shutil.rmtree(library)
    for each in ("会议.txt", "停车.pdf"):
        (folder / each).unlink()
    other_machine()
    done = yinju("restore", folder / "b.tar", "--library", folder / "other", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["documents"] == told["documents"] == 2
    assert [_answer(yinju, each, folder / "other") for each in questions] == before
    assert '"answered": true' in before[0]


def _answer(yinju: Yinju, question: str, library: Path) -> str:
    """What is printed, but for the time that it took."""
    done = yinju("ask", question, "--library", library, "--json")
    assert done.returncode == 0, done.stderr
    return re.sub(r'"timings_ms": \{[^}]*\}', "", done.stdout)


# What is said


@pytest.mark.parametrize(("arguments", "says"), [
    (["backup", "{tmp}/b.tar", "--library", "{tmp}/nowhere"], "there is no library at"),
    (["backup", "{tmp}/there.tar", "--library", "{tmp}/library"], "there.tar is there already; choose another name, or replace it with --force"),
    (["backup", "{tmp}/library/b.tar", "--library", "{tmp}/library"], "lies in the library itself"),
    (["backup", "{tmp}", "--library", "{tmp}/library"], "is a folder"),
    (["backup", "{tmp}/no/b.tar", "--library", "{tmp}/library"], "no is no folder"),
    (["restore", "{tmp}/nowhere.tar", "--library", "{tmp}/new"], "nowhere.tar cannot be read"),
    (["restore", "{tmp}/there.tar", "--library", "{tmp}/new"], "there.tar is no backup of Yinju's"),
    (["restore", "{tmp}/there.tar", "--library", "{tmp}/library"], "library holds a library; move it away, with: mv {tmp}/library {tmp}/library.before"),
    (["restore", "{tmp}/there.tar", "--library", "{tmp}/in"], "in holds other files; move it away"),
    (["restore", "{tmp}/there.tar", "--library", "{tmp}/there.tar"], "there.tar is a file"),
])  # fmt: skip
def test_what_is_wrong_is_one_sentence(arguments: list[str], says: str, library: Path, tmp_path: Path) -> None:
    (tmp_path / "there.tar").write_text("something else")
    before = content(library)
    command = [sys.executable, "-m", "ui", *(each.format(tmp=tmp_path) for each in arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2 and done.stdout == "" and len(done.stderr.splitlines()) == 1
    assert says.format(tmp=tmp_path) in done.stderr
    assert (tmp_path / "there.tar").read_text() == "something else" and content(library) == before
    assert not (tmp_path / "new").exists() and not list(tmp_path.glob(f"**/{PREFIX}*"))


def test_a_backup_replaces_another_only_when_it_is_told_to(library: Path, tmp_path: Path) -> None:
    back_up(library, tmp_path / "b.tar")
    first = (tmp_path / "b.tar").read_bytes()
    with cheap_library(library) as opened:
        add_feedback(opened, Feedback("还有吗？", "down"))
    with pytest.raises(BackupError, match="--force"):
        back_up(library, tmp_path / "b.tar")
    assert (tmp_path / "b.tar").read_bytes() == first
    back_up(library, tmp_path / "b.tar", force=True)
    assert (tmp_path / "b.tar").read_bytes() != first


def test_links_inside_folders_are_passed_over_and_named(library: Path, tmp_path: Path) -> None:
    (library / "uploads" / "passwd").symlink_to("/etc/passwd")
    made = back_up(library, tmp_path / "b.tar")
    assert made.left_out == ("uploads/passwd",)
    assert not (restored(tmp_path / "b.tar", tmp_path / "other") / "uploads" / "passwd").exists()


def test_an_empty_folder_and_a_link_to_one_become_the_library(library: Path, tmp_path: Path) -> None:
    back_up(library, tmp_path / "b.tar")
    (tmp_path / "empty").mkdir()
    assert content(restored(tmp_path / "b.tar", tmp_path / "empty")) == content(library)
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    restored(tmp_path / "b.tar", tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    with Library.open(tmp_path / "link") as opened:
        assert len(opened.files.under(os.fsencode(tmp_path / "link"))) == 1


def test_the_index_of_a_restored_library_is_there_at_once(library: Path, tmp_path: Path) -> None:
    back_up(library, tmp_path / "b.tar")
    with Library.open(restored(tmp_path / "b.tar", tmp_path / "other")) as opened:
        named = opened.derived("vectors")
        assert named is not None and named.path.parent == tmp_path / "other" and named.path.is_file()
        assert open_index(opened).file == named.path
    assert not (tmp_path / "other" / "writer.lock").exists()


@pytest.mark.slow
def test_gigabytes_are_backed_up_and_restored_in_bounded_memory(tmp_path: Path) -> None:
    """A library of 1.2 GB, and an upload of 5 GB, more than a number of 32 bits counts."""
    cheap_library(tmp_path / "library").close()
    with Library.open(tmp_path / "library") as opened, opened.changing() as connection:
        connection.execute("CREATE TABLE ballast (x BLOB)")
        connection.executemany("INSERT INTO ballast VALUES (zeroblob(1000000))", [()] * 1200)
    (tmp_path / "library" / "uploads").mkdir()
    with (tmp_path / "library" / "uploads" / "large.pdf").open("wb") as file:
        file.truncate(5 << 30)
        file.write(b"begin")
    script = (
        "import resource, sys; from tests.backing_up import *\n"
        "run_backup(sys.argv[1], sys.argv[2])\n"
        "run_restore(sys.argv[2], sys.argv[3])\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    command = [sys.executable, "-c", script, tmp_path / "library", tmp_path / "b.tar", tmp_path / "other"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert int(done.stdout) * (1 if sys.platform == "darwin" else 1024) < 500e6
    assert (tmp_path / "other" / "uploads" / "large.pdf").stat().st_size == 5 << 30
    with Library.open(tmp_path / "other") as opened, opened.reading() as connection:
        assert connection.execute("SELECT count(*) FROM ballast").fetchone() == (1200,)


def test_documents_without_files_come_back(tmp_path: Path) -> None:
    with cheap_library(tmp_path / "library") as opened:
        index_documents([read_bytes("甲在这里住。".encode(), "甲.txt")], opened, CheapEncoder())
        assert opened.passage_count() == 1
    back_up(tmp_path / "library", tmp_path / "b.tar")
    assert content(restored(tmp_path / "b.tar", tmp_path / "other")) == content(tmp_path / "library")
