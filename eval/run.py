"""One run of a question set: asked, measured, and written down."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from corpus import YinjuError
from eval.metrics import auroc, exact_match, f1, holds, retrieval
from eval.questions import Question, QuestionSet
from eval.report import report
from rag import Answer, Assistant, answer_to_json

# Passages fetched for a question: enough for ten documents of several passages each.
DEPTH = 50
Progress = Callable[[int, int, str], None]


def run(
    assistant: Assistant, asked: QuestionSet, output: Path, settings: Mapping[str, object], progress: Progress
) -> dict[str, Any]:
    """Ask every question, and write metrics.json, answers.jsonl, run.trec and report.html to `output`.

    Raises YinjuError where the folder cannot be written.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as reason:
        raise YinjuError(f"{output} cannot be written ({reason.strerror}); choose another folder with --output") from None
    answers = []
    for done, each in enumerate(asked.questions, 1):
        answers.append(assistant.ask(each.question, DEPTH))
        progress(done, len(asked.questions), "")
    metrics = measure(asked.questions, answers) | {"settings": dict(settings)}
    lines = [
        json.dumps({"id": each.id} | _shortened(answer_to_json(answer)), ensure_ascii=False)
        for each, answer in zip(asked.questions, answers, strict=True)
    ]
    _write(output / "answers.jsonl", "\n".join(lines) + "\n")
    _write(output / "run.trec", _trec(asked.questions, answers))
    _write(output / "report.html", report(metrics, asked.questions, answers))
    _write(output / "metrics.json", json.dumps(metrics, ensure_ascii=False, indent=2) + "\n")
    return metrics


def measure(questions: Sequence[Question], answers: Sequence[Answer]) -> dict[str, Any]:
    """The metrics of the contract; None where the set has nothing to measure one on."""
    pairs = list(zip(questions, answers, strict=True))
    placed = {q.id: q.documents for q, _ in pairs if q.answerable and q.documents}
    gold = [(q, a) for q, a in pairs if q.answerable and q.answers]
    firsts = [a.quotes[0] for _, a in pairs if a.quotes]
    marked = [(_marked(a), q.answers) for q, a in gold]
    totals = [a.timings["total"] for a in answers]
    return {
        "questions": len(pairs),
        "retrieval": retrieval(placed, {q.id: by_document(a) for q, a in pairs}),
        "quotes": {
            "hit@1": _mean([any(holds(each.text, q.answers) for each in a.quotes[:1]) for q, a in gold]),
            "hit@3": _mean([any(holds(each.text, q.answers) for each in a.quotes[:3]) for q, a in gold]),
            "exact@1": _mean([exact_match(*each) for each in marked]),
            "f1@1": _mean([f1(*each) for each in marked]),
            "mean_chars": _mean([len(each.text) for each in firsts]),
        },
        "abstention": {
            "auroc": auroc([a.confidence for a in answers], [q.answerable for q in questions]),
            "answered_when_answerable": _mean([a.answered for q, a in pairs if q.answerable]),
            "answered_when_not": _mean([a.answered for q, a in pairs if not q.answerable]),
        },
        "latency_ms": {
            "p50": float(np.percentile(totals, 50)) if totals else None,
            "p95": float(np.percentile(totals, 95)) if totals else None,
        },
    }


def by_document(answer: Answer) -> dict[str, float]:
    """The documents of an answer's passages, each with its best passage's score."""
    best: dict[str, float] = {}
    for each in answer.passages:
        best[each.document] = max(each.score, best.get(each.document, -1.0))
    return best


def _marked(answer: Answer) -> str:
    if not answer.quotes:
        return ""
    first = answer.quotes[0]
    if first.answer_start is None or first.answer_end is None:
        return ""
    return first.text[first.answer_start - first.start : first.answer_end - first.start]


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if len(values) else None


def _shortened(content: dict[str, Any]) -> dict[str, Any]:
    return content | {"passages": content["passages"][:10]}


def _trec(questions: Sequence[Question], answers: Sequence[Answer]) -> str:
    lines = []
    for question, answer in zip(questions, answers, strict=True):
        ranked = sorted(by_document(answer).items(), key=lambda each: -each[1])
        for rank, (name, score) in enumerate(ranked, 1):
            lines.append(f"{_column(question.id)} Q0 {_column(name)} {rank} {score:.6f} yinju\n")
    return "".join(lines)


def _column(name: str) -> str:
    """White space parts the columns of the format, so that alone (and the per cent sign) is encoded."""
    return "".join(quote(each) if each.isspace() or each == "%" else each for each in name)


def _write(path: Path, text: str) -> None:
    building = path.with_name(f".{path.name}.{os.getpid()}")
    building.write_bytes(text.encode("utf8", "backslashreplace"))
    os.replace(building, path)
