"""Many texts: an index of short codes, taken up while questions go on."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from corpus import Document, Library
from corpus.document import Block
from embeddings import FaissIndex
from embeddings.index import Flags, Ids, VectorIndex, Vectors
from embeddings.packed_index import PackedIndex, is_packed
from rag import Assistant, index_documents
from rag.check import check_library
from rag.vectors import open_index, save_index
from tests.cheap import CheapEncoder, cheap_library


def around_topics(count: int, seed: int) -> Vectors:
    """Vectors (count, 24) as texts have them: in groups around what they are about."""
    random = np.random.default_rng(seed)
    rows = random.normal(size=(1 + count // 20, 24))[random.integers(0, 1 + count // 20, count)] + 0.5 * random.normal(size=(count, 24))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def both(vectors: Vectors, ids: Ids, removed: int = 0, apart: Flags | None = None) -> tuple[FaissIndex, PackedIndex]:
    """Both of the same vectors, the first `removed` of them gone again, from where they are kept as well."""
    kept = np.zeros((2000, vectors.shape[1]), np.float32)  # zeros for a number that nothing has, as a library says it
    kept[ids] = vectors
    exact = FaissIndex.empty(vectors.shape[1])
    packed = PackedIndex.trained(vectors[: len(vectors) // 2], lambda some: kept[some], apart is not None)
    for index in (exact, packed):
        for some in np.array_split(np.arange(len(ids)), 2):
            index.add(ids[some], vectors[some], None if apart is None else apart[some])
        index.remove(ids[:removed])
    kept[ids[:removed]] = 0
    return exact, packed


def nearest(
    index: VectorIndex, query: Vectors, count: int, among: Flags | None = None, apart: bool | None = None
) -> tuple[list[int], list[float]]:
    """The nearest of those that a scan finds, measured by their vectors."""
    numbers, _ = index.scan(query, count, among, apart)
    rows = index.vectors(numbers)
    there = rows.any(axis=1)  # a flag may be that of a number that is gone
    numbers, cosines = numbers[there], rows[there] @ query
    best = np.lexsort((numbers, -cosines))[:count]
    return numbers[best].tolist(), cosines[best].tolist()


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.sampled_from((None, 0.02, 0.5, 1.0)), st.sampled_from((0, 40)))
@example(8, 7, 0.02, 40)
@example(597, 11, 0.02, 0)  # a flag past the last number that there is
@settings(max_examples=25, deadline=None)
def test_a_packed_index_finds_what_an_exact_index_finds_with_the_same_cosines(
    seed: int, count: int, share: float | None, removed: int
) -> None:
    random = np.random.default_rng(seed)
    vectors = around_topics(600, seed)
    ids = np.sort(random.choice(np.arange(1, 2000), 600, replace=False)).astype(np.int64)
    exact, packed = both(vectors, ids, removed)
    among: Flags | None = None if share is None else random.random(2000) < share
    numbers, cosines = nearest(exact, vectors[-1], count, among)
    found, measured = nearest(packed, vectors[-1], count, among)
    assert found == numbers and measured == pytest.approx(cosines, abs=1e-6)
    # What a scan says of products is about right.
    for index, most in ((exact, 1e-6), (packed, 0.1)):
        scanned, products = index.scan(vectors[-1], count, among)
        rows = index.vectors(scanned)
        there = rows.any(axis=1)
        assert np.abs(products - rows @ vectors[-1])[there].mean() < most
    assert sorted(packed.ids.tolist()) == sorted(exact.ids.tolist()) == ids[removed:].tolist()


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.sampled_from((0.0, 0.1, 0.5)), st.sampled_from((0, 40)), st.booleans())
@settings(max_examples=25, deadline=None)
def test_what_was_added_apart_is_searched_apart_and_with_the_rest(seed: int, count: int, share: float, removed: int, limited: bool) -> None:
    random = np.random.default_rng(seed)
    vectors = around_topics(600, seed)
    ids = np.sort(random.choice(np.arange(1, 2000), 600, replace=False)).astype(np.int64)
    apart = random.random(600) < share
    exact, packed = both(vectors, ids, removed, apart)
    allowed = random.random(2000) < 0.5 if limited else np.ones(2000, bool)
    for query in (vectors[-1], vectors[0]):
        for side in (True, False):
            among = np.zeros(2000, bool)
            among[ids[removed:][apart[removed:] == side]] = True
            assert nearest(packed, query, count, among & allowed, side)[0] == nearest(exact, query, count, among & allowed)[0]
        assert nearest(packed, query, count)[0] == nearest(exact, query, count)[0]
    # Of any number the same is said as by a scan.
    numbers, products = packed.scan(vectors[-1], 600)
    assert np.allclose(packed.products(numbers, vectors[-1]), products, atol=0.05)
    assert packed.products(np.array([1999 if 1999 not in ids else 0, 5000]), vectors[-1]).tolist() == [-1, -1]


def test_where_it_is_not_known_of_one_text_whether_it_belongs_apart_all_are_searched() -> None:
    vectors, ids = around_topics(300, 1), np.arange(5, 305)
    exact, packed = both(vectors, ids, 0, ids < 100)
    more, among = around_topics(1, 2), np.arange(2000) < 100
    among[400] = True
    for index in (exact, packed):
        index.add(np.array([400]), more, None)
    assert nearest(exact, more[0], 3, among)[0][0] == 400
    assert packed.scan(more[0], 3, among, True)[0].tolist().count(400) == 1


def test_a_packed_index_comes_back_as_it_was_saved_and_is_told_from_others(tmp_path: Path) -> None:
    exact, packed = both(around_topics(300, 1), np.arange(5, 305))
    exact.save(tmp_path / "exact")
    packed.save(tmp_path / "packed")
    assert not is_packed(tmp_path / "exact") and is_packed(tmp_path / "packed")
    again = PackedIndex.load(tmp_path / "packed", packed.vectors)
    query = around_topics(1, 2)[0]
    assert nearest(again, query, 9) == nearest(packed, query, 9) and len(again) == 300


def texts(count: int) -> list[Document]:
    chance = np.random.default_rng(3)
    words = ["今天下雨", "市长会见", "水位上涨", "代表团", "列车晚点", "学校开学", "价格下降", "球队获胜"]
    found = ["".join(words[each] for each in chance.integers(0, 8, 6)) + f"，第{number}号。" for number in range(count)]
    return [Document(f"{number}", "", text, (Block("paragraph", 0, len(text)),)) for number, text in enumerate(found)]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is large and what is few, in a test."""
    monkeypatch.setattr("rag.vectors.LARGE", 100)
    monkeypatch.setattr("rag.vectors.FEW", 20)


