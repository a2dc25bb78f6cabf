"""A run as one page that stands alone: the figures, then the questions that were missed."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from eval.metrics import holds
from eval.questions import Question
from rag import Answer

STYLE = (
    "body{font:16px/1.6 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "td,th{padding:.2em 1em;text-align:left;border-bottom:1px solid #ddd;vertical-align:top}"
)


def report(metrics: Mapping[str, Any], questions: Sequence[Question], answers: Sequence[Answer]) -> str:
    """The HTML of a run's report; it asks nothing of the network."""
    figures = "".join(
        f"<tr><td>{escape(group)}.{escape(name)}</td><td>{'—' if value is None else f'{value:.3f}'}</td></tr>"
        for group in ("retrieval", "quotes", "abstention", "latency_ms")
        for name, value in metrics[group].items()
    )
    missed = "".join(
        f"<tr><td>{escape(q.id)}</td><td>{escape(q.question)}</td><td>{escape(' | '.join(q.answers) or '(none)')}</td>"
        f"<td>{escape(a.quotes[0].text if a.quotes else '(not answered)')}</td></tr>"
        for q, a in zip(questions, answers, strict=True)
        if _missed(q, a)
    )
    return (
        f"<!doctype html><meta charset=utf-8><title>Yinju run</title><style>{STYLE}</style>"
        f"<h1>{metrics['questions']} questions</h1><table>{figures}</table>"
        f"<h2>Missed</h2><table><tr><th>id<th>question<th>gold<th>quoted</tr>{missed}</table>\n"
    )


def _missed(question: Question, answer: Answer) -> bool:
    if not question.answerable:
        return answer.answered
    return bool(question.answers) and not (answer.quotes and holds(answer.quotes[0].text, question.answers))
