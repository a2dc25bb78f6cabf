"""Sets made from use, and settings chosen by a set."""

import json
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from corpus import Library, QuestionError, YinjuError
from corpus.feedback import Feedback, add_feedback
from eval import Question, QuestionSet, read_questions, run, tune
from eval.derived import derived_folder, fill
from eval.export import question_lines
from eval.outcome import Outcome
from rag import Assistant, Settings, index_documents
from rag.recut import recut, recut_begun
from rag.settings import library_settings
from tests.cheap import CheapEncoder
from tests.test_eval_run import CORPUS, WideEncoder, stop
from ui.eval_commands import evaluate


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with Library.create(tmp_path / "library", WideEncoder.name, WideEncoder.dimension) as library:
        index_documents(CORPUS, library, WideEncoder())
    yield tmp_path / "library"


def test_verdicts_become_a_question_set(folder: Path, tmp_path: Path) -> None:
    with Library.open(folder) as library:
        add_feedback(library, Feedback("甲市多少人？", "down", "甲.txt", 9, 16))
        add_feedback(library, Feedback("甲市多少人？", "corrected", "甲.txt", 0, 10))
        add_feedback(library, Feedback("乙市多少人？", "up", "乙.txt", 0, 10))
        add_feedback(library, Feedback("月球多重？", "down"))
        add_feedback(library, Feedback("江边有什么？", "down", "甲.txt", 0, 10))
        (tmp_path / "q.jsonl").write_text("\n".join(question_lines(library.feedback())))
        assert all(each.when for each in library.feedback())
    corrected, up, none, unclear = read_questions(tmp_path / "q.jsonl").questions
    assert corrected.answers == ("甲市的人口是11万。",) and corrected.documents == ("甲.txt",) and corrected.extra["judged"] == "corrected"
    assert (corrected.spans[0].start, corrected.spans[0].end) == (0, 10)
    assert up.answers == ("乙市的人口是12万。",) and not none.answerable
    assert unclear.answerable and not unclear.has_gold and unclear.extra["judged"] == "down"


@pytest.mark.parametrize(
    ("said", "says"),
    [
        (Feedback("谁？", "sideways"), "is no verdict"),  # type: ignore[arg-type]
        (Feedback("谁？", "up"), "needs the document, start and end"),
        (Feedback("谁？", "up", "none.txt", 0, 1), "has no characters 0–1"),
        (Feedback("谁？", "up", "甲.txt", 0, 9999), "has no characters 0–9999"),
    ],
)
def test_a_verdict_that_points_nowhere_is_refused(folder: Path, said: Feedback, says: str) -> None:
    with Library.open(folder) as library, pytest.raises(YinjuError, match=says):
        add_feedback(library, said)


TOWNS = [Question(name, f"{name}市的人口是多少？", (f"{name}市的人口是",), (f"{name}.txt",)) for name in "甲乙丙丁戊己庚辛壬癸"]
ASKED = [replace(each, id=f"{each.id}{number}") for number in range(4) for each in TOWNS]


def test_settings_are_chosen_on_one_half_and_measured_on_the_other(folder: Path) -> None:
    encoder = WideEncoder()
    told: list[str] = []
    found = tune.tune([*ASKED, *(Question(f"n{at}", f"月球{at}？", answerable=False) for at in range(8))], folder, encoder, told.append, [20])
    development, measuring = tune.halves(ASKED)
    assert not {q.documents for q in development} & {q.documents for q in measuring}
    assert found.development + found.measuring == 48 and [length for length, _ in found.tried] == [400, 20]
    assert "quotes.hit@1" in found.differences and told[0] == "passages of 400 tokens"
    with Library.open(folder) as library:
        assert library_settings(library) == Settings()
    tune.save(folder, encoder, replace(found.after, passage_tokens=20))
    with Assistant.open(folder, encoder) as assistant:
        assert assistant.settings == replace(found.after, passage_tokens=20)
        assert assistant.ask("甲市的人口是多少？").passages[0].document == "甲.txt"


def test_a_threshold_parts_what_has_an_answer_from_what_has_none() -> None:
    def outcome(sure: float, answerable: bool) -> Outcome:
        return Outcome(Question("1", "谁？", answerable=answerable), True, sure, None, {}, "")

    found = [outcome(0.9, True)] * 9 + [outcome(0.6, False), outcome(0.4, False)]
    assert 0.6 < tune._threshold(found, 0.5) <= 0.9
    assert tune._threshold(found[:9], 0.5) == 0.5


def test_a_library_cut_anew_keeps_its_documents_and_their_vectors(folder: Path) -> None:
    encoder = WideEncoder()
    with Library.open(folder) as library:
        before = library.passage_count()
        recut(library, encoder, Settings(passage_tokens=20))
        assert library.passage_count() > before and len(library.list_documents()) == len(CORPUS)
        encoder.embedded.clear()
        recut(library, encoder, Settings(passage_tokens=20))
        assert encoder.embedded == []


