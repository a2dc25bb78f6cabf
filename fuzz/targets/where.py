"""Conditions on documents."""

from collections.abc import Mapping

from corpus.errors import QuestionError
from corpus.where import fulfils, parse_where, require_known, searchable, where_text
from fuzz.promises import one_sentence
from fuzz.target import Target

DOCUMENTS: tuple[Mapping[str, str], ...] = (
    {"Date": "2024年1月15日", "section": "国际", "byline": "李雷", "page": "9"}, {"date": "2024" + " " * 3000 + "x", "author": "١٢", "page": "1" * 500}, {},
)  # fmt: skip


def check(data: bytes) -> None:
    text = data.decode("utf-8", "surrogatepass" if len(data) % 2 else "replace") if _is_text(data) else data.decode("latin-1")
    try:
        condition = parse_where(text)
    except QuestionError as reason:
        one_sentence(reason, "condition")
        return
    assert parse_where(where_text(condition)) == condition or len(where_text(condition)) > len(text)
    for metadata in DOCUMENTS:
        fulfils(searchable("a.txt", "题", metadata), condition)
    try:
        require_known(condition, {"date", "name", "title"})
    except QuestionError as reason:
        one_sentence(reason, "known fields are")


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def seeds() -> dict[str, bytes]:
    return {
        "all": 'date >= 2024-01 and section = "国际" and not author ~ 王'.encode(), "wide": "（page＜10 or 作者 ＝ “李雷”）".encode(),
        "date": b"date = '2024-1-5 10:30'", "number": b"page >= 9.50", "deep": b"not (not (a = b or c != 'd\\'') and e ~ f)",
        "spaces": b"date = '2024" + b" " * 3000 + b"x'",
    }  # fmt: skip


TARGET = Target(check, seeds, longest=12_000, words=(b" and ", b" or ", b"not ", b"date", "“”".encode(), "≥".encode()))
