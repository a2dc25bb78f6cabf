"""The answering words where the question asks for a date."""

import pytest

from corpus import Sentence
from rag.mark import dated

TEXT = "10月17日，2023重庆民营企业100强发布会举行。"


def marked(question: str, text: str, words: str) -> str:
    start = text.index(words)
    found = dated(question, text, Sentence(0, len(text)), Sentence(start, start + len(words)))
    return text[found.start : found.end]


@pytest.mark.parametrize(("question", "text", "words", "date"), [
    ("¿Cuándo se celebró la conferencia?", TEXT, "2023", "10月17日"), ("发布会是哪天举行的？", TEXT, "100", "10月17日"),
    # No date is asked for; the answer is one; there is none, or there are several; the question says it.
    ("发布会有多少强？", TEXT, "100", "100"), ("发布会是哪天举行的？", TEXT, "10月17日", "10月17日"), ("哪年建成？", "该桥2019年建成，编号100。", "2019", "2019"),
    ("什么时候举行？", "2023重庆民营企业100强发布会举行。", "2023", "2023"), ("什么时候举行？", "3月5日和4月6日，2023峰会举行。", "2023", "2023"),
    ("10月17日是什么时候？", TEXT, "2023", "2023"), ("When was it held?", "It was held in 1998 in hall 12.", "1998", "1998"),
])  # fmt: skip
def test_a_number_that_is_no_date_is_no_answer_to_when(question: str, text: str, words: str, date: str) -> None:
    assert marked(question, text, words) == date
