import json
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus import Document, QuestionError
from eval import Question, QuestionSet, Span, check_questions, read_questions
from eval.check import unknown_documents
from eval.fold import holds


def read(folder: Path, name: str, content: str) -> QuestionSet:
    (folder / name).write_text(content, "utf8")
    return read_questions(folder / name)


def test_json_lines_hold_gold_by_text_by_document_and_by_place(tmp_path: Path) -> None:
    line = {"id": 7, "question": "谁来了？", "answers": ["市长", "市长"], "documents": ["a.txt"], "lang": "zh", "topic": "politics",
            "spans": [{"document": "a.txt", "start": 3, "end": 5}]}  # fmt: skip
    (question,) = read(tmp_path, "q.jsonl", json.dumps(line, ensure_ascii=False)).questions
    assert question == Question("7", "谁来了？", ("市长",), ("a.txt",), lang="zh", spans=(Span("a.txt", 3, 5),), extra={"topic": "politics"})


def test_csv_keeps_line_breaks_and_lists_and_further_columns(tmp_path: Path) -> None:
    found = read(tmp_path, "q.csv", 'id,question,answers,answerable,desk\n1,"two\nlines?",a|b,yes,sport\n')
    assert found.questions == (Question("1", "two\nlines?", ("a", "b"), extra={"desk": "sport"}),)


@pytest.mark.parametrize(
    ("name", "row", "says"),
    [
        ("q.csv", '"谁？,甲\n何时？,乙\n', r"line 3: not CSV \(unexpected end of data\); correct that line"),
        ("q.csv", "谁，甲, or 乙？,甲\n", "line 3: more cells than columns; put quotation marks around text with commas"),
        ("q.tsv", "谁\t？\t甲\n", "line 3: more cells than columns; put quotation marks around text with tabs"),
    ],
)
def test_a_row_that_would_lose_data_is_named(tmp_path: Path, name: str, row: str, says: str) -> None:
    head = "question,answers\n哪？,丙,\n" if name == "q.csv" else "question\tanswers\n哪？\t丙\n"
    with pytest.raises(QuestionError, match=says):
        read(tmp_path, name, head + row)


def test_a_workbook_is_read_as_its_csv(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["id", "question", "answers"], [1, "谁？", "甲|乙"], [None, None, None], [2, "何时？", "1924"]):
        book.active.append(row)  # type: ignore[union-attr]
    book.save(tmp_path / "q.xlsx")
    assert [(q.id, q.answers) for q in read_questions(tmp_path / "q.xlsx").questions] == [("1", ("甲", "乙")), ("2", ("1924",))]


def test_squad_paragraphs_become_the_corpus(tmp_path: Path) -> None:
    found = read(
        tmp_path, "q.json",
        '{"data": [{"title": "A", "paragraphs": [{"context": "甲在乙。", "qas": [{"id": "1", "question": "甲在哪？",'
        ' "answers": [{"text": "乙", "answer_start": 2}]}, {"id": "1", "question": "丙呢？", "answers": [], "is_impossible": true},'
        ' {"id": "3", "question": " ", "answers": []}]}]}]}',
    )  # fmt: skip
    assert [each.text for each in found.corpus] == ["甲在乙。"]
    assert [(q.answerable, q.documents) for q in found.questions] == [(True, ("A/00000",)), (False, ())]
    assert found.questions[0].spans == (Span("A/00000", 2, 3),)


def test_a_beir_folder_gives_its_judged_questions_and_its_corpus(tmp_path: Path) -> None:
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\n")
    (tmp_path / "queries.jsonl").write_text('{"_id": "q1", "text": "Who won?"}\n{"_id": "q2", "text": "Not judged?"}\n')
    (tmp_path / "corpus.jsonl").write_text('{"_id": "d1", "title": "Match", "text": "The visitors."}\n{"_id": "d2", "title": "", "text": "Rain."}\n')
    found = read_questions(tmp_path)
    assert found.questions == (Question("q1", "Who won?", documents=("d1",), grades=(2,)),)
    assert [(each.name, each.title, each.text) for each in found.corpus] == [("d1", "Match", "Match\n\nThe visitors."), ("d2", "d2", "Rain.")]


