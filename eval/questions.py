"""Question sets: JSON Lines, CSV, and SQuAD's JSON (CMRC 2018, DRCD, JaQuAD as well)."""

import csv
import io
import json
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus import Block, Document, QuestionError


@dataclass(frozen=True)
class Question:
    """One question; `answers` are gold answers, `documents` the names of those that hold them."""

    id: str
    question: str
    answers: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    answerable: bool = True
    lang: str | None = None
    history: tuple[str, ...] = ()


@dataclass(frozen=True)
class QuestionSet:
    """Questions, and the documents that came with them (none for most formats)."""

    questions: tuple[Question, ...]
    corpus: tuple[Document, ...] = ()


def read_questions(path: Path) -> QuestionSet:
    """The question set in a file, by its ending.

    Raises QuestionError, with the number of the line at fault, where it cannot be read.
    """
    if not path.is_file():
        raise QuestionError(f"{path} is not there; give the path of a question set")
    if path.suffix.lower() not in FORMATS:
        raise QuestionError(f"{path} is of no known kind; question sets end in {', '.join(FORMATS)}")
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as reason:
        raise QuestionError(f"{path} cannot be read as UTF-8 ({reason}); save it as UTF-8") from None
    found = FORMATS[path.suffix.lower()](text, path)
    if not found.questions:
        raise QuestionError(f"{path} holds no questions; add at least one")
    return found


def _jsonl(text: str, path: Path) -> QuestionSet:
    rows = ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())
    return QuestionSet(_questions(_parsed(rows, path), path))


def _parsed(rows: Iterator[tuple[int, str]], path: Path) -> Iterator[tuple[int, object]]:
    for number, line in rows:
        try:
            yield number, json.loads(line)
        except (ValueError, RecursionError) as reason:
            raise QuestionError(f"{path}, line {number}: not JSON ({reason}); correct that line") from None


def _csv(text: str, path: Path) -> QuestionSet:
    reader = csv.DictReader(io.StringIO(text, newline=""))

    def rows() -> Iterator[tuple[int, object]]:
        for row in _rows(reader, path):
            content: dict[str, object] = {key: value for key, value in row.items() if key and value}
            for key in ("answers", "documents", "history"):
                content[key] = [each.strip() for each in str(content.get(key, "")).split("|") if each.strip()]
            if "answerable" in content:
                said = str(content["answerable"]).strip().lower()
                content["answerable"] = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(
                    said, said
                )
            yield reader.line_num, content

    return QuestionSet(_questions(rows(), path))


def _rows(reader: "csv.DictReader[str]", path: Path) -> Iterator[dict[str, str]]:
    try:
        yield from reader
    except csv.Error as reason:
        raise QuestionError(f"{path}, line {reader.line_num}: not CSV ({reason}); correct that line") from None


def _questions(rows: Iterator[tuple[int, object]], path: Path) -> tuple[Question, ...]:
    questions: dict[str, Question] = {}
    for number, row in rows:
        question = _question(row, number, f"{path}, line {number}")
        if question.id in questions:
            raise QuestionError(f"{path}, line {number}: the id {question.id!r} stands twice; give each its own")
        questions[question.id] = question
    return tuple(questions.values())


def _question(row: object, number: int, where: str) -> Question:
    if not isinstance(row, dict):
        raise QuestionError(f'{where}: not an object; write {{"question": "…"}}')
    text = row.get("question")
    if not isinstance(text, str) or not text.strip():
        raise QuestionError(f"{where}: `question` is missing or empty; add it")
    answerable = row.get("answerable", True)
    if not isinstance(answerable, bool):
        raise QuestionError(f"{where}: `answerable` is neither true nor false; correct it")
    lists = {key: _strings(row.get(key), key, where) for key in ("answers", "documents", "history")}
    lang = row.get("lang")
    identity = row.get("id")
    if not isinstance(identity, (str, int, type(None))):
        raise QuestionError(f"{where}: `id` is neither a string nor a number; correct it")
    return Question(
        str(number if identity in (None, "") else identity), unicodedata.normalize("NFC", text), lists["answers"], lists["documents"], answerable,
        str(lang) if lang else None, lists["history"],
    )  # fmt: skip


def _strings(value: object, key: str, where: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise QuestionError(f"{where}: `{key}` is not a list of strings; write it as [\"…\"]")
    return tuple(unicodedata.normalize("NFC", each) for each in value)


def _squad(text: str, path: Path) -> QuestionSet:
    try:
        data = json.loads(text)
        return _from_articles(data["data"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as reason:
        raise QuestionError(f"{path} is not SQuAD-like JSON ({reason}); see the formats in the README") from None


def _from_articles(articles: list[dict[str, Any]]) -> QuestionSet:
    questions: dict[str, Question] = {}
    corpus: dict[str, Document] = {}
    for article in articles:
        for paragraph in article["paragraphs"]:
            text = unicodedata.normalize("NFC", paragraph["context"])
            if text not in corpus:
                title = str(article.get("title") or "paragraph")
                name = f"{title.replace('/', '_').replace('..', '_')}/{len(corpus):05}"
                corpus[text] = Document(name, title, text, (Block("paragraph", 0, len(text)),))
            for entry in paragraph["qas"]:
                # Two questions of CMRC's trial set are blank; nobody can ask them.
                if not isinstance(entry["question"], str) or not entry["question"].strip():
                    continue
                answerable = not entry.get("is_impossible", False)
                gold = [unicodedata.normalize("NFC", str(each["text"])) for each in entry.get("answers", [])]
                identity = str(entry.get("id") or len(questions) + 1)
                if identity in questions:
                    identity = f"{identity}#{len(questions) + 1}"
                questions[identity] = Question(
                    identity,
                    unicodedata.normalize("NFC", entry["question"]),
                    tuple(dict.fromkeys(gold)) if answerable else (),
                    (corpus[text].name,) if answerable else (),
                    answerable,
                )
    return QuestionSet(tuple(questions.values()), tuple(corpus.values()))


FORMATS: dict[str, Callable[[str, Path], QuestionSet]] = {".jsonl": _jsonl, ".csv": _csv, ".json": _squad}
