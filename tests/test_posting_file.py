"""The words of a large library in one file: what it says is what the table says, and without it nothing is lost."""

import logging
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from corpus import Document, Library, LibraryError
from corpus.document import Block
from corpus.posting_file import PostingFile, TornFile, write_postings
from rag import Assistant, index_documents
from rag.check import check_library
from rag.lexical import StoredLexical
from rag.posting_index import KEY
from rag.vectors import save_index
from tests.cheap import CheapEncoder, cheap_library
from tests.test_faults_flips import spoil

WORDS = ("今天下雨", "市长会见", "水位上涨", "代表团", "列车晚点", "学校开学", "the mayor met", "a late train")
QUESTIONS = ("列车晚点了吗？", "市长会见了代表团", "Who met the mayor?", "第77号说什么？")


def texts(count: int, seed: int = 3) -> list[Document]:
    chance = random.Random(seed)
    found = [f"{' '.join(chance.choices(WORDS, k=5))}，第{number}号。" for number in range(count)]
    return [Document(f"{number}", "", text, (Block("paragraph", 0, len(text)),)) for number, text in enumerate(found)]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is large and what is few, in a test."""
    monkeypatch.setattr("rag.vectors.LARGE", 100)
    monkeypatch.setattr("rag.vectors.FEW", 30)
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def answers(folder: Path) -> list[list[tuple[str, float]]]:
    with Assistant.open(folder, CheapEncoder()) as assistant:
        return [[(each.document, round(each.score, 5)) for each in assistant.ask(question, 10).passages] for question in QUESTIONS]


def file_of(folder: Path) -> Path:
    (found,) = folder.glob("words-*.postings")
    return found


def reads_file(folder: Path) -> bool:
    with Assistant.open(folder, CheapEncoder()) as assistant:
        lexical = assistant.search.lexical
        assert isinstance(lexical, StoredLexical)
        lexical.search(("w", ()))
        return lexical.file is not None


def test_the_file_gives_of_each_term_what_the_table_gives(tmp_path: Path) -> None:
    chance = np.random.default_rng(2)
    numbers = np.sort(chance.choice(200_000, 3000, replace=False)).tolist()
    terms = [{f"w{each}": int(each) + 1 for each in chance.integers(0, 250, 4)} | {"w多": 9, "": 1} for _ in numbers]
    with cheap_library(tmp_path / "library") as library:
        library.postings.put(numbers, terms)
        checksum = write_postings(tmp_path / "file", library.postings, 200_000)
        file = PostingFile(tmp_path / "file", checksum)
        asked = [*(f"w{each}" for each in range(260)), "w多", ""]
        found, expected = file.find(asked), library.postings.find(asked)
        assert found.keys() == expected.keys() and len(found["w多"][0]) > 6 and file.last == 200_000
        for term, (rows, weights) in expected.items():
            assert np.array_equal(found[term][0], rows) and np.array_equal(found[term][1], weights)
        assert file.is_whole()
        with pytest.raises(TornFile):
            PostingFile(tmp_path / "file", checksum ^ 1)
        (tmp_path / "file").unlink()
        assert file.find(["w多"])["w多"][0].tolist() == expected["w多"][0].tolist(), "what was opened is read on"


def test_no_terms_are_a_file_too(tmp_path: Path) -> None:
    with cheap_library(tmp_path / "library") as library:
        file = PostingFile(tmp_path / "file", write_postings(tmp_path / "file", library.postings, 0))
        assert file.find(["w"]) == {} and file.is_whole()


def test_a_large_library_answers_the_same_with_its_file_and_without_also_after_changes(tmp_path: Path) -> None:
    folder, documents = tmp_path / "library", texts(300)
    with cheap_library(folder) as library:
        index_documents(documents[:90], library, CheapEncoder())
        assert not list(folder.glob("words-*"))
        index_documents(documents[:250], library, CheapEncoder())
        first = file_of(folder)
        # Some come and some go: those that came are read from the table.
        index_documents(documents[10:265], library, CheapEncoder())
        assert file_of(folder) == first
    assert reads_file(folder) and check_library(folder, CheapEncoder()) == []
    with_file = answers(folder)
    first.unlink()
    assert answers(folder) == with_file and not reads_file(folder)
    (problem,) = check_library(folder, CheapEncoder())
    assert "missing" in problem.what and "yinju index" in problem.remedy
    with Library.open(folder) as library, library.writing():
        save_index(library)
    assert reads_file(folder) and answers(folder) == with_file and check_library(folder, CheapEncoder()) == []
    with cheap_library(folder) as library:
        index_documents(documents, library, CheapEncoder())
    assert file_of(folder).name != first.name and reads_file(folder)


def test_who_asks_meanwhile_reads_on_and_takes_up_the_new_file(tmp_path: Path) -> None:
    folder, documents = tmp_path / "library", texts(300)
    with cheap_library(folder) as library:
        index_documents(documents[:150], library, CheapEncoder())
    with Assistant.open(folder, CheapEncoder()) as assistant, cheap_library(folder) as library:
        before = file_of(folder)
        assert assistant.ask(QUESTIONS[1], 10).passages
        index_documents(documents, library, CheapEncoder())
        assert not before.exists()
        asked = [(each.document, round(each.score, 5)) for each in assistant.ask(QUESTIONS[1], 10).passages]
        lexical = assistant.search.lexical
        assert isinstance(lexical, StoredLexical) and lexical.file is not None and lexical.file.path == file_of(folder)
    assert asked == answers(folder)[1]


def test_a_flip_in_the_file_is_named_answered_around_and_mended(tmp_path: Path) -> None:
    folder = tmp_path / "library"
    with cheap_library(folder) as library:
        index_documents(texts(150), library, CheapEncoder())
    file, expected = file_of(folder), answers(folder)
    whole, chance = file.read_bytes(), random.Random(5)
    for _ in range(25):
        file.write_bytes(whole)
        what = spoil(file, chance)
        if file.read_bytes() == whole:
            continue
        assert answers(folder) == expected, what
        (problem,) = check_library(folder, CheapEncoder())
        assert "torn" in problem.what and problem.remedy.startswith("delete it")
    file.unlink()
    with Library.open(folder) as library, library.writing():
        save_index(library)
    assert check_library(folder, CheapEncoder()) == [] and file.read_bytes() == whole


def test_a_file_that_cannot_be_written_leaves_the_library_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "library"

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with cheap_library(folder) as library, monkeypatch.context() as patch:
        patch.setattr("rag.posting_index.write_postings", full)
        with pytest.raises(LibraryError, match="could not be written"):
            index_documents(texts(150), library, CheapEncoder())
        assert library.derived(KEY) is None and not list(folder.glob(".words-*"))
    assert len(answers(folder)[0]) == 10 and check_library(folder, CheapEncoder()) == []