@pytest.mark.parametrize(
    "topics", ["301\tWho won?\n", "<top>\n<num> Number: 301\n<title> Who won?\n<desc> Description:\nMore.\n</top>\n"]
)
def test_a_trec_folder_gives_topics_with_their_judgements(tmp_path: Path, topics: str) -> None:
    (tmp_path / "topics.txt").write_text(topics)
    (tmp_path / "qrels.txt").write_text("301 0 the%20match.txt 1\n301 0 rain.txt 0\n")
    assert read_questions(tmp_path).questions == (Question("301", "Who won?", documents=("the match.txt",), grades=(1,)),)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", r"line 2: not JSON .*; a right line is: {\"id\""),
        ("[]", "line 2: not an object; a right line is"),
        ('{"question": ""}', "line 2: `question` is missing or empty; a right line is"),
        ('{"question": "谁？", "answers": "甲"}', r"line 2: `answers` is not a list of strings but one string; write it as \[\"甲\"\]"),
        ('{"question": "谁？", "answers": [1]}', "line 2: `answers` is not a list of strings"),
        ('{"question": "谁？", "id": "1"}', r"line 2: the id '1' stands twice \(first in line 1\)"),
        ('{"question": "谁？", "answerable": "maybe"}', "line 2: `answerable`"),
        ('{"question": "谁？", "spans": [{"document": "a", "start": 3, "end": 3}]}', "line 2: `spans` is not a list of places"),
        ('{"question": "谁？", "documents": ["a"], "grades": [1, 2]}', "line 2: `grades`"),
        ('{"question": "谁？", "documents": ["a"], "grades": [100000000000000000000]}', "line 2: one of `grades` is not from 0 to 1000000; correct it"),
        ('{"question": "谁？", "documents": ["a"], "grades": [-1]}', "line 2: one of `grades` is not from 0"),
    ],
)
def test_a_broken_line_is_named_with_a_right_one(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(QuestionError, match=says):
        read(tmp_path, "q.jsonl", '{"question": "何时？", "id": "1"}\n' + line + "\n")


def test_a_grade_that_cannot_be_measured_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "topics.txt").write_text("301\tWho won?\n")
    (tmp_path / "qrels.txt").write_text("301 0 spam.txt -2\n301 0 match.txt 100000000000000000000\n")
    with pytest.raises(QuestionError, match=r"qrels.txt, line 2: the grade is above 1000000; a right line is: 301 0 match.txt 1"):
        read_questions(tmp_path)


LONG = "谁" * 10_001
UNASKABLE = [({"question": "\u200b"}, ": the question is empty; write"), ({"question": LONG}, ": the question has 10,001 characters, more than 10,000; ask"),
             ({"question": "谁？", "history": [""]}, ", `history`: the question is empty"), ({"question": "谁？", "history": [LONG]}, ", `history`: the question has")]  # fmt: skip


@pytest.mark.parametrize(("line", "says"), UNASKABLE)
def test_a_question_that_nobody_can_ask_is_named_with_its_line(tmp_path: Path, line: dict[str, object], says: str) -> None:
    with pytest.raises(QuestionError, match=f"q.jsonl, line 2{says}"):
        read(tmp_path, "q.jsonl", '{"question": "何时？"}\n' + json.dumps(line))


@pytest.mark.parametrize("text", ["\u200b", LONG])
def test_a_question_that_nobody_can_ask_is_named_in_squad_trec_and_beir(tmp_path: Path, text: str) -> None:
    with pytest.raises(QuestionError, match=r"q.json, the question '7': the question (is empty|has)"):
        read(tmp_path, "q.json", json.dumps({"data": [{"paragraphs": [{"context": "甲。", "qas": [{"id": "7", "question": text}]}]}]}))
    (tmp_path / "qrels.txt").write_text("301 0 a.txt 1\n")
    (tmp_path / "topics.txt").write_text(f"301\t{text}\n")
    with pytest.raises(QuestionError, match=r"topics.txt, line 1: the question (is empty|has)"):
        read_questions(tmp_path)
    (tmp_path / "queries.jsonl").write_text(json.dumps({"_id": "q1", "text": text}))
    with pytest.raises(QuestionError, match=r"queries.jsonl, line 1: the question (is empty|has)"):
        read_questions(tmp_path)


