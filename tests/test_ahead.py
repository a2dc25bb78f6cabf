"""What indexing asks of a library far away is asked for many files and documents together, and the library is the same."""

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus import Document
from corpus.milvus.ahead import called
from corpus.milvus.connection import Connection
from corpus.milvus.documents import DocumentRecords
from corpus.milvus.library import MilvusLibrary
from corpus.store import Store
from rag import index_documents, index_paths
from rag.copying import copy_library
from rag.window import windows
from tests.cheap import CheapEncoder, cheap_store
from tests.test_kill import change, lines

__all__ = ["lines"]  # a fixture: the collection `.lines`


@given(st.lists(st.integers(0, 9)), st.integers(1, 5), st.integers(1, 12))
def test_windows_are_the_stream_in_lists_of_a_bounded_number_and_size(sizes: list[int], count: int, most: int) -> None:
    found = list(windows(iter(sizes), count, lambda each: each, most))
    assert [each for some in found for each in some] == sizes
    assert all(0 < len(some) <= count and sum(some[:-1]) < most for some in found)
    # None of them could have taken the next.
    assert all(len(some) == count or sum(some) >= most for some in found[:-1])


def test_what_came_before_a_stream_fails_is_given_first() -> None:
    def failing() -> Iterator[int]:
        yield from (1, 2, 3)
        raise OSError("lost")

    stream = windows(failing(), 2, lambda _: 0, 1)
    assert [next(stream), next(stream)] == [[1, 2], [3]]
    with pytest.raises(OSError, match="lost"):
        next(stream)


def content(library: Store) -> dict[str, tuple[str, list[int]]]:
    return {
        each.name: (document.text, [passage.id for passage, _ in library.passages_with_keys(document.id)])
        for each in library.list_documents() if (document := library.document(each.name))
    }  # fmt: skip


@pytest.mark.parametrize("together", [2, pytest.param(256, marks=pytest.mark.slow)])
def test_a_folder_that_changes_is_followed_the_same_way_however_many_are_asked_about_at_once(
    own: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr("rag.refresh.FILES", together)
    monkeypatch.setattr("rag.refresh.PARTS", max(1, together - 1))
    monkeypatch.setattr(MilvusLibrary, "write_together", together)
    chance = random.Random(together)
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    current: dict[str, str] = {}
    with cheap_store(tmp_path / "folder") as here, cheap_store(own) as there:
        for number in range(5):
            change(folder, chance, current, {})
            # The same name and the same words in other folders, a file that has moved, and a part of another file's name.
            (folder / "keep.txt").write_text("总有一份文件留下。")
            (folder / "sub" / "keep.txt").write_text("总有一份文件留下。")
            (folder / f"moved{number}.txt").write_text("搬来搬去的文件。")
            (folder / f"moved{number - 1}.txt").unlink(missing_ok=True)
            given = [folder] if number % 2 else [folder / "sub", folder]
            reports = [index_paths(given, each, CheapEncoder()) for each in (here, there)]
            counts = [(each.added, each.updated, each.removed, each.unchanged, each.failed) for each in reports]
            assert counts[0] == counts[1]
            assert content(here) == content(there)


def test_calls_are_few_for_many_files_and_fewer_where_nothing_has_changed(own: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: Counter[str] = Counter()
    plain = Connection.call

    def counted(self: Connection, name: str, *arguments: Any, **named: Any) -> Any:
        calls[name] += 1
        return plain(self, name, *arguments, **named)

    monkeypatch.setattr(Connection, "call", counted)
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(120):
        (folder / f"{number}.txt").write_text(f"第{number}号文件说，今天下雨。")
    (folder / "many.lines").write_text("\n".join(f"{number}=第{number}行说，明天有风。" for number in range(120)))
    with cheap_store(own) as library:
        index_paths([folder], library, CheapEncoder())
        # One a file, to see whether there is a document of the same words.
        assert calls.total() < 120 + 100
        calls.clear()
        assert index_paths([folder], library, CheapEncoder()).unchanged == 240
        assert calls.total() < 40


def test_a_name_of_half_characters_is_nobodys(own: str) -> None:
    with cheap_store(own) as library:
        assert isinstance(library, MilvusLibrary)
        assert called(library.records, ["\ud800", "a"]) == {"\ud800": [], "a": []}
        assert library.files.called("\udfff") == []


def test_copying_asks_a_library_once_for_the_documents_of_a_file(own: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: Counter[object] = Counter()
    plain = DocumentRecords.known

    def counted(self: DocumentRecords, path: bytes | None) -> Any:
        asked[path] += 1
        return plain(self, path)

    monkeypatch.setattr(DocumentRecords, "known", counted)
    with cheap_store(tmp_path / "folder") as here, cheap_store(own) as there:
        index_documents([Document(f"{number}.txt", "", f"第{number}号文件。", ()) for number in range(90)], here, CheapEncoder())
        assert copy_library(here, there).written == 90
        assert asked[None] <= 2
        assert content(here) == content(there)
