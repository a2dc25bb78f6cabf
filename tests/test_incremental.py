"""Indexing again: what has not changed costs nothing, and the library is what a fresh one would be."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus import Library
from corpus.readers import COLLECTIONS
from rag import IndexReport, index_paths
from rag.check import check_library
from rag.vectors import open_index
from tests.cheap import CheapEncoder, cheap_library, with_lines

PARAGRAPHS = ["市长会见了代表团。", "The council met on Tuesday evening.", "新しい図書館が開館した。", "水位在夜里涨了两米。", "No one was hurt.", "# 标题", "价格上涨了百分之三。"]


@pytest.fixture(autouse=True)
def lines() -> Iterator[None]:
    with_lines()
    yield
    COLLECTIONS.pop(".lines")


def index(folder: Path, library: Path) -> IndexReport:
    encoder = CheapEncoder()
    with cheap_library(library) as opened:
        report = index_paths([folder], opened, encoder)
    assert report.embedded == len(encoder.embedded)
    return report


def counts(report: IndexReport) -> tuple[int, int, int, int, int]:
    return report.added, report.updated, report.removed, report.unchanged, report.failed


def content(library: Path) -> dict[str, object]:
    """All that a library holds, down to the vectors."""
    with Library.open(library) as opened:
        found: dict[str, object] = {}
        for each in opened.list_documents():
            document = opened.document(each.name)
            assert document is not None
            passages = opened.passages_with_keys(document.id)
            found[each.name] = (document, opened.with_sentences(document.id), passages)
        keys = {number: key.hex() for number, key in opened._database.rows("SELECT id, key FROM vectors")}  # type: ignore[attr-defined]
        for numbers, vectors in opened.vectors.chunks():
            found |= {keys[int(number)]: row.tobytes() for number, row in zip(numbers, vectors, strict=True)}
        index = open_index(opened).index
        found["faiss"] = {keys[int(each)]: index.vectors([each]).tobytes() for each in index.ids}  # type: ignore[arg-type]
        return found


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


ACTIONS = st.one_of(
    st.tuples(st.just("write"), st.integers(0, 5), st.lists(st.sampled_from(PARAGRAPHS), min_size=1, max_size=4)),
    st.tuples(st.just("remove"), st.integers(0, 5), st.just([])),
    st.tuples(st.just("rename"), st.integers(0, 5), st.integers(0, 5)),
    st.tuples(st.just("swap"), st.integers(0, 5), st.integers(0, 5)),
    st.tuples(st.just("label"), st.integers(0, 5), st.sampled_from(["王小明", "李"])),
)
PATHS = ["a.txt", "b.md", "sub/c.txt", "sub/deep/d.txt", "e.lines", "sub/f.lines"]


def act(folder: Path, action: tuple[str, int, object]) -> None:
    kind, number, value = action
    path = folder / PATHS[number]
    if kind == "write":
        paragraphs = list(value)  # type: ignore[call-overload]
        if path.suffix == ".lines":
            write(path, "\n".join(f"{at}={each}" for at, each in enumerate(paragraphs)))
        else:
            write(path, "\n\n".join(paragraphs))
    elif kind == "remove":
        path.unlink(missing_ok=True)
    elif kind == "label":
        write(folder / "metadata.csv", f"file,author,title\n{PATHS[number]},{value},题目\n")
    else:
        other = folder / PATHS[int(str(value))]
        if path.exists() and path.suffix == other.suffix and path != other:
            other.parent.mkdir(parents=True, exist_ok=True)
            if kind == "swap" and other.exists():
                path.rename(folder / ".between")
                other.rename(path)
                (folder / ".between").rename(other)
            else:
                path.rename(other)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(ACTIONS, min_size=1, max_size=4), min_size=1, max_size=5))
def test_after_any_changes_the_library_is_what_a_fresh_one_would_be(rounds: list[list[tuple[str, int, object]]]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder, library = Path(scratch) / "in", Path(scratch) / "library"
        write(folder / "keep.txt", "总有一份文件留下。")
        index(folder, library)
        known: set[str] = set()
        for actions in rounds:
            for action in actions:
                act(folder, action)
            encoder = CheapEncoder()
            with cheap_library(library) as opened:
                index_paths([folder], opened, encoder)
            # What was here before under any name is not embedded again.
            assert not known & set(encoder.embedded)
            assert len(set(encoder.embedded)) == len(encoder.embedded)
            fresh = Path(scratch) / "fresh"
            fresh_encoder = CheapEncoder()
            with cheap_library(fresh) as opened:
                index_paths([folder], opened, fresh_encoder)
            known = set(fresh_encoder.embedded)
            assert content(library) == content(fresh)
            assert check_library(library, CheapEncoder()) == []
            shutil.rmtree(fresh)


def test_only_the_changed_paragraph_is_embedded_again(tmp_path: Path) -> None:
    folder, library = tmp_path / "in", tmp_path / "library"
    paragraphs = [f"第{number}段说的是第{number}件事情，事情很长，占满了一整个段落的地方，不和别的段落放在一起，各归各的，一直写到行末为止。" for number in range(8)]
    write(folder / "a.txt", "\n\n".join(paragraphs))
    assert index(folder, library).embedded == 8
    assert counts(index(folder, library)) == (0, 0, 0, 1, 0)
    paragraphs[3] = paragraphs[3].replace("事情很长", "事情不短")
    write(folder / "a.txt", "\n\n".join(paragraphs))
    report = index(folder, library)
    assert counts(report) == (0, 1, 0, 0, 0) and report.embedded == 1


def test_a_renamed_file_and_two_that_change_places_embed_nothing(tmp_path: Path) -> None:
    folder, library = tmp_path / "in", tmp_path / "library"
    write(folder / "a.txt", "甲在这里住。")
    write(folder / "b.txt", "乙在那里住。")
    index(folder, library)
    (folder / "a.txt").rename(folder / "c.txt")
    report = index(folder, library)
    assert report.embedded == 0 and counts(report) == (1, 0, 1, 1, 0)
    (folder / "b.txt").rename(folder / "x")
    (folder / "c.txt").rename(folder / "b.txt")
    (folder / "x").rename(folder / "c.txt")
    assert index(folder, library).embedded == 0
    with Library.open(library) as opened:
        assert opened.document("b.txt").text == "甲在这里住。"  # type: ignore[union-attr]


def test_a_renamed_file_needs_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, library = tmp_path / "in", tmp_path / "library"
    write(folder / "a.md", "# 标题\n\n甲在这里住。")
    index(folder, library)
    (folder / "a.md").rename(folder / "b.md")
    monkeypatch.setattr(CheapEncoder, "count_tokens", lambda *_: pytest.fail("it was cut again"))
    assert counts(index(folder, library)) == (1, 0, 1, 0, 0)
    assert check_library(library, CheapEncoder()) == []


def test_an_edit_of_the_same_size_and_time_is_seen(tmp_path: Path) -> None:
    folder, library = tmp_path / "in", tmp_path / "library"
    write(folder / "a.txt", "人口是二十万。")
    index(folder, library)
    status = (folder / "a.txt").stat()
    write(folder / "a.txt", "人口是三十万。")
    os.utime(folder / "a.txt", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert counts(index(folder, library)) == (0, 1, 0, 0, 0)


def test_an_old_unchanged_file_is_not_even_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, library = tmp_path / "in", tmp_path / "library"
    write(folder / "a.txt", "人口是二十万。")
    time.sleep(2.1)
    index(folder, library)
    monkeypatch.setattr("rag.reading.read_stable", lambda *_: pytest.fail("it was read"))
    assert counts(index(folder, library)) == (0, 0, 0, 1, 0)


def test_a_removed_file_leaves_nothing_behind(tmp_path: Path) -> None:
    folder, library = tmp_path / "in", tmp_path / "library"
    write(folder / "a.txt", "甲在这里住。")
    write(folder / ".kept", "")  # of a folder that holds nothing at all nothing is removed
    index(folder, library)
    (folder / "a.txt").unlink()
    assert counts(index(folder, library)) == (0, 0, 1, 0, 0)
    assert content(library) == {"faiss": {}}
    with Library.open(library) as opened:
        assert [opened._database.rows(f"SELECT count(*) FROM {table}") for table in ("files", "vectors")] == [[(0,)]] * 2


def test_a_part_that_fails_is_named_tried_again_and_costs_the_others_nothing(tmp_path: Path) -> None:
    folder, library = tmp_path / "in", tmp_path / "library"
    write(folder / "x.lines", "1=甲。\n2=\n3=丙。")
    for embedded, found in [(2, (2, 0, 0, 0, 1)), (0, (0, 0, 0, 2, 1))]:
        report = index(folder, library)
        assert (report.embedded, counts(report)) == (embedded, found)
        assert report.failures[0][0] == "x.lines/2.txt" and "is empty" in report.failures[0][1]
    write(folder / "x.lines", "1=甲。\n2=乙。")
    assert counts(index(folder, library)) == (1, 0, 1, 1, 0)


def test_a_file_that_goes_or_changes_while_it_is_read_is_a_failure_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, library = tmp_path / "in", tmp_path / "library"
    for name in ("a", "b", "c"):
        write(folder / f"{name}.txt", f"这是文件{name}。")
    import corpus

    read = corpus.file_bytes

    def meanwhile(path: Path, name: str) -> bytes:
        if name == "a.txt":
            path.unlink(missing_ok=True)
        data = read(path, name)
        if name == "b.txt":
            write(path, path.read_text() + "又一句。")
        return data

    monkeypatch.setattr("corpus.file_bytes", meanwhile)
    report = index(folder, library)
    assert counts(report) == (1, 0, 0, 0, 2)
    assert "cannot be read" in report.failures[0][1] and "is being changed" in report.failures[1][1]


def test_names_of_two_folders_are_told_apart(tmp_path: Path) -> None:
    for city in ("甲市", "乙市"):
        write(tmp_path / city / "年报.txt", f"{city}的年报。")
    with cheap_library(tmp_path / "library") as library:
        index_paths([tmp_path / "甲市", tmp_path / "乙市"], library, CheapEncoder())
        assert [each.name for each in library.list_documents()] == ["乙市/年报.txt", "年报.txt"]


def test_labels_change_what_is_known_and_embed_nothing(tmp_path: Path) -> None:
    folder, library = tmp_path / "in", tmp_path / "library"
    write(folder / "a.txt", "甲在这里住。")
    write(folder / "sub" / "b.txt", "乙在那里住。")
    index(folder, library)
    write(folder / "metadata.csv", "file,author,date\na.txt,王,2024-01-02\nsub/b.txt,李,\n")
    report = index(folder, library)
    assert (report.embedded, counts(report)) == (0, (0, 2, 0, 0, 0))
    write(folder / "sub" / "metadata.csv", "file,author\nb.txt,张,多了\n")
    report = index(folder, library)
    assert counts(report) == (0, 0, 0, 2, 1)
    assert report.failures == (
        ("sub/metadata.csv", "sub/metadata.csv, line 2: 3 cells under 2 columns; give each row as many"),
    )
    write(folder / "sub" / "metadata.csv", "file,author\nb.txt,张\n")
    assert counts(index(folder, library)) == (0, 1, 0, 1, 0)
    with Library.open(library) as opened:
        listed = {each.name: each.metadata for each in opened.list_documents()}
    assert listed["a.txt"]["author"] == "王" and listed["a.txt"]["date"] == "2024-01-02"
    assert listed["sub/b.txt"]["author"] == "张" and listed["sub/b.txt"]["source"] == str(folder / "sub" / "b.txt")