QUESTIONS = ("列车晚点了吗？", "市长会见了代表团", "第77号说什么？")


def answers(folder: Path) -> list[list[tuple[str, float]]]:
    with Assistant.open(folder, CheapEncoder()) as assistant:
        return [[(each.document, each.score) for each in assistant.ask(question, 10).passages] for question in QUESTIONS]


def test_a_library_that_grows_large_gets_another_index_and_answers_the_same(tmp_path: Path, small: None) -> None:
    folder = tmp_path / "library"
    documents = texts(200)
    with cheap_library(folder) as library:
        index_documents(documents[:90], library, CheapEncoder())
        assert isinstance(open_index(library).index, FaissIndex)
        index_documents(documents, library, CheapEncoder())
        assert isinstance(open_index(library).index, PackedIndex)
        (file,) = folder.glob("*.faiss")
        index_documents(documents[5:], library, CheapEncoder())
        assert [file] == list(folder.glob("*.faiss")), "few have gone: the file stays"
    assert check_library(folder, CheapEncoder()) == []
    with cheap_library(tmp_path / "exact") as library, pytest.MonkeyPatch.context() as patch:
        patch.setattr("rag.vectors.LARGE", 10**9)
        index_documents(documents[5:], library, CheapEncoder())
        assert isinstance(open_index(library).index, FaissIndex)
    for found, expected in zip(answers(folder), answers(tmp_path / "exact"), strict=True):
        assert [name for name, _ in found] == [name for name, _ in expected]
        assert [score for _, score in found] == pytest.approx([score for _, score in expected], abs=1e-5)
    file.unlink()
    assert "missing" in check_library(folder, CheapEncoder())[0].what
    assert len(answers(folder)[0]) == 10
    with Library.open(folder) as library, library.writing():
        save_index(library)
    assert check_library(folder, CheapEncoder()) == []


def test_who_is_asking_meanwhile_goes_on_and_takes_up_the_new_index(tmp_path: Path, small: None) -> None:
    folder = tmp_path / "library"
    documents = texts(300)
    with cheap_library(folder) as library:
        index_documents(documents[:90], library, CheapEncoder())
    with Assistant.open(folder, CheapEncoder()) as assistant, cheap_library(folder) as library:
        assert isinstance(assistant.search.opened.index, FaissIndex)
        index_documents(documents, library, CheapEncoder())
        for _ in range(200):
            assert len(assistant.ask(QUESTIONS[1], 10, "name >= 0").passages) == 10
            if isinstance(assistant.search.opened.index, PackedIndex):
                break
            time.sleep(0.02)
        assert isinstance(assistant.search.opened.index, PackedIndex)
        asked = [(each.document, each.score) for each in assistant.ask(QUESTIONS[1], 10).passages]
    assert asked == answers(folder)[1]


def test_while_all_vectors_are_read_other_threads_read_too(tmp_path: Path) -> None:
    with cheap_library(tmp_path / "library") as library:
        index_documents(texts(30), library, CheapEncoder())
        reading = library.vectors.chunks()
        next(reading)
        other = threading.Thread(target=library.passage_count, daemon=True)
        other.start()
        other.join(10)
        assert not other.is_alive()


def test_freed_memory_is_kept_where_the_c_library_can() -> None:

    count = "import resource; faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt"
    work = f"{count}; import numpy as np; before = faults(); all(len([np.ones(3_500_000) for _ in range(4)]) for _ in range(20)); print(faults() - before)"
    keep = "from ui.allocation import keep_freed_memory; kept = keep_freed_memory()"
    given, kept = (int(subprocess.check_output([sys.executable, "-c", f"{first}; {work}"])) for first in ("pass", keep))
    if "CS_GNU_LIBC_VERSION" in os.confstr_names:
        assert kept < given / 4
