"""JSON Lines: a question a line, as design.md gives it; only `question` is required."""

from pathlib import Path

from eval.formats.row import numbered, parsed, questions_of
from eval.question import QuestionSet


def read(path: Path) -> QuestionSet:
    return QuestionSet(questions_of(parsed(numbered(path.read_text("utf-8-sig")), str(path)), str(path)))
