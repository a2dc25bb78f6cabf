"""Eval: how good a library's answers are over a set of questions, and whether a change made them better.

    today = run("questions.jsonl", ".yinju", "runs/today")
    compare(["runs/yesterday", "runs/today"])

`run` asks, measures and writes a run folder; `compare` holds runs of the same questions against one
another; `check_questions` finds what is wrong with a set; `tune` chooses settings on one half of it
and measures them on the other.
"""

from eval import tune
from eval.check import check_questions
from eval.compare import Comparison, compare
from eval.questions import Question, QuestionSet, Span, read_questions
from eval.run import Run, run

__all__ = [
    "Comparison",
    "Question",
    "QuestionSet",
    "Run",
    "Span",
    "check_questions",
    "compare",
    "read_questions",
    "run",
    "tune",
]
