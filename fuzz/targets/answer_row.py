"""The row of an answer in `conversations.db`: an answer that can be shown, or one sentence."""

from fuzz.inert import shape
from fuzz.promises import one_sentence
from fuzz.target import Target
from rag import Answer, Found, Quote
from ui.answer_row import answer_from_row, answer_to_row
from ui.export import FORMATS
from ui.render import turn_html
from ui.talks import ConversationError, Turn


def check(data: bytes) -> None:
    try:
        answer = answer_from_row(data)
    except ConversationError as reason:
        one_sentence(reason, "answer")
        return
    assert answer_from_row(answer_to_row(answer)) == answer or "nan" in repr(answer)
    shape(turn_html(1, answer.question, answer, "zh", None, "id"))
    for made in FORMATS.values():
        assert made("题", [Turn("t", answer.question, answer, "2024-01-15T10:15:00.123456+00:00")])


def seeds() -> dict[str, bytes]:
    quote = Quote("d", "a.txt", "题", "会议十点开始。", 7, 14, 3, ("要闻",), 9, 11, 0.5)
    found = Found("d", "a.txt", "题", "会议。", 7, 10, None, (), 0.25)
    answer = Answer("几点？", True, 0.875, (quote,), (found,), {"total": 1.5}, "会议几点？")
    return {"answer": answer_to_row(answer), "none": answer_to_row(Answer("?", False, 0.0, (), (found,), {}))}


TARGET = Target(check, seeds, words=(b'"version": 1', b"null", b"[[[[", b"1e999", b"NaN", b'"start": "7"', b'"\\ud800"', b"-1"))
