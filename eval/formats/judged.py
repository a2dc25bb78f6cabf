"""Relevance judgements, as BEIR and TREC have them: documents and how relevant each is to a question."""

from collections.abc import Iterable, Mapping

from corpus import QuestionError
from eval.formats.row import MAX_GRADE, storable
from eval.question import Question

Judgements = dict[str, dict[str, int]]


def judgements(rows: Iterable[tuple[int, list[str]]], where: str, form: str) -> Judgements:
    """(line, [question, document, grade]) rows. Raises QuestionError with the line and its right form. A grade below 0, as TREC gives to spam, is kept."""
    found: Judgements = {}
    for number, parts in rows:
        try:
            question, document, grade = parts
            found.setdefault(storable(question), {})[storable(document)] = value = int(grade)
        except ValueError:
            raise QuestionError(f"{where}, line {number}: not a judgement; a right line is: {form}") from None
        if value > MAX_GRADE:
            raise QuestionError(f"{where}, line {number}: the grade is above {MAX_GRADE}; a right line is: {form}")
    return found


def judged(identity: str, text: str, found: Mapping[str, Mapping[str, int]]) -> Question:
    """The question with the documents judged relevant (a grade above 0)."""
    relevant = {name: grade for name, grade in found.get(identity, {}).items() if grade > 0}
    return Question(identity, text, documents=tuple(relevant), grades=tuple(relevant.values()))
