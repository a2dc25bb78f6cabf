"""Questions with the spans that answer them, to train the reader: SQuAD-shaped files, split by paragraph.

Who trains splits as everyone here does: a paragraph whose SHA-1 is divisible by five is for
measuring. Of the others a twelfth is kept aside, neither trained on nor measured, to fit the
confidence and to choose between readers.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
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
    """A question about a paragraph. `answers` are spans of characters; empty where it has no answer there."""

    question: str
    paragraph: Paragraph
    answers: tuple[tuple[int, int], ...]


def part_of(text: str) -> Part:
    """The part that a paragraph belongs to."""
    number = int(hashlib.sha1(text.encode("utf8")).hexdigest(), 16)
    if number % 5 == 0:
        return "measure"
    return "aside" if number // 5 % ASIDE == 0 else "train"


def read_squad(files: list[Path], language: str, part: Part) -> list[Asked]:
    """Every question of the files whose paragraph belongs to `part`; answers that are not where they say are left out."""
    return [each for file in files for each in _asked(json.loads(file.read_text("utf8")), language, part)]


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
                    yield Asked(question["question"].strip(), paragraph, spans)


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
