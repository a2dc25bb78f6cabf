import os
import re
import resource
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus import Library, LibraryError, split_sentences
from corpus.check import REPAIR
from corpus.document import Block, Document, Passage, Run, passage_id
from corpus.rows import Prepared, document_hash, text_key
from corpus.schema import FORMAT
from corpus.vector_table import Marks
from rag import Assistant, index_documents, index_paths
from rag.check import check_library
from rag.rebuild import rebuild
from tests import make_format_4
from tests.cheap import CheapEncoder, cheap_library
from tests.make_format_1 import make

ROOT = Path(__file__).parents[1]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
NUMBERS = st.integers(0, 2**32 - 1)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Odd text, NUL and unassigned characters and all; blocks, runs and pages that need not make sense."""
    text = "".join(draw(st.lists(TEXT, min_size=1, max_size=5)))
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=8)))
    blocks = tuple(
        Block(draw(st.sampled_from(["heading", "paragraph", "furniture"])), a, b, draw(st.integers(0, 6)),
              draw(st.none() | st.integers(1, 999)), draw(st.integers(0, 9)))
        for a, b in zip(cuts[::2], cuts[1::2], strict=False)
    )  # fmt: skip
    runs = tuple(Run(*each) for each in draw(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), max_size=4)))
    pages = tuple(draw(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=3)))
    name = draw(TEXT.filter(bool))
    return Document(name, draw(TEXT), text, blocks, draw(st.dictionaries(TEXT, TEXT, max_size=3)), draw(st.none() | TEXT), runs, pages)


def stored(document: Document) -> tuple[Prepared, list[str]]:
    text = document.text
    passages = [Passage(passage_id(document.id, 0, len(text), text), document.id, 0, len(text), ("题\x00",))] if text else []
    return Prepared(document, document_hash(document), split_sentences(document), passages, [text_key(text)] * len(passages)), [text]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 9), max_size=6), min_size=1, max_size=6), st.integers(0, 5))
def test_who_has_taken_up_an_older_moment_catches_up_to_what_is_there(states: list[list[int]], since: int) -> None:
    """Documents come and go; what is there is always what was there, and came, without what is gone."""
    with tempfile.TemporaryDirectory() as scratch, cheap_library(Path(scratch) / "library") as library:
        moments: list[tuple[Marks, set[int]]] = []
        for state in states:
            index_documents([Document(f"{each}", "", f"文{each}", (Block("paragraph", 0, 2),)) for each in state], library, CheapEncoder())
            moments.append((library.vectors.marks(), {int(each) for some, _ in library.vectors.chunks() for each in some}))
        (before, held), (now, there) = moments[min(since, len(moments) - 1)], moments[-1]
        came = {int(each) for some, _ in library.vectors.chunks(before.last) for each in some}
        assert (held | came) - set(library.vectors.gone(before, now).tolist()) == there
        assert now.count == len(there) == len(set(states[-1]))
        assert library.postings.lacking(1) == []


@settings(max_examples=80, deadline=None)
@given(st.lists(documents(), min_size=1, max_size=4, unique_by=lambda each: each.name))
def test_what_is_stored_comes_back_the_same(given_documents: list[Document]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        with cheap_library(Path(scratch) / "library") as library:
            for document in given_documents:
                item, texts = stored(document)
                library.vectors.put(item.keys, CheapEncoder().encode_passages(texts[: len(item.keys)]))
                library.put(item, None)
        with Library.open(Path(scratch) / "library") as library:
            for document in given_documents:
                item, _ = stored(document)
                assert library.document(document.name) == document
                assert library.with_sentences(document.id) == (document, item.sentences)
                assert [each for each, _ in library.passages_with_keys(document.id)] == item.passages
            listed = {each.name: each.characters for each in library.list_documents()}
            assert listed == {each.name: len(each.text) for each in given_documents}


def test_a_library_of_format_1_is_migrated_and_answers_without_embedding(tmp_path: Path) -> None:
    make(tmp_path / "library", tmp_path / "a.txt")
    encoder = CheapEncoder()
    with Assistant.open(tmp_path / "library", encoder) as assistant:
        found = assistant.ask("水位涨了多少？").passages
        assert found[0].text == "水位在夜里涨了两米。"
        assert assistant.library.meta("format") == str(FORMAT)
        assert assistant.library.document("a.txt").metadata == {"author": "王"}  # type: ignore[union-attr]
    assert check_library(tmp_path / "library", CheapEncoder()) == []
    with cheap_library(tmp_path / "library") as library:
        report = index_paths([tmp_path / "a.txt"], library, CheapEncoder())
        assert (report.updated, report.failures) == (1, ())
    assert check_library(tmp_path / "library", CheapEncoder()) == []


def test_a_library_of_format_1_that_is_being_written_is_read_from_a_copy_and_migrated_by_the_next_writer(
    tmp_path: Path,
) -> None:
    from filelock import FileLock

    make(tmp_path / "library", tmp_path / "a.txt")
    with FileLock(tmp_path / "library" / "writer.lock"):
        assistant = Assistant.open(tmp_path / "library", CheapEncoder())
    assert assistant.ask("水位涨了多少？").passages[0].text == "水位在夜里涨了两米。"
    (tmp_path / "b.txt").write_text("又来了一份文件。")
    assert assistant.index([tmp_path / "b.txt"]).added == 1
    assert {each.document for each in assistant.ask("又来了一份文件").passages} == {"a.txt", "b.txt"}
    assistant.close()
    with Library.open(tmp_path / "library") as library:
        assert library.document_count() == 2


def test_a_library_of_format_4_answers_as_before_and_embeds_nothing(tmp_path: Path) -> None:
    folder, files = tmp_path / "library", tmp_path / "in"
    files.mkdir()
    for number in range(12):
        (files / f"{number}.txt").write_text(f"第{number}号文件说，今天下雨{'又天晴' * number}。")
    index_again(files, folder)
    for number in (0, 5, 11):
        (files / f"{number}.txt").unlink()
    index_again(files, folder)
    questions = ("第3号文件说什么？", "今天下雨吗？", "天晴")

    def answers() -> list[list[tuple[str, float]]]:
        with Assistant.open(folder, CheapEncoder()) as assistant:
            assert assistant.has_words
            return [[(each.document, each.score) for each in assistant.ask(question, 20).passages] for question in questions]

    before = answers()
    assert len(before[0]) == 9
    make_format_4.make(folder)
    assert answers() == before
    with Library.open(folder) as library:
        marks = library.vectors.marks()
        numbers = [int(each) for some, _ in library.vectors.chunks() for each in some]
        gone = library.vectors.gone(Marks(0, 0), marks).tolist()
        assert sorted(numbers + gone) == list(range(1, marks.last + 1)) and marks.count == len(numbers)
    encoder = CheapEncoder()
    with cheap_library(folder) as library:
        index_paths([files], library, encoder)
        assert encoder.embedded == [] and library.vectors.marks().count == 9
    assert check_library(folder, CheapEncoder()) == []
    assert answers() == before


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    cheap_library(tmp_path / "library").close()
    with sqlite3.connect(tmp_path / "library" / "library.sqlite") as connection:
        connection.execute("UPDATE meta SET value = '99' WHERE key = 'format'")
    connection.close()
    with pytest.raises(LibraryError, match=r"library format 99, newer than this version of Yinju knows .*pip install --upgrade"):
        Library.open(tmp_path / "library")


@pytest.mark.parametrize("garbage", [b"garbage" * 1000, b"", b"SQLite format 3\x00" + b"\xff" * 5000])
def test_garbage_is_one_sentence_and_check_says_so(tmp_path: Path, garbage: bytes) -> None:
    (tmp_path / "library.sqlite").write_bytes(garbage)
    with pytest.raises(LibraryError) as error:
        Library.open(tmp_path)
    assert "\n" not in str(error.value) and "library.sqlite" in str(error.value)


def test_two_that_begin_at_once_make_one_library(tmp_path: Path) -> None:
    opened: list[Library] = []
    threads = [threading.Thread(target=lambda: opened.append(cheap_library(tmp_path / "library"))) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(opened) == 8
    opened[0].vectors.put([b"1" * 16], CheapEncoder().encode_passages(["a"]))
    assert all(each.vectors.held([b"1" * 16]) for each in opened)


def test_a_second_writer_gets_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("甲在这里住。")
    one, two = cheap_library(tmp_path / "library"), cheap_library(tmp_path / "library")
    with one, two, one.writing(), pytest.raises(LibraryError, match="another process is indexing into"):
        index_paths([tmp_path / "a.txt"], two, CheapEncoder())


def test_a_library_that_another_process_has_filled_is_not_discarded(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("甲在这里住。")
    first = cheap_library(tmp_path / "library")
    with cheap_library(tmp_path / "library") as second:
        index_paths([tmp_path / "a.txt"], second, CheapEncoder())
    first.discard()
    with Library.open(tmp_path / "library") as library:
        assert library.document_count() == 1


def test_a_library_that_another_process_writes_just_now_is_not_discarded(tmp_path: Path) -> None:
    first, second = cheap_library(tmp_path / "library"), cheap_library(tmp_path / "library")
    with second.writing():
        before = sorted((tmp_path / "library").iterdir())
        first.discard()
        assert sorted((tmp_path / "library").iterdir()) == before
        second.set_meta("key", "value")
    with Library.open(tmp_path / "library") as library:
        assert library.meta("key") == "value"


def test_a_discarded_library_leaves_no_trace_and_one_whose_discarding_is_stopped_can_be_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bad.bin").write_bytes(b"\0")
    unlink, stopped_at = Path.unlink, 0

    def stopped(path: Path, missing_ok: bool = False) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        unlink(path, missing_ok)

    while True:
        left = stopped_at
        library = cheap_library(tmp_path / "library")
        index_paths([tmp_path / "bad.bin"], library, CheapEncoder())
        assert list((tmp_path / "library").glob("vectors-*"))
        with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
            patch.setattr(Path, "unlink", stopped)
            library.discard()
            break
        stopped_at += 1
    assert stopped_at > 2 and not (tmp_path / "library").exists()


def test_a_reader_sees_whole_documents_while_another_process_writes(tmp_path: Path) -> None:
    texts = [f"第{turn}次写下的事情是这样的，{'很长' * turn}。" for turn in range(8)]
    (tmp_path / "a.txt").write_text(texts[0])
    with cheap_library(tmp_path / "library") as library:
        index_paths([tmp_path / "a.txt"], library, CheapEncoder())
    done = threading.Event()

    def write() -> None:
        with cheap_library(tmp_path / "library") as library:
            for _ in range(5):
                for text in texts:
                    (tmp_path / "a.txt").write_text(text)
                    index_paths([tmp_path / "a.txt"], library, CheapEncoder())
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    with Assistant.open(tmp_path / "library", CheapEncoder()) as assistant:
        while not done.is_set():
            found = assistant.ask("写下的事情").passages
            assert found and found[0].text in texts
    writer.join()


@contextmanager
def mounted(folder: Path, size: str = "1m") -> Iterator[None]:
    """A small disk at `folder`, or a skipped test where this process may not mount one."""
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True)
    if done.returncode:
        pytest.skip("no file system can be mounted here (needs root)")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize("left_in_log", [False, True])
def test_a_library_on_a_disk_that_cannot_be_written_can_be_asked(tmp_path: Path, left_in_log: bool) -> None:
    disk = tmp_path / "disk"
    (tmp_path / "a.txt").write_text("甲在这里住。")
    with mounted(disk):
        library = cheap_library(disk / "library")
        index_paths([tmp_path / "a.txt"], library, CheapEncoder())
        if left_in_log:  # as a killed process leaves it
            import shutil

            shutil.copytree(disk / "library", tmp_path / "copy")
        library.close()
        if left_in_log:
            shutil.rmtree(disk / "library")
            shutil.copytree(tmp_path / "copy", disk / "library")
            (disk / "library" / "library.sqlite-shm").unlink()
            assert (disk / "library" / "library.sqlite-wal").stat().st_size
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with Assistant.open(disk / "library", CheapEncoder()) as assistant:
            assert assistant.ask("谁在这里住？").passages[0].text == "甲在这里住。"
            with pytest.raises(LibraryError, match="cannot be written"):
                assistant.index([tmp_path / "a.txt"])
        assert check_library(disk / "library", CheapEncoder()) == []


def test_a_library_of_format_1_on_a_disk_that_cannot_be_written_can_be_asked(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk"):
        make(tmp_path / "disk" / "library", tmp_path / "a.txt")
        subprocess.run(["mount", "-o", "remount,ro", tmp_path / "disk"], check=True)
        with Assistant.open(tmp_path / "disk" / "library", CheapEncoder()) as assistant:
            assert assistant.ask("水位涨了多少？").passages[0].text == "水位在夜里涨了两米。"


def fill(folder: Path, count: int) -> None:
    folder.mkdir()
    for number in range(count):
        (folder / f"{number}.txt").write_text(f"第{number}份文件：{'今天下雨了' * 9}。\n\n" * 8)


def test_a_full_disk_is_one_sentence_and_the_library_is_whole(tmp_path: Path) -> None:
    fill(tmp_path / "in", 400)
    with mounted(tmp_path / "disk", "1500k"):
        with cheap_library(tmp_path / "disk" / "library") as library, pytest.raises(LibraryError) as error:
            index_paths([tmp_path / "in"], library, CheapEncoder())
        assert "full" in str(error.value) and "\n" not in str(error.value)
        assert check_library(tmp_path / "disk" / "library", CheapEncoder()) == []
        subprocess.run(["mount", "-o", "remount,size=30m", tmp_path / "disk"], check=True)
        with cheap_library(tmp_path / "disk" / "library") as library:
            report = index_paths([tmp_path / "in"], library, CheapEncoder())
            assert library.document_count() == 400 and report.unchanged > 0
        assert check_library(tmp_path / "disk" / "library", CheapEncoder()) == []


def test_files_that_may_not_grow_are_one_sentence_and_the_library_is_whole(tmp_path: Path) -> None:
    fill(tmp_path / "in", 400)
    script = (
        "import sys; from pathlib import Path; from corpus import YinjuError\n"
        "from rag import index_paths; from tests.cheap import CheapEncoder, cheap_library\n"
        "try:\n"
        "    with cheap_library(Path(sys.argv[2])) as library:\n"
        "        index_paths([Path(sys.argv[1])], library, CheapEncoder())\n"
        "except YinjuError as error: print(error)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "in"), str(tmp_path / "library")]
    limit = 700_000
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )  # fmt: skip
    assert "full" in done.stdout and len(done.stdout.splitlines()) == 1, (done.stdout, done.stderr)
    assert check_library(tmp_path / "library", CheapEncoder()) == []
    with cheap_library(tmp_path / "library") as library:
        index_paths([tmp_path / "in"], library, CheapEncoder())
        assert library.document_count() == 400
    assert os.path.isfile(next((tmp_path / "library").glob("*.faiss")))


def spoil(folder: Path, statement: str, values: tuple[object, ...] = ()) -> None:
    connection = sqlite3.connect(folder / "library.sqlite")
    connection.execute(statement, values)
    connection.commit()
    connection.close()


def index_again(file: Path, folder: Path) -> None:
    with cheap_library(folder) as library:
        index_paths([file], library, CheapEncoder())


OTHER = np.eye(16, dtype="<f2")[0].tobytes()


@pytest.mark.parametrize("end", ["\r\n", "\r", "\x0c", "\x85", "\u2028", "\u2029"])
def test_a_text_whose_lines_end_in_another_way_is_whole(tmp_path: Path, end: str) -> None:
    file, folder = tmp_path / "a.txt", tmp_path / "library"
    file.write_bytes(f"年报{end}{end}市长会见了代表团。{end}水位在夜里涨了两米。{end}".encode())
    index_again(file, folder)
    assert check_library(folder, CheapEncoder()) == []
    spoil(folder, "UPDATE meta SET value = 'x' WHERE key = 'format'")
    file.unlink()
    assert rebuild(folder, CheapEncoder()).lost == () and check_library(folder, CheapEncoder()) == []


@pytest.mark.parametrize("checksums", [True, False])
@pytest.mark.parametrize(
    ("says", "statement", "values"),
    [
        ("is not what was cut there", "UPDATE documents SET text = replace(text, '两', '三')", ()),
        ("reaches out of the text", 'UPDATE passages SET "end" = "end" + 100', ()),
        ("its id is not that of its name", "UPDATE documents SET name = 'b.txt'", ()),
        ("has no vector", "DELETE FROM vectors", ()),
        ("are in no passage", "DELETE FROM passages", ()),
        ("is damaged", "UPDATE documents SET blocks = '[['", ()),
        ("a sentence reaches out of its block", "UPDATE documents SET blocks = '[]'", ()),
        ("the vector is not that of the words", "UPDATE vectors SET vector = ?", (OTHER,)),
    ],
)
def test_check_names_what_is_wrong_and_its_remedy_helps(
    tmp_path: Path, says: str, statement: str, values: tuple[object, ...], checksums: bool
) -> None:
    """A library of an earlier format has no checksums."""
    folder, file = tmp_path / "library", tmp_path / "a.txt"
    file.write_text("年报\n\n市长会见了代表团。\n\n水位在夜里涨了两米。")
    index_again(file, folder)
    assert check_library(folder, CheapEncoder()) == []
    spoil(folder, statement, values)
    if not checksums:
        for table in ("documents", "vectors"):
            spoil(folder, f"UPDATE {table} SET checksum = NULL")
    problems = check_library(folder, CheapEncoder())
    known = ("checksum", "is not what was stored") if checksums else ()
    assert any(each in problems[0].what for each in (says, *known))
    if problems[0].remedy == REPAIR:
        rebuild(folder, CheapEncoder())
    else:
        name = re.fullmatch("run: yinju docs remove (.+), and index its file again", problems[0].remedy)
        assert name is not None
        with Library.open(folder) as library, library.writing():
            assert library.remove([name[1]]) == 1
            library.drop_unused()
        index_again(file, folder)
    assert check_library(folder, CheapEncoder()) == []


def test_a_vector_of_another_length_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("水位在夜里涨了两米。")
    index_again(tmp_path / "a.txt", tmp_path / "library")
    spoil(tmp_path / "library", "UPDATE vectors SET vector = x'00', checksum = NULL")
    assert "16 dimensions" in check_library(tmp_path / "library", CheapEncoder())[0].what


def test_the_index_file_is_written_when_much_has_changed_and_what_changed_is_found_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.vectors.FEW", 3)
    folder, files = tmp_path / "library", tmp_path / "in"
    files.mkdir()
    named: list[str] = []
    for number in range(7):
        (files / f"{number}.txt").write_text(f"第{number}号文件说，今天下雨{'又天晴' * number}。")
        if number == 2:
            (files / "0.txt").unlink()
        index_again(files, folder)
        assert check_library(folder, CheapEncoder()) == []
        with Assistant.open(folder, CheapEncoder()) as assistant:
            found = {each.document for each in assistant.ask(f"第{number}号文件说", 20).passages}
            assert found == {each.name for each in files.iterdir()}
        (file,) = folder.glob("*.faiss")
        named.append(file.name)
    assert named == ["vectors-1-0.faiss"] * 3 + ["vectors-4-1.faiss"] * 4


@pytest.mark.parametrize("kept", [0, 40, -1, None])
def test_a_torn_or_deleted_index_file_is_found_does_no_harm_and_is_written_anew(tmp_path: Path, kept: int | None) -> None:
    folder, file = tmp_path / "library", tmp_path / "a.txt"
    file.write_text("水位在夜里涨了两米。")
    index_again(file, folder)
    faiss = next(folder.glob("*.faiss"))
    if kept is None:
        faiss.unlink()
    else:
        faiss.write_bytes(faiss.read_bytes()[:kept])
    problems = check_library(folder, CheapEncoder())
    assert [each.what.split()[-1] for each in problems] == ["missing" if kept is None else "torn"]
    with Assistant.open(folder, CheapEncoder()) as assistant:
        assert assistant.ask("水位涨了多少？").passages[0].text == "水位在夜里涨了两米。"
    index_again(file, folder)
    assert check_library(folder, CheapEncoder()) == []
