"""Passages by words and vectors: the stored postings against a fresh build, and fusion by its own formula."""

import random
import tempfile
from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus import Document, Library
from corpus.document import Block
from corpus.posting_table import SPANS
from rag import Assistant, Settings, index_documents
from rag.lexical import NO_WORDS, PAIRS, WORDS, Held, Scores, together
from rag.posting import KEY, bring_up, open_lexical, up_to_date
from rag.retrieve import Hit, best_by_words, retrieve
from rag.settings import save_settings
from rag.translation import with_translations
from rag.vectors import open_index
from rag.words import question_terms
from tests.cheap import CheapEncoder, cheap_library
from tests.make_format_1 import make

SENTENCES = ("市长会见了代表团。", "水位在夜里涨了两米。", "The mayor opened two stations.", "臺灣大學成立。", "東京タワーは高い。", "今天下雨了。")
QUESTIONS = ("市长会见了谁？", "台湾大学何时成立？", "Who opened a station?", "水位涨了多少？", "東京タワーの高さは？")


def document(name: str, text: str) -> Document:
    return Document(name, name, text, (Block("paragraph", 0, len(text)),))


def documents(texts: Mapping[str, str]) -> list[Document]:
    return [document(name, text) for name, text in texts.items()]


def fill(library: Library, texts: Mapping[str, str]) -> None:
    index_documents(documents(texts), library, CheapEncoder())


def hits(library: Library, question: str, count: int = 10, beside: Executor | None = None) -> list[Hit]:
    opened = open_index(library)
    lexical = open_lexical(library, opened.alive)
    assert lexical is not NO_WORDS
    vector = CheapEncoder().encode_queries([question])[0]
    return retrieve(opened.index, lexical, library.vectors.passages, question_terms(question), vector, count, Settings(), beside=beside)


def number_of(library: Library, passage: int) -> int:
    (row,) = library._database.rows("SELECT vectors.id FROM passages JOIN vectors USING (key) WHERE passages.id = ?", (passage,))
    return int(str(row[0]))


TEXTS = st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=4).map("".join))


