"""Eval: how good a library's answers are, over a set of questions.

    metrics = run(assistant, read_questions(Path("questions.jsonl")), Path("runs/today"), {})
"""

from eval.questions import Question, QuestionSet, read_questions
from eval.run import measure, run

__all__ = ["Question", "QuestionSet", "measure", "read_questions", "run"]
