"""A row of named values, from JSON or from a table, into a Question."""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from corpus import QuestionError
from corpus.one_line import few_marks
from eval.question import Question, Span
from rag.question import check_question

EXAMPLE = '{"id": "1", "question": "Who won?", "answers": ["the visitors"], "documents": ["match.txt"]}'
# Where nDCG is measured memory is taken for every grade up to the highest: some megabytes for these.
MAX_GRADE = 1_000_000
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
KNOWN = frozenset(["id", "question", "answers", "documents", "answerable", "lang", "history", "spans", "grades"])


def storable(text: str) -> str:
    """NFC, as long as it was but for what NFC joins: each NUL and lone surrogate, which no library can hold, is U+FFFD."""
    return unicodedata.normalize("NFC", UNSTORABLE.sub("\ufffd", few_marks(text)))


def askable(text: str, where: str) -> str:
    """The question, `storable`. Raises QuestionError, with where it stands, where nobody could ask it."""
    text = storable(text)
    try:
        check_question(text)
    except QuestionError as reason:
        raise QuestionError(f"{where}: {reason}") from None
    return text


def numbered(text: str) -> Iterator[tuple[int, str]]:
    """The lines that hold something, with their numbers; parted at line feeds only, as JSON Lines are."""
    return ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())


def parsed(rows: Iterable[tuple[int, str]], where: str, example: str = EXAMPLE) -> Iterator[tuple[int, Any]]:
    """Each line's JSON. Raises QuestionError with the line's number and a right one."""
    for number, line in rows:
        try:
            yield number, json.loads(line)
        except (ValueError, RecursionError) as reason:
            raise QuestionError(f"{where}, line {number}: not JSON ({reason}); a right line is: {example}") from None


def questions_of(rows: Iterable[tuple[int, object]], where: str) -> tuple[Question, ...]:
    """The questions of numbered rows. Raises QuestionError for a row that is none, or an id that stands twice."""
    questions: dict[str, Question] = {}
    lines: dict[str, int] = {}
    for number, row in rows:
        question = question_of(row, number, f"{where}, line {number}")
        if question.id in questions:
            raise QuestionError(
                f"{where}, line {number}: the id {question.id!r} stands twice (first in line {lines[question.id]}); "
                "give each question its own"
            )
        questions[question.id] = question
        lines[question.id] = number
    return tuple(questions.values())


def question_of(row: object, number: int, where: str) -> Question:
    if not isinstance(row, dict):
        raise QuestionError(f"{where}: not an object; a right line is: {EXAMPLE}")
    text = row.get("question")
    if not isinstance(text, str) or not text.strip():
        raise QuestionError(f"{where}: `question` is missing or empty; a right line is: {EXAMPLE}")
    answerable = row.get("answerable", True)
    if not isinstance(answerable, bool):
        raise QuestionError(f"{where}: `answerable` is neither true nor false; write it without quotation marks")
    identity, lang = row.get("id"), row.get("lang")
    if not isinstance(identity, (str, int, type(None))) or isinstance(identity, bool):
        raise QuestionError(f"{where}: `id` is neither a string nor a number; correct it")
    history = _strings(row.get("history"), "history", where)
    documents = _strings(row.get("documents"), "documents", where)
    return Question(
        id=storable(str(number if identity in (None, "") else identity)),
        question=askable(text, where),
        answers=_strings(row.get("answers"), "answers", where),
        documents=documents,
        answerable=answerable,
        lang=str(lang) if lang else None,
        history=tuple(askable(each, f"{where}, `history`") for each in history),
        spans=_spans(row.get("spans"), where),
        grades=_grades(row.get("grades"), len(documents), where),
        extra={str(key): str(value) for key, value in row.items() if key not in KNOWN and isinstance(value, (str, int, float))},
    )


def _strings(value: object, key: str, where: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        raise QuestionError(f"{where}: `{key}` is not a list of strings but one string; write it as {json.dumps([value[:60]], ensure_ascii=False)}")  # fmt: skip
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise QuestionError(f'{where}: `{key}` is not a list of strings; write it as ["…"]')
    return tuple(dict.fromkeys(map(storable, value)))


def _spans(value: object, where: str) -> tuple[Span, ...]:
    if value is None:
        return ()
    right = f'{where}: `spans` is not a list of places; write it as [{{"document": "match.txt", "start": 0, "end": 12}}]'
    if not isinstance(value, list):
        raise QuestionError(right)
    spans = []
    for each in value:
        if not isinstance(each, dict) or not isinstance(each.get("document"), str):
            raise QuestionError(right)
        start, end = each.get("start"), each.get("end")
        if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end:
            raise QuestionError(right)
        spans.append(Span(storable(each["document"]), start, end))
    return tuple(spans)


def _grades(value: object, documents: int, where: str) -> tuple[int, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) != documents or not all(isinstance(each, int) for each in value):
        raise QuestionError(f"{where}: `grades` is not a list of whole numbers, one for each of `documents`; correct it")
    if not all(0 <= each <= MAX_GRADE for each in value):
        raise QuestionError(f"{where}: one of `grades` is not from 0 to {MAX_GRADE}; correct it")
    return tuple(value)