@settings(max_examples=25, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_adding_changing_and_removing_documents_equals_a_fresh_build(states: list[dict[str, str]]) -> None:
    with (
        tempfile.TemporaryDirectory() as scratch,
        cheap_library(Path(scratch) / "old") as old,
        cheap_library(Path(scratch) / "fresh") as fresh,
    ):
        for state in states:
            fill(old, state)
        fill(fresh, states[-1])
        for question in QUESTIONS:
            for one, other in zip(hits(old, question), hits(fresh, question), strict=True):
                assert asdict(one) == pytest.approx(asdict(other))


def test_vectors_that_are_compared_beside_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Counting(ThreadPoolExecutor):
        count = 0

        def submit(self, *work: Any, **more: Any) -> Any:
            self.count += 1
            return super().submit(*work, **more)

    with cheap_library(tmp_path / "library") as library, Counting(1) as beside:
        fill(library, {str(number): text for number, text in enumerate(SENTENCES)})
        alone = [hits(library, each) for each in QUESTIONS]
        assert [hits(library, each, beside=beside) for each in QUESTIONS] == alone and not beside.count
        monkeypatch.setattr("rag.retrieve.TOGETHER", 1)
        assert [hits(library, each, beside=beside) for each in QUESTIONS] == alone and beside.count == len(QUESTIONS)


def test_what_is_removed_is_not_found_before_its_place_is_written_again(tmp_path: Path) -> None:
    with cheap_library(tmp_path / "library") as library:
        fill(library, {"a": SENTENCES[0], "b": SENTENCES[1]})
        library.remove(["a"])
        assert [each.words for each in hits(library, QUESTIONS[0])] == [0.0]


def test_what_no_passage_has_any_longer_takes_no_place_of_what_is_there(tmp_path: Path) -> None:
    texts = {f"{number}": f"市长会见了代表团，第{number}次。" for number in range(70)} | {"far": SENTENCES[1]}
    with cheap_library(tmp_path / "library") as library:
        fill(library, texts)
        library.remove([name for name in texts if name != "far"])
        (found,) = hits(library, QUESTIONS[0])
        assert library.passages([found.id])[0].document_id == document("far", "").id


def test_the_same_text_is_found_in_each_place_in_the_order_of_ids(tmp_path: Path) -> None:
    with cheap_library(tmp_path / "library") as library:
        fill(library, {str(number): SENTENCES[number % 2] for number in range(30)})
        assert library.vectors.marks().count == 2
        for count in (4, 15, 20, 40):
            found = hits(library, QUESTIONS[0], count)
            assert len(found) == min(count, 30) and len({each.id for each in found}) == len(found)
            assert found == sorted(found, key=lambda each: (-each.score, each.id))
            assert [each.id for each in found[:4]] == [each.id for each in hits(library, QUESTIONS[0], 40)[:4]]


def test_segments_grow_together_and_lose_nothing(tmp_path: Path) -> None:
    chance = random.Random(1)
    wanted: dict[str, list[int]] = {}
    with cheap_library(tmp_path / "library") as library:
        number = 0
        while number < 3 * SPANS[1]:
            size = chance.choice([1, 1, 1, 7, 40, 200])
            terms = [{f"wt{chance.randrange(50)}": chance.randint(1, 255) for _ in range(3)} for _ in range(size)]
            for each in terms:
                number += 1
                for term in each:
                    wanted.setdefault(term, []).append(number)
            library.put_texts([f"{number - size + at}".encode() for at in range(size)], np.zeros((size, 16), np.float32), terms)
        found = library.postings.find(sorted(wanted))
        assert {term: rows.tolist() for term, (rows, _) in found.items()} == wanted
        with library.reading() as connection:
            assert connection.execute("SELECT count(*) FROM segments").fetchone()[0] < 100


def test_unused_texts_leave_the_table_when_they_are_many(tmp_path: Path) -> None:
    with cheap_library(tmp_path / "library") as library:
        fill(library, {str(number): f"第{number}号文件。" for number in range(50)})
        fill(library, {"0": "第0号文件。"})
        with library.reading() as connection:
            rows = connection.execute("SELECT sum(length(rows)) / 3 FROM postings").fetchone()[0]
        # Its terms, and the one that says which kind of script it is in.
        assert rows == len({f"{kind}{term}" for kind, term in _terms("第0号文件。")}) + 1


def _terms(text: str) -> set[tuple[str, str]]:
    from rag.words import passage_terms

    found = passage_terms(text)
    return {(WORDS, each) for each in found.words} | {(PAIRS, each) for each in found.pairs}


def test_a_change_that_fails_leaves_no_terms(tmp_path: Path) -> None:
    with cheap_library(tmp_path / "library") as library:
        fill(library, {"a": SENTENCES[0]})
        before = hits(library, QUESTIONS[1])
        with pytest.raises(RuntimeError), library.changing():
            library.put_texts([b"x"], np.zeros((1, 16), np.float32), [{"w台湾": 9, "p台湾": 9}])
            raise RuntimeError
        assert library.vectors.held([b"x"]) == set()
        assert library.postings.find(["w台湾"]) == {}
        assert hits(library, QUESTIONS[1]) == before


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.sampled_from((0.001, 0.05, 0.6)), st.booleans())
@settings(max_examples=150, deadline=None)
def test_the_best_by_words_are_the_best_whether_few_texts_hold_them_or_most(seed: int, count: int, share: float, limited: bool) -> None:
    random = np.random.default_rng(seed)
    ways, total = [], np.zeros(3000, np.float32)
    gone = np.flatnonzero(random.random(3000) < 0.1)
    for times in (0.3, 0.1):
        held = []
        for highest in (2.0, 3.0):
            rows = np.flatnonzero(random.random(3000) < share)
            weights = random.integers(1, 256, len(rows)).astype(np.uint8)
            total[rows] += times / 5 * highest / 255 * weights
            half = len(rows) // 2
            pieces = [(rows[:half], weights[:half]), (rows[half:], weights[half:])]
            held.append(Held(pieces, pieces, highest))
        ways.append((Scores(held, 5.0, 3000, gone), times))
    total[gone] = 0
    added = together(ways)
    assert np.allclose(added, total, atol=1e-6)
    there = np.setdiff1d(np.arange(3000), gone)
    for small in (10**9, 0):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("rag.lexical.SMALL", small)
            assert np.allclose(sum(times * each.shares_of(there) for each, times in ways), total[there], atol=1e-6)
    allowed = random.random(3000) < 0.3 if limited else None
    total = total if allowed is None else total * allowed
    best = best_by_words(added, count, allowed)
    assert len(set(best.tolist())) == len(best) == min(count, np.count_nonzero(total))
    assert np.allclose(np.sort(total[best]), np.sort(total)[len(total) - len(best) :], atol=1e-6)


INJECTIONS = ('" OR 1=1 --', "a* OR b", "NEAR(市长 代表)", "^市长", "words: x", "'; DROP TABLE passages; --", "市长\x00代表", "(((", "%_%")


@pytest.mark.parametrize("question", INJECTIONS)
def test_a_question_is_words_and_never_a_language(tmp_path: Path, question: str) -> None:
    with cheap_library(tmp_path / "library") as library:
        fill(library, {"a": SENTENCES[0], "b": SENTENCES[2]})
        assert len(hits(library, question)) == 2
        assert library.passage_count() == 2


def test_the_score_is_the_cosine_and_the_weighed_shares(tmp_path: Path) -> None:
    with cheap_library(tmp_path / "library") as library:
        fill(library, {str(number): text for number, text in enumerate(SENTENCES)})
        by = Settings()
        for question in QUESTIONS:
            vector = CheapEncoder().encode_queries([question])[0]
            index = open_index(library).index
            found = hits(library, question)
            assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)
            for each in found:
                assert each.score == pytest.approx(each.cosine + by.by_words * each.words + by.by_pairs * each.pairs + by.by_translation * each.translated)
                number = number_of(library, each.id)
                assert each.cosine == pytest.approx(float(index.vectors(np.array([number]))[0] @ vector), abs=1e-6)
                assert 0 <= each.words <= 1 and 0 <= each.pairs <= 1