def test_names_hold_nothing_that_cannot_be_measured(tmp_path: Path) -> None:
    line = {"id": "s\ud800", "question": "谁？", "documents": ["a\0"], "spans": [{"document": "a\0", "start": 0, "end": 1}]}
    assert read(tmp_path, "q.jsonl", json.dumps(line)).questions == (Question("s\ufffd", "谁？", documents=("a\ufffd",), spans=(Span("a\ufffd", 0, 1),)),)
    entry = {"id": "s\ud800", "question": "谁？", "answers": [{"text": "甲"}]}
    assert read(tmp_path, "q.json", json.dumps({"data": [{"paragraphs": [{"context": "甲。", "qas": [entry]}]}]})).questions[0].id == "s\ufffd"
    (tmp_path / "topics.txt").write_text("3\0\tWho won?\n")
    (tmp_path / "qrels.txt").write_text("3\0 0 a%00.txt 1\n")
    assert read_questions(tmp_path).questions == (Question("3\ufffd", "Who won?", documents=("a\ufffd.txt",), grades=(1,)),)


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "q.jsonl").open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(QuestionError, match="1,024 MB, more than the 256 MB that are read at once; split it"):
        read_questions(tmp_path / "q.jsonl")


@pytest.mark.parametrize("name", ["q.jsonl", "q.csv", "q.tsv", "q.xlsx", "q.json"])
@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf8", "surrogatepass"))))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_any_bytes_are_questions_or_one_sentence(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    try:
        assert read_questions(tmp_path / name).questions
    except QuestionError as error:
        assert str(tmp_path / name) in str(error)


@given(st.lists(st.builds(dict, question=st.text().map("谁{}？".format), answers=st.lists(st.text(min_size=1), max_size=2)), min_size=1, max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_is_written_as_json_lines_is_read_back(tmp_path: Path, rows: list[dict[str, object]]) -> None:
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    assert len(read_questions(tmp_path / "q.jsonl").questions) == len(rows)


def test_a_quote_holds_an_answer_white_space_width_and_script_aside() -> None:
    assert holds("全长 36.5\n公里。", ["36.5公里"])
    assert holds("全長３６．５公里。", ["全长36.5"])
    assert holds("乾隆皇帝在臺灣", ["乾", "台湾"])
    assert not holds("全长36.5公里。", ["36公里", " "])


HELD = st.text(alphabet="乾隆臺灣台湾体體 ３6.ａbﾊﾞ\n", max_size=8)


@given(HELD, HELD.filter(str.strip), HELD)
def test_what_stands_in_a_quote_is_held_by_it(before: str, answer: str, after: str) -> None:
    assert holds(f"{before}。{answer}。{after}", [answer])


CORPUS = [Document("a.txt", "a", "市長會見了代表。", ()), Document("b.txt", "b", "Rain.", ())]
CHECKED: list[tuple[Question, str]] = [
    (Question("1", "谁？", ("市长",), ("a.txt",)), ""),
    (Question("2", "谁来了？", ("书记",), ("a.txt",)), "the gold answer '书记' is not in its documents"),
    (Question("3", "哪？", ("Rain",), ("c.txt",)), "the document 'c.txt' is not in the corpus"),
    (Question("4", "什么？", ("snow",)), "the gold answer 'snow' is not in any document"),
    (Question("5", "甲？", spans=(Span("b.txt", 0, 50),)), "the span 0–50 ends after 'b.txt', which has 5 characters"),
    (Question("6", "乙？", ("Rain",), answerable=False), "it is not answerable and has gold answers; take away one or the other"),
]


@pytest.mark.parametrize(("question", "says"), CHECKED)
def test_a_check_says_what_is_wrong_with_the_gold(question: Question, says: str) -> None:
    assert [each.says for each in check_questions([question], CORPUS)] == ([says] if says else [])


def test_gold_documents_that_are_not_there_are_named_once() -> None:
    asked = [Question("1", "谁？", documents=("a.txt", "c.txt")), Question("2", "哪？", documents=("c.txt",), spans=(Span("d.txt", 0, 1),))]
    assert unknown_documents(asked, {"a.txt", "b.txt"}) == ["c.txt", "d.txt"]


def test_a_check_finds_a_question_asked_twice() -> None:
    asked = [Question("1", "谁來了？"), Question("2", "谁来了 ？"), Question("3", "谁来了？", history=("昨天呢？",))]
    assert [(each.id, each.says) for each in check_questions(asked, CORPUS)] == [("2", "the same question as 1")]
