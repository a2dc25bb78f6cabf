"""Runs with a cheap encoder in place of a model: what is measured, what is written, what is refused."""

import csv
import json
import os
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from corpus import Block, Document, Library, YinjuError
from eval import Question, QuestionSet, Span, asking, compare, run
from eval.abstention import area_under_risk, auroc, calibration_error, risk_coverage
from eval.bootstrap import mean_intervals
from eval.metrics import TIMED
from eval.ranking import by_document, by_passage, measured
from eval.slices import language_of, question_word
from rag import Assistant, Settings, index_documents
from tests.cheap import CheapEncoder

NAMES = "甲乙丙丁戊己庚辛壬癸"
Opened = Callable[..., Assistant]


class WideEncoder(CheapEncoder):
    """Enough numbers to tell one town from another."""

    name = "wide"
    dimension = 512


def document(name: str, text: str) -> Document:
    return Document(name, name, text, (Block("paragraph", 0, len(text)),))


CORPUS = [document(f"{name}.txt", f"{name}市的人口是{number}万。{name}市在江边。") for number, name in enumerate(NAMES, 11)]
CORPUS.append(document("sea.html", "海王星的<script>直径</script>是49244公里。"))
TOWNS = tuple(
    Question(f"q {number}", f"{name}市的人口是多少？", (f"{number}万",), (f"{name}.txt",), spans=(Span(f"{name}.txt", 6, 9),), extra={"desk": "city"})
    for number, name in enumerate(NAMES, 11)
)
QUESTIONS = (*TOWNS, Question("none", "月球的重量是多少？", answerable=False), Question("open", "江边有什么？"),
             Question("<i>", "海王星的<script>直径</script>是多少公里？", ("49244公里",)))  # fmt: skip
SET = QuestionSet(QUESTIONS)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    folder = tmp_path / "library"
    with Library.create(folder, WideEncoder.name, WideEncoder.dimension) as library:
        index_documents(CORPUS, library, WideEncoder())
    held: list[Assistant] = []

    def open_(settings: Settings = Settings(threshold=0.0)) -> Assistant:  # noqa: B008 (frozen)
        held.append(Assistant.open(folder, WideEncoder(), settings))
        return held[-1]

    yield open_
    for each in held:
        each.close()


def timeless(metrics: Any) -> dict[str, Any]:
    return {key: value for key, value in metrics.items() if key not in TIMED}


def test_asked_together_or_one_by_one_the_answers_are_the_same(opened: Opened) -> None:
    assistant = opened(Settings())
    texts = [each.question for each in QUESTIONS]
    for one, other in zip(map(assistant.ask, texts), assistant.ask_many(texts), strict=True):
        assert [replace(q, score=0) for q in one.quotes] == [replace(q, score=0) for q in other.quotes]
        assert one.confidence == pytest.approx(other.confidence, abs=1e-4)
        assert (one.answered, [p.start for p in one.passages]) == (other.answered, [p.start for p in other.passages])


def test_a_run_folder_holds_the_contract(opened: Opened, tmp_path: Path) -> None:
    metrics = run(SET, opened(), tmp_path / "run").metrics
    assert json.loads((tmp_path / "run" / "metrics.json").read_text()) == metrics
    assert {key: set(metrics[key]) for key in ("retrieval", "quotes", "abstention", "latency_ms")} == {
        "retrieval": {"recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10"},
        "quotes": {"hit@1", "hit@3", "exact@1", "f1@1", "mean_chars"},
        "abstention": {"auroc", "answered_when_answerable", "answered_when_not"},
        "latency_ms": {"p50", "p95"},
    }
    assert all(isinstance(value, float) for group in ("retrieval", "quotes", "abstention") for value in metrics[group].values())
    low, high = metrics["intervals"]["quotes.hit@1"]
    assert 0 <= low <= metrics["quotes"]["hit@1"] <= high <= 1
    assert set(metrics["slices"]) >= {"language", "question word", "desk"}
    lines = [json.loads(line) for line in (tmp_path / "run" / "answers.jsonl").read_text().splitlines()]
    assert [each["id"] for each in lines] == [each.id for each in QUESTIONS]
    assert set(lines[0]) == {"id", "question", "answered", "confidence", "quotes", "passages", "timings_ms"}
    assert {each.name for each in (tmp_path / "run").iterdir()} == {"metrics.json", "answers.jsonl", "run.trec", "run.csv", "report.html"}