def test_a_passage_of_the_same_words_in_other_characters_is_first(tmp_path: Path) -> None:
    with cheap_library(tmp_path / "library") as library:
        fill(library, {str(number): text for number, text in enumerate(SENTENCES)})
        best = hits(library, "台湾大学成立")[0]
        assert best.words == pytest.approx(max(each.words for each in hits(library, "台湾大学成立"))) and best.words > 0.3


def test_where_no_word_is_shared_the_order_is_that_of_the_vectors(tmp_path: Path) -> None:
    with cheap_library(tmp_path / "library") as library:
        fill(library, {str(number): text for number, text in enumerate(SENTENCES)})
        found = hits(library, "ไทย")
        assert [each.score for each in found] == [each.cosine for each in found]


def test_asked_together_or_one_by_one_passages_are_the_same(tmp_path: Path) -> None:
    with cheap_library(tmp_path / "library") as library:
        fill(library, {f"{number}": text * 2 for number, text in enumerate(SENTENCES)})
    with Assistant.open(tmp_path / "library", CheapEncoder()) as assistant:
        together = assistant.ask_many(QUESTIONS)
        for question, answer in zip(QUESTIONS, together, strict=True):
            alone = assistant.ask(question).passages
            assert [each.document for each in alone] == [each.document for each in answer.passages]
            assert [each.score for each in alone] == pytest.approx([each.score for each in answer.passages], abs=1e-4)


def test_words_find_what_vectors_alone_do_not(tmp_path: Path) -> None:
    texts = {f"{number}": f"{'水位在夜里涨了两米。' * 2}{number}" for number in range(80)} | {"gold": "臺灣大學。" + "今天下雨了。" * 4}
    with cheap_library(tmp_path / "library") as library:
        fill(library, texts)
        with library.writing():
            save_settings(library, Settings(by_words=2.0, by_pairs=2.0, pool=5))
    with Assistant.open(tmp_path / "library", CheapEncoder()) as assistant:
        assert assistant.ask("台湾大学").passages[0].document == "gold"


def test_with_a_condition_only_its_documents_are_found_by_words(tmp_path: Path) -> None:
    with cheap_library(tmp_path / "library") as library:
        fill(library, {"a": SENTENCES[0], "b": SENTENCES[0] + SENTENCES[1]})
    with Assistant.open(tmp_path / "library", CheapEncoder()) as assistant:
        assert {each.document for each in assistant.ask(QUESTIONS[0], where="name = b").passages} == {"b"}


def test_an_older_library_gets_its_words_when_it_is_opened_and_embeds_nothing(tmp_path: Path) -> None:
    make(tmp_path / "library", tmp_path / "a.txt")
    encoder = CheapEncoder()
    with Assistant.open(tmp_path / "library", encoder) as assistant:
        assert assistant.has_words and encoder.embedded == []
        assert up_to_date(assistant.library)
        assert hits(assistant.library, "水位涨了多少？")[0].words > 0


def test_an_older_library_that_another_process_writes_is_asked_by_vectors_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from filelock import FileLock

    make(tmp_path / "library", tmp_path / "a.txt")
    with FileLock(tmp_path / "library" / "writer.lock"), Assistant.open(tmp_path / "library", CheapEncoder()) as assistant:
        assert not assistant.has_words
        assert "vectors alone" in caplog.text
        assert assistant.ask("水位涨了多少？").passages[0].text == "水位在夜里涨了两米。"


def test_words_cut_by_another_version_are_cut_anew(tmp_path: Path) -> None:
    with cheap_library(tmp_path / "library") as library:
        fill(library, {"a": SENTENCES[0]})
        before = hits(library, QUESTIONS[0])
        with library.changing() as connection:
            connection.execute("UPDATE meta SET value = '0' WHERE key = ?", (KEY,))
            connection.execute("UPDATE postings SET term = 'wx' || term")
        with library.writing():
            bring_up(library)
        assert hits(library, QUESTIONS[0]) == before


def test_an_english_question_finds_chinese_text_by_its_translation(tmp_path: Path) -> None:
    with cheap_library(tmp_path / "library") as library:
        fill(library, {"a": "首都在地震中有很多人遇难。", "b": "今天的天气是晴。", "c": "是在河边的鸽子。"})
    with Assistant.open(tmp_path / "library", CheapEncoder()) as assistant:
        vector = CheapEncoder().encode_queries(["x"])[0]
        found = {h.id: h.translated for h in assistant.hits("When was the earthquake in the capital?", vector, 3)}
        best = max(found, key=lambda each: found[each])
        assert assistant.library.passages([best])[0].document_id == document("a", "").id
        assert sorted(found.values())[:2] == [0.0, 0.0]


def test_a_question_is_not_translated_where_the_library_has_no_such_text(tmp_path: Path) -> None:
    with cheap_library(tmp_path / "library") as library:
        fill(library, {"a": SENTENCES[2]})
        lexical = open_lexical(library, open_index(library).alive)
        asked = question_terms("Who opened the station?")
        assert with_translations(asked, "Who opened the station?", lexical) is asked
