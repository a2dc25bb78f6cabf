"""A run as one page that stands alone: figures, charts, slices, and every question with why it hit or missed.

It asks nothing of the network, opens from disk, and prints. All that comes from documents and
questions is escaped.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from eval.charts import charts
from eval.metrics import GROUPS
from eval.writing import writing

# Rows that a browser still scrolls well; misses are shown before hits where there are more.
MOST_ROWS = 5000
# Passages listed of each question, and characters shown of a text.
FOUND, CHARACTERS = 3, 400
HEADLINE = (
    ("quotes.hit@1", "first quote right"), ("quotes.f1@1", "F1 of the marked answer"), ("retrieval.recall@1", "document found first"),
    ("retrieval.recall@10", "document among ten"), ("abstention.auroc", "AUROC of answering"), ("latency_ms.p50", "ms, median wait"),
)  # fmt: skip


def write_report(path: Path, metrics: Mapping[str, Any], table: Path, answers: Path) -> None:
    """The page of a run whose run.csv and answers.jsonl are written."""
    shown = _shown(table)
    with writing(path) as file:
        file.writelines(_head(metrics))
        file.write(_note(metrics["questions"], len(shown)))
        file.write("<table id=rows><thead><tr><th>id<th>question<th>gold<th>quoted<th>found<th>why</thead><tbody>\n")
        with table.open(encoding="utf8", newline="") as rows, answers.open("rb") as lines:
            for number, (row, line) in enumerate(zip(csv.DictReader(rows), lines, strict=True)):
                if number in shown:
                    file.write(_row(row, json.loads(line)))
        file.write(f"</tbody></table><script>{_asset('report.js')}</script>\n")


def summary(metrics: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(name, value, interval) of every figure, as the page and the command line show them."""
    for group in GROUPS:
        for key in metrics.get(group) or ():
            name = f"{group}.{key}"
            yield name, figure(metrics, name), interval_of(metrics, name)


def figure(metrics: Mapping[str, Any], name: str) -> str:
    """A figure (`quotes.hit@1`) as people read it; a dash where the run has none."""
    group, key = name.split(".", 1)
    return _number((metrics.get(group) or {}).get(key))


def interval_of(metrics: Mapping[str, Any], name: str) -> str:
    """Its 95% interval as people read it; nothing where it has none."""
    group, key = name.split(".", 1)
    waits = metrics.get("latency_intervals_ms", {}).get(f"total.{key}") if group == "latency_ms" else None
    return _between(waits or metrics["intervals"].get(name))


def _head(metrics: Mapping[str, Any]) -> Iterator[str]:
    yield "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    yield f"<title>Yinju run</title><style>{_asset('report.css')}</style><h1>{metrics['questions']:,} questions</h1><div class=cards>"
    for name, label in HEADLINE:
        group, key = name.split(".", 1)
        value = (metrics.get(group) or {}).get(key)
        if value is not None:
            yield f"<div><b>{_number(value)}</b><span>{escape(label)}</span><small>{interval_of(metrics, name)}</small></div>"
    yield "</div><div class=charts>"
    for title, svg in charts(metrics):
        yield f"<figure><figcaption>{escape(title)}</figcaption>{svg}</figure>"
    yield "</div><details open><summary>All figures</summary><table><tr><th>figure<th>value<th>95% interval</tr>"
    yield from (f"<tr><td>{escape(name)}<td class=n>{value}<td class=n>{between}</tr>" for name, value, between in summary(metrics))
    yield "</table></details>"
    for kind, slices in metrics.get("slices", {}).items():
        yield from _slices(kind, slices)
    yield "<details><summary>Settings</summary><table>"
    yield from (f"<tr><td>{escape(str(key))}<td>{escape(str(value))}</tr>" for key, value in metrics["settings"].items())
    yield "</table></details><h2>Questions</h2>"


def _slices(kind: str, slices: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield f"<details><summary>By {escape(kind)}</summary><table><tr><th>{escape(kind)}<th>questions<th>first quote right<th><th>F1<th>recall@1<th>answered</tr>"
    for name, each in slices.items():
        hit = each.get("quotes.hit@1")
        bar = "" if hit is None else f"<meter min=0 max=1 value={hit:.4f}></meter> {_between(each.get('intervals', {}).get('quotes.hit@1'))}"
        answered = each.get("abstention.answered_when_answerable", each.get("abstention.answered_when_not"))
        values = (_number(each.get(key)) for key in ("quotes.f1@1", "retrieval.recall@1"))
        yield f"<tr><td>{escape(name)}<td class=n>{each['questions']}<td class=n>{_number(hit)}<td>{bar}"
        yield "".join(f"<td class=n>{value}" for value in (*values, _number(answered))) + "</tr>"
    yield "</table></details>"


def _shown(table: Path) -> set[int]:
    """The numbers of the rows that the page shows: misses first, then hits, in their order."""
    with table.open(encoding="utf8", newline="") as rows:
        whys = [not each["why"].startswith("missed") for each in csv.DictReader(rows)]
    return set(sorted(range(len(whys)), key=lambda number: whys[number])[:MOST_ROWS])


def _note(questions: int, shown: int) -> str:
    rest = "" if shown == questions else f" The page shows {shown:,} of {questions:,}, those that were missed first; all are in run.csv."
    return (
        "<p class=find><input id=find type=search placeholder='Search questions, quotes, documents'> <select id=kind>"
        f"<option value=''>all<option value=missed>missed<option value=hit>hit</select> <span id=count></span>{rest}</p>\n"
    )


def _row(row: Mapping[str, str], answer: Mapping[str, Any]) -> str:
    quoted = "<br>".join(map(_quote, answer["quotes"])) or "<i>not answered</i>"
    found = "".join(f"<li>{escape(each['document'])} <small>{each['score']:.3f}</small>" for each in _first(answer["passages"]))
    kind = "missed" if row["why"].startswith("missed") else "hit" if row["why"].startswith("hit") else ""
    return (
        f"<tr class='{kind}'><td>{escape(answer['id'])}<td>{escape(answer['question'])}<td>{escape(row['gold'] or '—')}"
        f"<td>{quoted}<td><ol>{found}</ol><td>{escape(row['why'])} <small>({answer['confidence']:.2f})</small></tr>\n"
    )


def _quote(quote: Mapping[str, Any]) -> str:
    text, words = quote["text"], quote["answer"]
    place = f"<small>— {escape(quote['document'])}, {quote['start']}–{quote['end']}</small>"
    if not words:
        return f"{escape(text[:CHARACTERS])} {place}"
    start, end = words["start"] - quote["start"], words["end"] - quote["start"]
    before, after = text[max(0, start - CHARACTERS) : start], text[end : end + CHARACTERS]
    return f"{escape(before)}<mark>{escape(text[start:end])}</mark>{escape(after)} {place}"


def _first(passages: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return list(passages)[:FOUND]


def _number(value: float | None) -> str:
    if value is None:
        return "—"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}" if abs(value) >= 10 else f"{value:.3f}"


def _between(interval: Any) -> str:
    return f"{_number(interval[0])} – {_number(interval[1])}" if interval else ""


def _asset(name: str) -> str:
    return files("eval").joinpath(name).read_text("utf8")