def test_an_answer_below_the_threshold_is_written_without_quotes(opened: Opened, tmp_path: Path) -> None:
    run(SET, opened(Settings(threshold=1.1)), tmp_path / "run")
    lines = [json.loads(line) for line in (tmp_path / "run" / "answers.jsonl").read_text().splitlines()]
    assert all(not each["answered"] and not each["quotes"] and each["passages"] for each in lines)


def test_two_runs_of_the_same_differ_only_in_time(opened: Opened, tmp_path: Path) -> None:
    first, second = (run(SET, opened(), tmp_path / name) for name in ("a", "b"))
    assert timeless(first.metrics) == timeless(second.metrics)
    for name in ("run.trec", "run.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("kept", "asking", "run"):
        monkeypatch.setattr(sys.modules[f"eval.{module}"], "BLOCK", 4)


def at(moment: int, act: Callable[[], object]) -> Callable[[int, int, str], None]:
    """A progress that does something when so many questions are answered."""

    def progress(done: int, total: int, label: str) -> None:
        if done == moment:
            act()

    return progress


def stop() -> None:
    raise KeyboardInterrupt


def questions_asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of what is asked from now on."""
    asked: list[str] = []
    plain = asking._block
    monkeypatch.setattr(asking, "_block", lambda assistant, block: asked.extend(each.id for each in block) or plain(assistant, block))
    return asked


@pytest.mark.usefixtures("small_blocks")
def test_a_stopped_run_goes_on_where_it_was(opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run(SET, opened(), tmp_path / "whole")

    with pytest.raises(KeyboardInterrupt):
        run(SET, opened(), tmp_path / "run", progress=at(8, stop))
    with (tmp_path / "run" / "answers.partial.jsonl").open("ab") as file:
        file.write(b'{"id": "torn')
    asked = questions_asked(monkeypatch)
    again = run(SET, opened(), tmp_path / "run")
    assert asked == [each.id for each in QUESTIONS[8:]]
    assert timeless(again.metrics) == timeless(whole.metrics)
    assert not (tmp_path / "run" / "answers.partial.jsonl").exists()


@pytest.mark.usefixtures("small_blocks")
def test_a_run_that_goes_on_is_not_touched_by_another_that_would_replace_it(opened: Opened, tmp_path: Path) -> None:
    def replace_it() -> None:
        with pytest.raises(YinjuError, match="another process is writing a run into"):
            run(QuestionSet(QUESTIONS[:3]), opened(), tmp_path / "run", overwrite=True)

    assert run(SET, opened(), tmp_path / "run", progress=at(8, replace_it)).metrics["questions"] == len(QUESTIONS)


@pytest.mark.usefixtures("small_blocks")
def test_a_stopped_run_that_replaces_another_goes_on_where_it_was(opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(QuestionSet(QUESTIONS[:3]), opened(), tmp_path / "run")
    for other in (SET, replace(SET, questions=QUESTIONS[1:])):  # the second replaces what is kept of the first
        asked = questions_asked(monkeypatch)
        with pytest.raises(KeyboardInterrupt):
            run(other, opened(), tmp_path / "run", overwrite=True, progress=at(8, stop))
        assert asked == [each.id for each in other.questions[:8]]
    run(other, opened(), tmp_path / "run", overwrite=True)
    assert asked == [each.id for each in QUESTIONS[1:]]


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("moment", [8, len(QUESTIONS)])
def test_a_library_that_is_changed_while_it_is_asked_gives_no_run(opened: Opened, tmp_path: Path, moment: int) -> None:
    def change() -> None:
        with Library.open(tmp_path / "library") as library:
            index_documents(CORPUS[5:], library, WideEncoder())

    with pytest.raises(YinjuError, match="library was changed while it was asked, so that no figures are of it"):
        run(SET, opened(), tmp_path / "run", progress=at(moment, change))
    assert not list((tmp_path / "run").iterdir())
    again, whole = (run(SET, opened(), tmp_path / name) for name in ("run", "whole"))
    assert timeless(again.metrics) == timeless(whole.metrics)


@pytest.mark.usefixtures("small_blocks")
def test_without_a_file_more_to_open_a_run_is_stopped_in_a_sentence_and_goes_on(opened: Opened, tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)

    def leave_none() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, os.listdir("/proc/self/fd"))) + 1, before[1]))
        with suppress(OSError):
            while True:
                held.append(os.open(os.devnull, os.O_RDONLY))

    held: list[int] = []
    try:
        with pytest.raises(YinjuError, match=r"cannot be written \(Too many open files\); allow more open files .* what is answered is kept") as error:
            run(SET, opened(), tmp_path / "run", progress=at(8, leave_none))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
        for each in held:
            os.close(each)
    assert "\n" not in str(error.value)
    asked: list[tuple[int, str]] = []
    run(SET, opened(), tmp_path / "run", progress=lambda done, _, label: asked.append((done, label)))
    assert asked[0] == (8, "8 answered before")


def test_a_folder_with_another_run_is_refused(opened: Opened, tmp_path: Path) -> None:
    run(SET, opened(), tmp_path / "run")
    with pytest.raises(YinjuError, match=r"holds a finished run of other settings \(threshold\); choose another folder"):
        run(SET, opened(Settings(threshold=0.9)), tmp_path / "run")
    with pytest.raises(YinjuError, match=r"\(question_set\)"):
        run(QuestionSet(QUESTIONS[:3]), opened(), tmp_path / "run")
    run(QuestionSet(QUESTIONS[:3]), opened(), tmp_path / "run", overwrite=True)
    (tmp_path / "run" / "metrics.json").unlink()
    (tmp_path / "run" / "answers.partial.jsonl").write_text("{}\n")
    with pytest.raises(YinjuError, match="holds an unfinished run of other questions"):
        run(SET, opened(), tmp_path / "run")


def test_what_replaces_a_run_and_is_stopped_while_it_writes_is_no_finished_run(opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(SET, opened(), tmp_path / "before")
    run(SET, opened(), tmp_path / "run")
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(sys.modules["eval.run"], "write_report", lambda *_: stop())
        run(SET, opened(Settings(threshold=0.9)), tmp_path / "run", overwrite=True)
    with pytest.raises(YinjuError, match="run holds no finished run; give the same `yinju eval` command again"):
        compare([tmp_path / "before", tmp_path / "run"])
    run(SET, opened(Settings(threshold=0.9)), tmp_path / "run", overwrite=True)
    assert compare([tmp_path / "before", tmp_path / "run"])[0].settings == {"threshold": (0.0, 0.9)}


def test_without_gold_answers_are_written_and_nothing_is_measured_as_zero(opened: Opened, tmp_path: Path) -> None:
    metrics = run(QuestionSet((Question("1", "江边有什么？"),)), opened(), tmp_path / "run").metrics
    assert metrics["retrieval"] == dict.fromkeys(metrics["retrieval"])
    assert metrics["quotes"]["hit@1"] is None and metrics["abstention"]["auroc"] is None
    assert not {"documents", "passages", "official", "selective"} & set(metrics)
    assert (tmp_path / "run" / "answers.jsonl").read_text().count("\n") == 1


def test_a_report_stands_alone_and_escapes_what_documents_say(opened: Opened, tmp_path: Path) -> None:
    done = run(SET, opened(), tmp_path / "run")
    page = (tmp_path / "run" / "report.html").read_text()
    assert "<script>直径" not in page and "<i>" not in page.replace("<i>not answered</i>", "")
    assert page.count("海王星的&lt;script&gt;直径") >= 2  # the question and its quote
    assert "<mark>11万</mark>" in page and page.count("<svg") >= 3
    assert not any(each in page for each in ("src=", "<link", "@import", "url(http"))
    assert all(escape(each.question) in page for each in QUESTIONS)
    assert len(page) < 1_000_000
    assert done._repr_html_().startswith("<iframe")


def test_run_csv_says_why_and_runs_no_formula(opened: Opened, tmp_path: Path) -> None:
    asked = (*QUESTIONS, Question("=1+1", "=cmd()？", ("十二万",)))
    run(QuestionSet(asked), opened(), tmp_path / "run")
    with (tmp_path / "run" / "run.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["why"] == "hit: quote 1 holds the gold answer" and rows[-1]["id"] == "'=1+1"
    assert rows[-1]["why"] == "missed: the quote does not hold the gold answer"
    assert rows[10]["why"] == "missed: answered, though the documents do not say"


@pytest.mark.slow
def test_several_processes_give_the_same_run(sample_library: Path, tmp_path: Path) -> None:
    asked = QuestionSet(tuple(Question(str(number), f"{number}号线哪天开始载客？", ("2025年",)) for number in range(150)))
    one, two = (run(asked, sample_library, tmp_path / str(count), processes=count) for count in (1, 2))
    assert timeless(one.metrics) == timeless(two.metrics)
    assert (tmp_path / "1" / "run.trec").read_bytes() == (tmp_path / "2" / "run.trec").read_bytes()


def test_passages_are_gold_where_they_hold_a_span_whole() -> None:
    spans = (Span("a", 10, 20), Span("a", 15, 25), Span("b", 0, 5))
    ranking, gold = by_passage([("c", 0, 50, 0.9), ("a", 12, 40, 0.8), ("b", 0, 30, 0.7)], spans)
    assert [name.startswith("gold") for name, _ in ranking] == [False, True, True] and len(gold) == 2
    values = measured({"q": dict.fromkeys(gold, 1)}, {"q": ranking})["q"]
    assert (values["recall@1"], values["recall@5"], values["mrr@10"]) == (0, 1, 0.5)


def test_documents_keep_their_order_where_scores_are_equal() -> None:
    ranking = by_document([("b", 0, 1, 0.5), ("a", 0, 1, 0.5), ("b", 2, 3, 0.4)])
    assert [name for name, _ in ranking] == ["b", "a"] and ranking[0][1] > ranking[1][1]


def test_abstention_follows_its_formulas() -> None:
    sure, right = np.array([0.9, 0.8, 0.7, 0.7]), np.array([1.0, 0.0, 1.0, 1.0])
    assert auroc(sure, right > 0) == pytest.approx(1 / 3)
    assert auroc(sure, [True] * 4) is None
    coverage, risk = risk_coverage(sure, right)
    assert coverage.tolist() == [0.25, 0.5, 1.0] and risk.tolist() == [0.0, 0.5, 0.25]
    assert area_under_risk(sure, right) == pytest.approx(0.25 * 0 + 0.25 * 0.5 + 0.5 * 0.25)
    assert calibration_error(sure, right) == pytest.approx(0.25 * 0.1 + 0.25 * 0.8 + 0.5 * 0.3)
    twice = np.array([2.0, 0.0, 1.0, 1.0])
    assert calibration_error(sure, right, twice) == calibration_error(np.array([0.9, 0.9, 0.7, 0.7]), np.ones(4))


def test_an_interval_holds_the_mean_and_leaves_out_what_is_unknown() -> None:
    values = np.array([[1.0, np.nan], [0.0, 1.0]] * 50)
    (low, high), certain = mean_intervals(values)  # type: ignore[misc]
    assert low < 0.5 < high and high - low == pytest.approx(2 * 1.96 * np.sqrt(0.25 / 100), rel=0.15)
    assert certain == (1.0, 1.0)


@pytest.mark.parametrize(
    ("text", "word", "lang"),
    [("市长什么时候来的？", "when", "zh"), ("有多少人？", "how many, how much", "zh"), ("誰來了？", "who", "zh-Hant"),
     ("いつ来ましたか？", "when", "ja"), ("Who came?", "who", "en"), ("¿Quién vino?", "who", "es")],
)  # fmt: skip
def test_a_question_has_a_word_and_a_language(text: str, word: str, lang: str) -> None:
    assert (question_word(text), language_of(text)) == (word, lang)


def test_memory_does_not_grow_with_the_answers(opened: Opened, tmp_path: Path) -> None:
    """The table of a run holds numbers: 100,000 questions are some tens of megabytes."""
    import tracemalloc

    from eval.metrics import Table
    from eval.outcome import outcomes

    assistant = opened()
    (block,) = asking.answers(assistant, [QUESTIONS], 1)
    found = outcomes(list(zip(QUESTIONS, block, strict=True)))
    table = Table()
    tracemalloc.start()
    for _ in range(1000):
        for each in found:
            table.add(each, {"language": "zh", "desk": "city"})
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held / len(table) < 1000, f"{held / len(table):.0f} bytes a question; pid {os.getpid()}"
