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
EXERCISES = Path(__file__).with_name("exercises")


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


@dataclass(frozen=True)
class ExerciseFiles:
    """Files of ours by what they hold: texts with questions, questions of the sets in other languages, and questions
    about news stories."""

    texts: list[Path]
    translated: list[Path]
    stories: list[Path]


def exercise_files(folder: Path = EXERCISES) -> ExerciseFiles:
    files = sorted(folder.glob("*.jsonl"))
    translated = [each for each in files if each.stem.endswith("_questions")]
    stories = [each for each in files if each.stem.endswith("_stories")]
    return ExerciseFiles([each for each in files if each not in translated + stories], translated, stories)


def read_exercises(files: list[Path], part: Part) -> list[Asked]:
    """Our own texts with questions: a JSON object a line with title, text, language and questions.

    An answer is words that stand once in the text, or null.
    """
    found = []
    for row in _lines(files):
        if part_of(row["text"]) != part:
            continue
        paragraph = Paragraph(row["text"], row["title"], row["language"])
        found += [asked for each in row["questions"] if (asked := _asked_of(each, paragraph))]
    return found


def _asked_of(row: dict[str, Any], paragraph: Paragraph) -> Asked | None:
    """A question of ours; None where its answer's words do not stand once in the text."""
    words, text = row["answer"], paragraph.text
    if words is None:
        return Asked(row["question"].strip(), paragraph, (), row["language"])
    if text.count(words) != 1:
        return None
    spans = _spans(text, [{"text": words, "answer_start": text.index(words)}])
    return Asked(row["question"].strip(), paragraph, spans, row["language"])


def read_stories(files: list[Path], part: Part) -> list[Paragraph]:
    """News stories, one a line."""
    lines = dict.fromkeys(line.strip() for file in files for line in file.read_text("utf8").split("\n"))
    return [Paragraph(line, "", "zh") for line in lines if line and part_of(line) == part]


def read_about(files: list[Path], paragraphs: list[Paragraph]) -> list[Asked]:
    """Our own questions about texts that are elsewhere, each named by its SHA-1; their answers as in our own texts."""
    known = {hashlib.sha1(each.text.encode("utf8")).hexdigest(): each for each in paragraphs}
    return [
        asked
        for row in _lines(files)
        if row["sha1"] in known and (asked := _asked_of(row, known[row["sha1"]]))
    ]


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