@pytest.mark.parametrize("again", ["save", "index"])
def test_cutting_anew_that_was_stopped_is_done_by_the_same_command_or_by_indexing(
    folder: Path, tmp_path: Path, again: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(passage_tokens=10)
    shutil.copytree(folder, tmp_path / "whole")
    tune.save(tmp_path / "whole", WideEncoder(), settings)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("rag.batch.EMBED_TOGETHER", 4)
        patched.setattr(WideEncoder, "encode_passages", lambda encoder, given: stop() if encoder.embedded else CheapEncoder.encode_passages(encoder, given))
        tune.save(folder, WideEncoder(), settings)
    if again == "save":
        tune.save(folder, WideEncoder(), settings)
    else:
        with Library.open(folder) as library:
            index_documents(CORPUS, library, WideEncoder())
    with Library.open(folder) as library, Library.open(tmp_path / "whole") as whole:
        assert set(library.passage_ids()) == set(whole.passage_ids()) and not recut_begun(library)


def test_too_few_questions_are_said(folder: Path) -> None:
    with pytest.raises(QuestionError, match="fewer than 20 questions have a gold answer"):
        tune.tune(ASKED[:6], folder, WideEncoder(), print, [])


def test_settings_that_a_library_holds_are_asked_by(folder: Path) -> None:
    with Library.open(folder) as library, library.changing() as connection:
        connection.execute("INSERT INTO meta VALUES ('settings', ?)", (json.dumps({"threshold": 1.1, "unknown": 1}),))
    with Assistant.open(folder, WideEncoder()) as assistant:
        assert assistant.settings.threshold == 1.1 and not assistant.ask("甲市？").answered


def test_a_run_that_fails_before_an_answer_bars_its_folder_to_no_other(folder: Path, tmp_path: Path) -> None:
    with Assistant.open(folder, WideEncoder()) as assistant:
        with pytest.raises(QuestionError, match="the question is empty"):
            run(QuestionSet((Question("1", " "),)), assistant, tmp_path / "run")
        assert run(QuestionSet(tuple(TOWNS)), assistant, tmp_path / "run").metrics


PARAGRAPHS = QuestionSet((), tuple(CORPUS))


def test_a_stopped_run_leaves_its_library_and_embeds_nothing_again(tmp_path: Path) -> None:
    first, second = WideEncoder(), WideEncoder()
    with pytest.raises(KeyboardInterrupt), derived_folder(None, tmp_path / "run", first) as folder:
        fill(folder, PARAGRAPHS, None, first)
        raise KeyboardInterrupt
    assert len(first.embedded) == len(CORPUS)
    with derived_folder(None, tmp_path / "run", second) as folder:
        assert fill(folder, PARAGRAPHS, None, second).unchanged == len(CORPUS)
        (tmp_path / "run" / "metrics.json").touch()
    assert second.embedded == []
    assert [each.name for each in (tmp_path / "run").iterdir()] == ["metrics.json"]


def test_what_was_embedded_stays_where_something_is_wrong_and_where_another_process_is_refused(tmp_path: Path) -> None:
    first, second = WideEncoder(), WideEncoder()
    with pytest.raises(YinjuError, match="disk is full"), derived_folder(None, tmp_path / "run", first) as folder:
        fill(folder, PARAGRAPHS, None, first)
        with pytest.raises(YinjuError, match="another process is writing a run into"), derived_folder(None, tmp_path / "run", second):
            raise AssertionError("two make one library")
        assert Library.exists(folder)
        raise YinjuError("the disk is full")
    with derived_folder(None, tmp_path / "run", second) as folder:
        fill(folder, PARAGRAPHS, None, second)
    assert second.embedded == [] and not (tmp_path / "run").exists()


def test_another_corpus_is_another_library(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.txt").write_text("甲市在江边。")
    for name in "ab":
        with suppress(KeyboardInterrupt), derived_folder(tmp_path / name, tmp_path / "run", WideEncoder()) as folder:
            fill(folder, PARAGRAPHS, tmp_path / name, WideEncoder())
            with Library.open(folder) as library:
                assert [each.name for each in library.list_documents()] == [f"{name}.txt"]
            raise KeyboardInterrupt


EMPTY = {"q.json": '{"data": [{"paragraphs": [{"context": "", "qas": [{"question": "谁？", "answers": []}]}]}]}', "empty.txt": "", "a.unknown": "甲市"}


@pytest.mark.parametrize(("corpus", "says"), [("empty.txt", "empty.txt holds no document that can be read; put"), ("a.unknown", "a.unknown holds no document"), (None, "q.json holds no paragraph")])
def test_a_corpus_of_which_nothing_can_be_read_is_named_and_leaves_no_run_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, corpus: str | None, says: str
) -> None:
    for name, content in EMPTY.items():
        (tmp_path / name).write_text(content)
    monkeypatch.setattr("embeddings.load_encoder", WideEncoder)
    with pytest.raises(QuestionError, match=says):
        evaluate(tmp_path / "q.json", tmp_path / "run", corpus=tmp_path / corpus if corpus else None)
    assert {each.name for each in tmp_path.iterdir()} == set(EMPTY)


def test_what_cannot_be_indexed_leaves_no_run_folder(tmp_path: Path) -> None:
    for output, corpus, says in ((tmp_path / "run", tmp_path / "none", "is not there"), (tmp_path / "run", tmp_path, "own answers would be indexed")):
        with pytest.raises(YinjuError, match=says), derived_folder(corpus, output, WideEncoder()) as folder:
            fill(folder, PARAGRAPHS, corpus, WideEncoder())
    assert list(tmp_path.iterdir()) == []
