from pathlib import Path

import pytest

from corpus import QuestionError
from eval import read_questions
from eval.metrics import exact_match, f1, holds


def test_chinese_is_scored_by_the_longest_common_run_of_characters() -> None:
    assert exact_match("《红楼梦》", ["红楼梦"]) == 1
    assert f1("作者曹雪芹", ["曹雪芹"]) == pytest.approx(2 * (3 / 5) * 1 / (3 / 5 + 1))
    assert f1("李白", ["杜甫", "李白"]) == 1


def test_english_is_scored_by_shared_words_without_articles_and_case() -> None:
    assert exact_match("The City Council", ["city council"]) == 1
    assert f1("the old city council", ["city council"]) == pytest.approx(0.8)
    assert f1("", ["city council"]) == 0


def test_a_quote_holds_an_answer_white_space_aside() -> None:
    assert holds("全长 36.5\n公里。", ["36.5公里"])
    assert not holds("全长36.5公里。", ["36公里", " "])


def test_csv_keeps_line_breaks_and_lists(tmp_path: Path) -> None:
    (tmp_path / "q.csv").write_text('id,question,answers,answerable\n1,"two\nlines?",a|b,yes\n')
    (question,) = read_questions(tmp_path / "q.csv").questions
    assert (question.question, question.answers, question.answerable) == ("two\nlines?", ("a", "b"), True)


def test_squad_paragraphs_become_the_corpus(tmp_path: Path) -> None:
    (tmp_path / "q.json").write_text(
        '{"data": [{"title": "A", "paragraphs": [{"context": "甲在乙。", "qas": [{"id": "1", "question": "甲在哪？",'
        ' "answers": [{"text": "乙"}]}, {"id": "1", "question": "丙呢？", "answers": [], "is_impossible": true},'
        ' {"id": "3", "question": " ", "answers": []}]}]}]}'
    )
    found = read_questions(tmp_path / "q.json")
    assert [each.text for each in found.corpus] == ["甲在乙。"]
    assert [(q.answerable, q.documents) for q in found.questions] == [(True, ("A/00000",)), (False, ())]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 2: not JSON"),
        ("[]", "line 2: not an object"),
        ('{"question": ""}', "line 2: `question` is missing"),
        ('{"question": "谁？", "answers": "甲"}', "line 2: `answers` is not a list"),
        ('{"question": "谁？", "id": "1"}', "stands twice"),
        ('{"question": "谁？", "answerable": "maybe"}', "line 2: `answerable`"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, says: str) -> None:
    (tmp_path / "q.jsonl").write_text('{"question": "何时？", "id": "1"}\n' + line + "\n")
    with pytest.raises(QuestionError, match=says):
        read_questions(tmp_path / "q.jsonl")
