"""Follow-ups: what leans on earlier questions, the forms it may have, and which is taken."""

from math import exp

import pytest

from rag.answer import Answer, Quote
from rag.conversation import POINTING_BACK, STANDING_ALONE, Turn, chosen, forms, leaning, plain, points_back, turn


@pytest.mark.parametrize(
    "question",
    ["他是哪里人？", "那魏王呢？", "Who founded it?", "Why?", "And in 2022?", "What about the bridge?", "为什么？", "它有多长？", "彼はどこで生まれた？",
     "¿Y en 2022?", "Warum?", "А когда?", "2010年呢？", "这座桥多长？", "When did they move there?"],
)  # fmt: skip
def test_questions_that_point_back(question):
    assert points_back(question)


@pytest.mark.parametrize(
    "question",
    ["《战国无双3》是由哪两个公司合作开发的？", "Who is the president of France?", "When was the Eiffel tower built?", "东京塔有多高？", "富士山の高さは何メートルですか?",
     "¿Quién escribió el Quijote?", "Wann wurde Goethe geboren?"],
)  # fmt: skip
def test_questions_that_stand_alone(question):
    assert not points_back(question)


def test_the_first_question_has_one_form():
    assert forms("他是谁？", []) == ["他是谁？"]


def test_a_later_question_is_tried_alone_and_with_what_came_before():
    tried = forms("他哪年生？", [Turn("校长是谁？", "王明", "第一中学")])
    assert tried[0] == "他哪年生？"
    assert set(tried[1:]) == {"校长是谁？ 他哪年生？", "第一中学 他哪年生？", "王明 他哪年生？"}


def sure(log_odds: float) -> float:
    return 1 / (1 + exp(-log_odds))


def test_a_question_that_points_back_is_taken_with_its_context_unless_alone_it_is_answered_much_more_surely():
    assert chosen("他哪年生？", [sure(1.0), sure(2.0)]) == 1
    assert chosen("他哪年生？", [sure(1.0), sure(1.0 + POINTING_BACK / 2)]) == 1
    assert chosen("他哪年生？", [sure(5.0), sure(-5.0)]) == 0


def test_a_question_that_stands_alone_needs_a_good_reason_not_to():
    assert chosen("东京塔有多高？", [sure(-1.0), sure(-1.0 + STANDING_ALONE / 2)]) == 0
    assert chosen("东京塔有多高？", [sure(-1.0), sure(STANDING_ALONE)]) == 1


def test_of_several_forms_the_surest_is_taken():
    assert chosen("他哪年生？", [0.1, 0.3, 0.7, 0.2]) == 2


def test_what_is_not_found_alone_is_taken_with_its_context():
    assert chosen("多高？", [0.0, 0.1]) == 1
    assert chosen("多高？", [0.0, 0.0]) == 0
    assert chosen("多高？", [0.9]) == 0


def test_the_fewer_words_a_question_has_the_more_it_may_lean():
    assert leaning("那它呢？") == 1.0
    assert leaning("票价多少？") == leaning("Died?") == 0.5
    assert leaning("合川高新区聚集了多少家企业？") == leaning("What year did Warsaw Gallery Weekend start?") == 0.0
    assert 0.0 < leaning("王永吉的谥号是什么？") < 0.5
    assert leaning("สะพานแห่งนี้เปิดให้สัญจรเมื่อปีใด") == 0.0


def test_a_question_of_few_words_is_not_plain_and_needs_no_lead():
    assert not plain("票价多少？", 0.9)
    assert chosen("票价多少？", [sure(1.0), sure(1.2)]) == 1
    assert chosen("票价多少？", [sure(1.0), sure(0.8)]) == 0


def test_only_a_question_that_stands_alone_and_is_answered_is_plain():
    assert plain("东京塔有多高？", 0.9)
    assert not plain("东京塔有多高？", 0.1)
    assert not plain("它有多高？", 0.9)


def test_a_turn_remembers_how_the_question_was_understood_and_what_answered():
    quote = Quote("1", "a.txt", "东京塔", "塔高333米。", 10, 17, None, (), 12, 16, 3.0)
    answer = Answer("多高？", True, 0.9, (quote,), (), {}, "东京塔在哪？ 多高？")
    assert turn(answer) == Turn("东京塔在哪？ 多高？", "333米", "东京塔")
    assert turn(Answer("多高？", False, 0.1, (), (), {})) == Turn("多高？")
