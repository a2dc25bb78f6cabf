"""A question set from use: what people judged and corrected, as JSON Lines that `yinju eval` reads."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from corpus.feedback import Feedback

# Cited where a question has been judged more than once: a correction outweighs a thumb.
ORDER = ("corrected", "up")


def question_lines(said: Iterable[Feedback]) -> Iterator[str]:
    """A line for each question whose answer is known: by a correction, a thumb up, or that there is none.

    A thumb down alone says what is wrong and not what is right: such a question has no gold, and is
    exported as one to look at (`judged`: down). Later verdicts on the same question replace earlier ones
    of their kind.
    """
    questions: dict[str, dict[str, list[Feedback]]] = {}
    for each in said:
        questions.setdefault(each.question, {}).setdefault(each.verdict, []).append(each)
    for number, (question, verdicts) in enumerate(questions.items(), 1):
        best = next((kind for kind in ORDER if kind in verdicts), "down")
        yield json.dumps(_row(number, question, best, verdicts[best]), ensure_ascii=False)


def _row(number: int, question: str, judged: str, said: list[Feedback]) -> dict[str, Any]:
    row: dict[str, Any] = {"id": f"use-{number:05}", "question": question, "judged": judged}
    if judged == "down":
        # Judged without a document: there is no answer here.
        if said[-1].document is None:
            row["answerable"] = False
        return row
    placed = {(each.document, each.start, each.end): each for each in said}
    row["answers"] = list(dict.fromkeys(each.text for each in placed.values()))
    row["documents"] = list(dict.fromkeys(each.document for each in placed.values()))
    row["spans"] = [{"document": document, "start": start, "end": end} for document, start, end in placed]
    return row
