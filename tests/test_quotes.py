"""What is quoted: whole sentences, as short as answers, never the same twice."""

import pytest

from corpus import Block, Document, Passage, Sentence, split_sentences
from rag.leaning import leans
from rag.quote import LONGEST, quotes
from rag.reader import Candidate, Margins, Reading
from rag.several import asks_for_several

MARGINS = Margins(further=5.0, several=2.0, beside=1.0)


def candidate(text: str, name: str = "a.txt", blocks: tuple[Block, ...] | None = None) -> Candidate:
    document = Document(name, "", text, blocks or (Block("paragraph", 0, len(text)),))
    return Candidate(Passage(1, document.id, 0, len(text)), document, tuple(split_sentences(document)), 0.8)


def reading(of: Candidate, words: str, score: float, number: int = 0) -> Reading:
    start = of.document.text.index(words)
    sentence = next(each for each in of.sentences if each.start <= start < each.end)
    return Reading(number, sentence, Sentence(start, start + len(words)), score, ())


def asked(question: str, candidates: list[Candidate], readings: list[Reading]) -> list[str]:
    given = quotes(question, sorted(readings, key=lambda each: -each.score), candidates, MARGINS)
    for each in given:
        document = next(one.document for one in candidates if one.document.id == each.document_id)
        assert each.text == document.text[each.start : each.end]
        assert each.answer_start is None or each.start <= each.answer_start < each.answer_end <= each.end
    return [each.text for each in given]


def test_a_quote_is_the_one_sentence_that_answers():
    of = candidate("王明是教师。李华是医生。张三是司机。")
    assert asked("李华做什么？", [of], [reading(of, "医生", 9.0)]) == ["李华是医生。"]


@pytest.mark.parametrize(
    ("text", "words", "whole"),
    [
        ("王明生于北京。他是一名教师。", "教师", "王明生于北京。他是一名教师。"),
        ("Marie Curie was born in Warsaw. She discovered radium.", "radium", "Marie Curie was born in Warsaw. She discovered radium."),
        ("Клод родился в Париже. Он был художником.", "художником", "Клод родился в Париже. Он был художником."),
        ("Der Fluss ist lang. Er mündet in die Nordsee.", "Nordsee", "Der Fluss ist lang. Er mündet in die Nordsee."),
        ("公司成立于1998年。此外，它在上海有工厂。", "上海", "公司成立于1998年。此外，它在上海有工厂。"),
        ("山田は医者だ。彼女は東京に住む。", "東京", "山田は医者だ。彼女は東京に住む。"),
    ],
)
def test_a_sentence_that_points_back_is_quoted_with_the_one_before_it(text, words, whole):
    of = candidate(text)
    assert asked("？", [of], [reading(of, words, 9.0)]) == [whole]


def test_a_sentence_is_not_joined_to_one_of_another_paragraph():
    text = "王明生于北京。\n\n他是一名教师。"
    of = candidate(text, blocks=(Block("paragraph", 0, 7), Block("paragraph", 9, len(text))))
    assert asked("？", [of], [reading(of, "教师", 9.0)]) == ["他是一名教师。"]


def test_the_sentence_beside_is_quoted_too_where_it_reads_as_well():
    of = candidate("桥长三公里。桥宽四十米。桥在江上。")
    near = [reading(of, "三公里", 9.0), reading(of, "四十米", 8.5), reading(of, "江上", 5.0)]
    assert asked("桥多大？", [of], near)[0] == "桥长三公里。桥宽四十米。"


def test_a_quote_does_not_grow_without_end():
    long = "他" + "说了很长很长的话" * (LONGEST // 8) + "。"
    of = candidate("开头很长" * 30 + "。" + long)
    assert asked("？", [of], [reading(of, long[:5], 9.0)]) == [long]


def test_a_row_of_a_table_is_whole():
    row = "甲市 | 300万。增长 | 5%"
    of = candidate(row, blocks=(Block("table", 0, len(row)),))
    assert asked("甲市多少人？", [of], [reading(of, "5%", 9.0)]) == [row]


def test_no_two_quotes_say_the_same_or_overlap():
    one, other = candidate("大桥于2019年5月1日正式通车。"), candidate("大桥于2019年5月1日正式通车！", "b.txt")
    given = [reading(one, "2019年5月1日", 9.0), reading(other, "2019年5月1日", 8.9, 1)]
    assert len(asked("何时通车？", [one, other], given)) == 1


def test_readings_far_below_the_first_are_not_quoted():
    one, other = candidate("大桥于2019年通车。"), candidate("小路在村外。", "b.txt")
    assert len(asked("何时通车？", [one, other], [reading(one, "2019年", 9.0), reading(other, "村外", 3.0, 1)])) == 1


def test_several_things_come_in_the_order_of_the_text():
    of = candidate("第一项是修路。今天天气很好，没有人出门。第二项是造桥。也有人在家里休息，看书喝茶。第三项是种树。")
    given = [reading(of, "种树", 9.0), reading(of, "修路", 8.5), reading(of, "造桥", 8.0)]
    assert asked("有哪些项目？", [of], given) == ["第一项是修路。", "第二项是造桥。", "第三项是种树。"]
    assert asked("最后一项是什么？", [of], given)[0] == "第三项是种树。"


@pytest.mark.parametrize("question", ["有哪些城市？", "What are the three branches?", "Which countries did he visit?", "三个代表分别是谁？", "¿Cuáles son los ríos?"])  # fmt: skip
def test_questions_for_several_things(question):
    assert asks_for_several(question)


@pytest.mark.parametrize("question", ["哪一年？", "What was his name?", "What class does it belong to?", "What did he do?", "谁写的？", "What is physics?"])  # fmt: skip
def test_questions_for_one_thing(question):
    assert not asks_for_several(question)


@pytest.mark.parametrize("text", ["That year it rained.", "其后，公司改名。", "But nobody came.", "Además, llueve.", "هذا هو السبب.", "同年，他去世。"])
def test_what_points_back(text):
    assert leans(text)


@pytest.mark.parametrize("text", ["北京是首都。", "In 1990 it rained.", "The city grew.", "Berlin ist groß.", "他山之石，可以攻玉。", "It is widely held that he left.", "Es gibt zwei Flüsse.", "東京は首都だ。"])  # fmt: skip
def test_what_stands_alone(text):
    assert not leans(text)
