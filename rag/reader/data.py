"""Questions with the spans that answer them, to train the reader: SQuAD-shaped files, split by paragraph.

Who trains splits as everyone here does: a paragraph whose SHA-1 is divisible by five is for
measuring. Of the others a twelfth is kept aside, neither trained on nor measured, to fit the
confidence and to choose between readers.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

Part = Literal["train", "aside", "measure"]
ASIDE = 12


@dataclass(frozen=True)
class Paragraph:
    text: str
    title: str
    language: str


@dataclass(frozen=True)
class Asked:
    """A question about a paragraph. `answers` are spans of characters; empty where it has no answer there.

    `language` is the question's own, which may be another than the paragraph's.
    """

    question: str
    paragraph: Paragraph
    answers: tuple[tuple[int, int], ...]
    language: str
    id: str = ""


def part_of(text: str) -> Part:
    """The part that a paragraph belongs to."""
    number = int(hashlib.sha1(text.encode("utf8")).hexdigest(), 16)
    if number % 5 == 0:
        return "measure"
    return "aside" if number // 5 % ASIDE == 0 else "train"


def read_squad(files: list[Path], language: str, part: Part) -> list[Asked]:
    """Every question of the files whose paragraph belongs to `part`; answers that are not where they say are left out."""
    return [each for file in files for each in _asked(json.loads(file.read_text("utf8")), language, part)]


def read_exercises(files: list[Path], part: Part) -> list[Asked]:
    """Our own texts with questions: a JSON object a line with title, text, language and questions.

    An answer is words that stand once in the text, or null.
    """
    found = []
    for row in _lines(files):
        if part_of(row["text"]) != part:
            continue
        paragraph = Paragraph(row["text"], row["title"], row["language"])
        for each in row["questions"]:
            words = each["answer"]
            if words is None or row["text"].count(words) == 1:
                answers = (
                    ()
                    if words is None
                    else _spans(row["text"], [{"text": words, "answer_start": row["text"].index(words)}])
                )
                found.append(Asked(each["question"].strip(), paragraph, answers, each["language"]))
    return found


def read_translated(files: list[Path], asked: list[Asked]) -> list[Asked]:
    """Questions of a set asked in other languages: a JSON object a line with the question's id, language and words."""
    known = {each.id: each for each in asked}
    return [
        replace(known[row["id"]], question=row["question"], language=row["language"])
        for row in _lines(files)
        if row["id"] in known
    ]


def _lines(files: list[Path]) -> Iterator[dict[str, Any]]:
    for file in files:
        yield from map(json.loads, filter(str.strip, file.read_text("utf8").splitlines()))


def _asked(content: dict[str, Any], language: str, part: Part) -> Iterator[Asked]:
    for article in content["data"]:
        for each in article["paragraphs"]:
            if part_of(each["context"]) != part:
                continue
            paragraph = Paragraph(each["context"], article.get("title", ""), language)
            for question in each["qas"]:
                impossible = bool(question.get("is_impossible"))
                spans = _spans(paragraph.text, [] if impossible else question["answers"])
                if spans or impossible:
                    yield Asked(question["question"].strip(), paragraph, spans, language, str(question["id"]))


def _spans(text: str, answers: list[dict[str, Any]]) -> tuple[tuple[int, int], ...]:
    """The answers' spans, without white space around them."""
    spans = []
    for each in answers:
        words, start = each["text"], each["answer_start"]
        if not words.strip() or text[start : start + len(words)] != words:
            continue
        start += len(words) - len(words.lstrip())
        spans.append((start, start + len(words.strip())))
    return tuple(dict.fromkeys(spans))
