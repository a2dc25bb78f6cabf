"""A library in Milvus is a library: what is put is there word for word, what is asked for is found, what goes is gone."""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from corpus import Document, LibraryError, split_sentences
from corpus.document import Block
from corpus.feedback import Feedback, add_feedback
from corpus.milvus import collections
from corpus.milvus import connection as connecting
from corpus.milvus.address import parse_address
from corpus.milvus.collections import passages_of
from corpus.milvus.connection import Connection
from corpus.store import Store, create_store, folder_of, is_remote, open_store, store_exists
from rag import Assistant, index_documents, index_paths
from rag.check import check_library
from rag.copying import copy_library
from rag.reader import WordsAndCosine
from tests.cheap import CheapEncoder, cheap_store
from tests.conftest import SAMPLE, Yinju
from tests.invariant import names, require_whole, texts, write
from tests.test_document_list import TITLES, put


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One Milvus Lite for all tests of this file that only read."""
    return f"milvus-lite:{tmp_path_factory.mktemp('milvus') / 'listed'}"


@pytest.fixture(scope="module")
def listed(address: str) -> Iterator[Store]:
    with cheap_store(address) as opened:
        with opened.writing():
            for number, title in enumerate(TITLES):
                put(opened, f"{number:02d}/Datei-{number}.TXT", title, number + 1)
        yield opened


# Addresses


def test_an_address_says_where_a_library_is_and_what_a_new_one_is_like() -> None:
    plain = parse_address("milvus://milvus.example:19531/archive_1")
    assert (plain.uri, plain.name) == ("http://milvus.example:19531", "archive_1")
    secure = parse_address("milvus+tls://milvus.example/archive?index=diskann&shards=8")
    assert (secure.uri, secure.index, secure.shards) == ("https://milvus.example:19530", "DISKANN", 8)
    assert parse_address("milvus://[::1]:7/a").uri == "http://[::1]:7"
    assert plain.folder != secure.folder and folder_of("milvus-lite:a/b") == Path("a/b")
    assert is_remote("milvus://h/n") and not is_remote("milvus") and not is_remote(".yinju")


@pytest.mark.parametrize("text", [
    "milvus://", "milvus://host", "milvus://host:port/name", "milvus://host/a/b", "milvus://host/名", "milvus://host/a b", "milvus-lite:",
    "milvus://host/9a", "milvus://host:99999/a", "milvus://host/a?index=NONE", "milvus://host/a?shards=0", "milvus://host/a?x=1",
])  # fmt: skip
def test_what_is_no_address_is_said_with_how_to_write_one(text: str) -> None:
    with pytest.raises(LibraryError, match=r"write it like|is one of"):
        parse_address(text)


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(LibraryError, match="YINJU_MILVUS_TOKEN") as refused:
        parse_address("milvus://root:secret@host/name")
    assert "secret" not in str(refused.value)


# What is kept


def test_documents_come_back_as_they_were_put_in_every_script(own: str) -> None:
    words = "“引号”、emoji 🏯，\\ 反斜线 % _ ' \" \u2028 اَلْعَرَبِيَّةُ " + "很长的一段。" * 20_000
    document = Document(
        "目录/名.txt", "题 ' \" \\ %", words, (Block("heading", 0, 4, 1, 1), Block("paragraph", 4, len(words), 0, 2, 1)),
        {"date": "2024-05-01", "日期": "昨天", "a\"b'c": "引 \" ' \\ 号"}, pages=((0, 1), (4, 2)),
    )  # fmt: skip
    with cheap_store(own) as library:
        index_documents([document], library, CheapEncoder())
        assert library.document(document.name) == document
    with open_store(own) as library:
        found = library.with_sentences(document.id)
        assert found is not None and found[0] == document
        assert found[1] == split_sentences(document)
        passages = [each for each, _ in library.passages_with_keys(document.id)]
        assert library.passages([each.id for each in passages]) == passages
        assert library.passage_count() == len(passages) == len(library.passage_ids())
        assert library.list_documents()[0].metadata == document.metadata
        assert library.distinct_values("date", 5) == ["2024-05-01"]


def test_it_is_discarded_without_a_trace_but_not_where_another_process_has_filled_it_or_writes(own: str, tmp_path: Path) -> None:
    cheap_store(own).discard()
    assert not store_exists(own)
    first, second, third = (cheap_store(own) for _ in range(3))
    with third.writing():
        first.discard()
        assert store_exists(own)
    index_paths([write(tmp_path / "in", texts(2))], third, CheapEncoder())
    second.discard()
    third.close()
    assert len(names(own)) == 2


def test_it_follows_a_folder_as_a_folder_library_does(own: str, tmp_path: Path) -> None:
    truth = texts(14, seed=3)
    folder = write(tmp_path / "in", truth)
    with cheap_store(own) as library:
        encoder = CheapEncoder()
        first = index_paths([folder], library, encoder)
        assert (first.added, first.failed) == (14, 0) and len(set(encoder.embedded)) == len(encoder.embedded)
        again = index_paths([folder], library, CheapEncoder())
        assert (again.unchanged, again.embedded) == (14, 0)
        changed = {name: text for name, text in truth.items() if name != "3.txt"}
        changed["5.txt"] += "\n新的一段，写在最后面。\n"
        (folder / "3.txt").unlink()
        (folder / "5.txt").write_text(changed["5.txt"], "utf8")
        encoder = CheapEncoder()
        third = index_paths([folder], library, encoder)
        assert (third.updated, third.removed, third.unchanged) == (1, 1, 12)
        assert len(encoder.embedded) == 1 and encoder.embedded[0].endswith("新的一段，写在最后面。")
    require_whole(own, changed)


def test_a_moved_file_keeps_its_documents_and_a_failing_one_stops_no_other(own: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", texts(4, seed=4))
    (folder / "bad.pdf").write_bytes(b"%PDF-1.4 nothing")
    with cheap_store(own) as library:
        assert index_paths([folder], library, CheapEncoder()).failed == 1
        (folder / "2.txt").rename(folder / "two.txt")
        encoder = CheapEncoder()
        moved = index_paths([folder], library, encoder)
        assert encoder.embedded == [] and moved.failed == 1
        assert {name.rsplit("/", 1)[-1] for _, name in library.files.with_documents()} >= {"0.txt", "1.txt", "3.txt"}
        assert library.document_count() == 4


def test_titles_and_names_are_found_in_every_script_whatever_their_case(listed: Store) -> None:
    sought = {"istanbul": 0, "IRMAK": 1, "straße süden": 2, "ａｂｃ": 3, "民營": 4, "ПРИВЕТ": 5, "المدينة تقرير": 6, "0%": 8, "_all_": 8, "ｶﾀｶﾅ": 9}
    for words, number in sought.items():
        assert [each.title for each in listed.find_documents(words).entries] == [TITLES[number]]
    for words in ("不在这里", "100%", "_bll_", "'; DROP", "\ud800", "\x00", '"', "\\"):
        assert listed.find_documents(words).documents == 0
    pages = [each.name for offset in range(0, 12, 3) for each in listed.find_documents("datei", 3, offset).entries]
    assert pages == sorted(each.name for each in listed.list_documents())
    assert (listed.find_documents().documents, listed.find_documents().passages) == (10, 55)


def test_what_people_said_settings_and_new_labels_are_kept(own: str) -> None:
    with cheap_store(own) as library:
        text = "市长会见了代表团。"
        index_documents([Document("a.txt", "旧题", text, (Block("paragraph", 0, 9),), {"section": "国际"})], library, CheapEncoder())
        add_feedback(library, Feedback("谁会见了代表团？", "up", "a.txt", 0, 2))
        add_feedback(library, Feedback("几点？", "down"))
        library.relabel("a.txt", "新题", {"section": "本地", "date": "2024-01-02"})
        library.set_meta("settings", "{}")
        said = list(library.feedback())
        assert [(each.verdict, each.text) for each in said] == [("up", "市长"), ("down", "")]
        assert library.document("a.txt") == Document("a.txt", "新题", text, (Block("paragraph", 0, 9),), {"section": "本地", "date": "2024-01-02"})
        with Assistant(library, CheapEncoder(), WordsAndCosine(CheapEncoder())) as assistant:
            assert assistant.ask("市长", where="section = 本地").passages
            assert not assistant.ask("市长", where="section = 国际").passages
            with pytest.raises(Exception, match="no document has the field"):
                assistant.ask("市长", where="author = 王")


def test_one_writes_at_a_time_and_readers_go_on(own: str) -> None:
    with cheap_store(own) as library, library.writing(), cheap_store(own) as other:
        with pytest.raises(LibraryError, match=r"another process .* is indexing into"), other.writing():
            pass
        assert other.document_count() == 0


def test_a_library_of_another_model_or_version_is_refused(own: str) -> None:
    with cheap_store(own) as library:
        pass
    with pytest.raises(LibraryError, match="was made with the model cheap"):
        create_store(own, "other", 16)
    with open_store(own) as library:
        library.set_meta("library", '{"format": 99, "model": "cheap", "dimension": 16}')
    with pytest.raises(LibraryError, match="format 99"):
        open_store(own)


def test_a_name_that_is_of_something_else_is_left_alone(own: str) -> None:
    connection = Connection(parse_address(own))
    name = passages_of(parse_address(own))
    connection.client.create_collection(name, dimension=4)
    with pytest.raises(LibraryError, match="is of no library"):
        cheap_store(own)
    assert [each for each in connection.client.list_collections() if each.startswith(parse_address(own).name)] == [name]
    connection.close()


@pytest.mark.parametrize("stopped_at", [1, 2, 3])
def test_whose_making_was_stopped_is_made_whole_by_the_next(own: str, monkeypatch: pytest.MonkeyPatch, stopped_at: int) -> None:
    """Before the indexes of its one and its other collection, and before it says what it is."""
    calls, plain = count(1), Connection.call
    make_ready = collections._make_ready

    def ready(*what: Any) -> None:
        if next(calls) == stopped_at:
            raise KeyboardInterrupt
        make_ready(*what)

    def call(self: Connection, name: str, *arguments: Any, **named: Any) -> Any:
        if name == "load_collection" and next(calls) == stopped_at:
            raise KeyboardInterrupt
        return plain(self, name, *arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(collections, "_make_ready", ready)
        patched.setattr(Connection, "call", call)
        with pytest.raises(KeyboardInterrupt):
            cheap_store(own)
    assert not store_exists(own)
    with cheap_store(own) as library:
        index_documents([Document("a.txt", "", "今天下雨。", (Block("paragraph", 0, 5),))], library, CheapEncoder())
    require_whole(own, {"a.txt": "今天下雨。"})


def test_more_rows_than_one_answer_of_milvus_holds_are_all_there(own: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "MOST_ROWS", 40)
    text = "".join(f"第{number}句话在这里写着。" for number in range(900))
    with cheap_store(own) as library:
        index_documents([Document("a.txt", "", text, (Block("paragraph", 0, len(text)),))], library, CheapEncoder())
        passages = [each.id for each, _ in library.passages_with_keys(Document("a.txt", "", "", ()).id)]
        assert len(passages) > 120 and library.passage_ids().tolist() == sorted(passages)
        index_documents([], library, CheapEncoder())
        assert library.passage_count() == 0 and library.document_count() == 0


@pytest.mark.parametrize("index", ["FLAT", "HNSW_SQ", "IVF_FLAT", "IVF_SQ8"])
def test_any_index_of_vectors_finds_what_is_asked_for(own: str, tmp_path: Path, index: str) -> None:
    """Those that Milvus Lite has; DISKANN and IVF_RABITQ want a server."""
    truth = texts(12, seed=21)
    address = f"{own}?index={index}"
    with cheap_store(address) as library:
        index_paths([write(tmp_path / "in", truth)], library, CheapEncoder())
    require_whole(address, truth, asked=4)


def test_where_there_is_none_it_says_how_to_make_one(own: str, yinju: Yinju) -> None:
    assert not store_exists(own)
    done = yinju("ask", "什么？", "--library", own)
    assert done.returncode == 2 and "yinju index PATH --library milvus://" in done.stderr and "Traceback" not in done.stderr
    refused = yinju("backup", "/tmp/x.tar", "--library", own)
    assert refused.returncode == 2 and "yinju copy" in refused.stderr


# Wholeness


def test_what_is_missing_or_too_much_is_named_and_mended_by_indexing(own: str, tmp_path: Path) -> None:
    truth = texts(6, seed=5)
    folder = write(tmp_path / "in", truth)
    with cheap_store(own) as library:
        index_paths([folder], library, CheapEncoder())
        rows = library.rows  # type: ignore[attr-defined]
        first = library.passages_with_keys(Document("1.txt", "", "", ()).id)[0][0]
        rows._connection.delete(rows._collection, [first.id])
    problems = check_library(own, CheapEncoder())
    assert any("1.txt" in each.what for each in problems) and all(each.remedy for each in problems)
    with cheap_store(own) as library:
        library.remove(["1.txt"])
        index_paths([folder], library, CheapEncoder())
    require_whole(own, truth)


def test_a_damaged_document_is_named_and_the_others_answer(own: str, tmp_path: Path) -> None:
    truth = texts(5, seed=6)
    folder = write(tmp_path / "in", truth)
    with cheap_store(own) as library:
        index_paths([folder], library, CheapEncoder())
        records = library.records  # type: ignore[attr-defined]
        (part,) = records.where(f'kind == "content" and parent == "{Document("2.txt", "", "", ()).id}"')
        records.delete([part.id])
        with pytest.raises(LibraryError, match=r"2\.txt .* is damaged"):
            library.document("2.txt")
        with Assistant(library, CheapEncoder(), WordsAndCosine(CheapEncoder())) as assistant:
            found = assistant.ask(truth["2.txt"].split("\n")[0], top_k=5)
            assert "2.txt" not in {each.document for each in found.passages}
    assert any("2.txt" in each.what for each in check_library(own, CheapEncoder()))


# Copies


def test_a_copy_there_and_back_is_the_same_library(own: str, tmp_path: Path) -> None:
    truth = texts(9, seed=7)
    folder = write(tmp_path / "in", truth)
    with cheap_store(tmp_path / "library") as library:
        index_paths([folder], library, CheapEncoder())
        add_feedback(library, Feedback("几点？", "down"))
        with cheap_store(own) as there:
            first = copy_library(library, there)
            assert (first.written, first.unchanged) == (9, 0)
            assert copy_library(library, there).unchanged == 9
            with cheap_store(tmp_path / "back") as back:
                copy_library(there, back)
                assert list(back.feedback()) == list(library.feedback())
                encoder = CheapEncoder()
                assert index_paths([folder], back, encoder).unchanged == 9 and encoder.embedded == []
    require_whole(own, truth)
    require_whole(tmp_path / "back", truth)


def test_a_copy_into_a_library_of_other_documents_is_refused(own: str, tmp_path: Path) -> None:
    with cheap_store(tmp_path / "a") as one, cheap_store(own) as other:
        index_paths([write(tmp_path / "in", texts(2))], one, CheapEncoder())
        index_documents([Document("x.txt", "", "别的文档在这里。", (Block("paragraph", 0, 8),))], other, CheapEncoder())
        with pytest.raises(LibraryError, match=r"holds documents that .* has not, such as 'x\.txt'"):
            copy_library(one, other)
    assert names(own) == {"x.txt"}


# The whole way, as a person goes it


def test_the_command_line_is_the_same_with_an_address(tmp_path: Path, yinju: Yinju, sample_library: Path) -> None:
    own = f"milvus-lite:{tmp_path / 'library.milvus'}"
    done = yinju("index", SAMPLE, "--library", own, "--json")
    assert done.returncode == 0 and '"added": 15' in done.stdout, done.stderr
    question = "听澜桥是哪一年建成的？"
    one, other = (json.loads(yinju("ask", question, "--library", where, "--json").stdout) for where in (own, sample_library))
    assert one["answered"] and [each["text"] for each in one["quotes"]] == [each["text"] for each in other["quotes"]]
    assert [(each["document"], each["start"]) for each in one["passages"]] == [(each["document"], each["start"]) for each in other["passages"]]
    assert np.isclose(one["confidence"], other["confidence"], atol=0.02)
    checked = yinju("check", "--library", own)
    assert checked.returncode == 0 and "is whole" in checked.stdout
