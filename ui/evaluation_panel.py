"""Question sets asked of the library in the page: run, stopped, read as a report, held against an earlier run.

A run is a folder of LIBRARY/runs, as `yinju eval` writes it; a stopped one goes on where it was.
"""

import csv
import json
from collections.abc import Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from threading import Event
from typing import Any

import gradio as gr

from corpus import YinjuError
from eval import Run, compare, run
from eval.report import figure, interval_of, summary
from eval.run import METRICS, TABLE
from rag import Assistant
from ui.chat import taken
from ui.export import file_name
from ui.labels import Label, labelled
from ui.render import problem_html
from ui.scripts import TRY_SCRIPT
from ui.wording import Words, said

WORDS: Words = {
    "evaluation": ("评测", "Evaluation"),
    "set": ("问题集：jsonl、csv、tsv、xlsx、json（SQuAD 式）", "A question set: jsonl, csv, tsv, xlsx, json (as SQuAD's)"),
    "run": ("开始评测", "Run"),
    "stop": ("停止", "Stop"),
    "asking": ("正在提问", "Asking"),
    "stopped": ("已停止；再次运行同一问题集会接着做", "Stopped; the same set goes on where it was"),
    "runs": ("已有的评测", "Runs"),
    "against": ("与之比较", "Compare with"),
    "measure": ("指标", "measure"),
    "value": ("数值", "value"),
    "interval": ("95% 区间", "95% interval"),
    "before": ("之前", "before"),
    "after": ("之后", "after"),
    "change": ("变化", "change"),
    "sure": ("p（Holm）", "p (Holm)"),
    "missed": ("没答对的问题（点一下放进提问框）", "Missed questions (press one to put it into the box)"),
    "report": ("报告", "Report"),
    "none": ("先选一个问题集", "Choose a question set first"),
}
RUNS = "runs"
# Missed questions that are listed.
LISTED = 100


class _Stopped(Exception):
    """The reader has pressed Stop."""


def evaluation_panel(assistant: Assistant, language: gr.State, question: gr.Textbox) -> tuple[Label, ...]:
    """Build the panel inside the page, and give its labels; a missed question that is pressed goes into `question`."""
    folder = assistant.library.folder / RUNS
    stops: dict[str, Event] = {}
    with gr.Accordion(said(WORDS, "evaluation", "zh"), open=False, elem_id="yinju-evaluation") as whole:
        given = gr.File(label=said(WORDS, "set", "zh"), file_types=[".jsonl", ".csv", ".tsv", ".xlsx", ".json"], height=110, elem_id="yinju-set")
        with gr.Row():
            begin = gr.Button(said(WORDS, "run", "zh"), variant="primary", elem_id="yinju-run")
            stop = gr.Button(said(WORDS, "stop", "zh"), elem_id="yinju-stop")
        with gr.Row():
            runs = gr.Dropdown(runs_in(folder), value=None, label=said(WORDS, "runs", "zh"), elem_id="yinju-runs")
            against = gr.Dropdown(runs_in(folder), value=None, label=said(WORDS, "against", "zh"), elem_id="yinju-against")
        told = gr.HTML(js_on_load=TRY_SCRIPT, elem_id="yinju-evaluated")
    # The two names that were last chosen or run. A list of choices tells of its input a second time when it loses the
    # focus; what has taken the place of the figures by then must stay.
    chosen = gr.State((None, None))

    def start(file: str | None, other: str | None, code: str, request: gr.Request, progress: Any = gr.Progress()) -> tuple[Any, ...]:  # noqa: B008
        if not file:
            return unrun(problem_html(said(WORDS, "none", code)), other)
        session = str(request.session_hash)
        stopped = stops[session] = Event()

        def tell(done: int, total: int, label: str) -> None:
            if stopped.is_set():
                raise _Stopped
            progress((done, total), desc=said(WORDS, "asking", code))

        name = file_name(Path(file).stem, "run").removesuffix(".run")
        try:
            found = run(Path(file), assistant, folder / f"{name}-{datetime.now():%Y-%m-%d}", progress=tell)
        except _Stopped:
            return unrun(f'<p class="yinju-hint">{said(WORDS, "stopped", code)}</p>', other)
        except YinjuError as error:
            return unrun(problem_html(str(error)), other)
        finally:
            stops.pop(session, None)
        names = runs_in(folder)
        name = found.folder.name
        return run_html(found, code), gr.update(choices=names, value=name), gr.update(choices=names), (name, other)

    def unrun(instead: str, other: str | None) -> tuple[Any, ...]:
        return instead, gr.update(value=None), gr.update(), (None, other)

    def halt(request: gr.Request) -> None:
        if (event := stops.get(str(request.session_hash))) is not None:
            event.set()

    def show(name: str | None, other: str | None, code: str, before: tuple[str | None, str | None]) -> tuple[Any, ...]:
        if (name, other) == tuple(before):
            return gr.skip(), gr.skip()
        return figures(name, other, code), (name, other)

    def figures(name: str | None, other: str | None, code: str) -> str:
        # What comes from a browser may be any name.
        name, other = (each if each in runs_in(folder) else None for each in (name, other))
        try:
            if name and other and name != other:
                return comparison_html(folder / other, folder / name, code)
            return run_html(opened(folder / name), code) if name else ""
        except YinjuError as error:
            return problem_html(str(error))

    quietly: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    begin.click(start, [given, against, language], [told, runs, against, chosen], api_visibility="private", concurrency_limit=1)
    stop.click(halt, None, None, queue=False, **quietly)
    gr.on([runs.input, against.input], show, [runs, against, language, chosen], [told, chosen], **quietly)
    told.click(taken, None, question, **quietly)
    return (
        labelled(whole, WORDS, label="evaluation"), labelled(given, WORDS, label="set"), labelled(begin, WORDS, value="run"),
        labelled(stop, WORDS, value="stop"), labelled(runs, WORDS, label="runs"), labelled(against, WORDS, label="against"),
    )  # fmt: skip


def runs_in(folder: Path) -> list[str]:
    """The finished runs, newest first."""
    found = [each.parent for each in folder.glob(f"*/{METRICS}")] if folder.is_dir() else []
    return [each.name for each in sorted(found, key=lambda each: each.stat().st_mtime, reverse=True)]


def opened(folder: Path) -> Run:
    """A run that is there. Raises YinjuError where it is gone or damaged."""
    try:
        return Run(folder, json.loads((folder / METRICS).read_text("utf8")))
    except (OSError, ValueError):
        raise YinjuError(f"the run {folder.name} cannot be read; run its questions again") from None


def run_html(found: Run, code: str) -> str:
    """A run's figures, the questions that it missed, and its whole report."""
    rows = [[name, figure(found.metrics, name), interval_of(found.metrics, name)] for name, _, _ in summary(found.metrics)]
    table = _table([said(WORDS, each, code) for each in ("measure", "value", "interval")], rows)
    missed = "".join(
        f'<li><button class="yinju-do" dir="auto" data-question="{escape(each, quote=True)}">{escape(each)}</button></li>' for each in missed_in(found)
    )
    report = f"<details><summary>{said(WORDS, 'report', code)}</summary>{found._repr_html_()}</details>"
    return f'{table}<details><summary>{said(WORDS, "missed", code)}</summary><ul class="yinju-list">{missed}</ul></details>{report}'


def missed_in(found: Run) -> list[str]:
    """Questions whose first quote does not hold the answer, or that were answered though nothing does."""
    with (found.folder / TABLE).open(encoding="utf8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row.get("quotes.hit@1") == "0" or row.get("abstention.answered_when_not") == "1"]
    return [row["question"] for row in rows[:LISTED]]


def comparison_html(before: Path, after: Path, code: str) -> str:
    """What changed between two runs of the same questions, measure by measure. Raises YinjuError where they cannot be compared."""
    measures = compare([before, after])[0].measures
    rows = [[name, f"{each.before:.3f}", f"{each.after:.3f}", f"{each.delta:+.3f}", f"{each.p_holm:.4f}"] for name, each in measures.items()]
    return _table([said(WORDS, each, code) for each in ("measure", "before", "after", "change", "sure")], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    cells = "".join(f"<tr>{''.join(f'<td>{escape(each)}</td>' for each in row)}</tr>" for row in rows)
    return f'<div class="yinju-table" tabindex="0"><table><thead><tr>{"".join(f"<th>{escape(each)}</th>" for each in head)}</tr></thead><tbody>{cells}</tbody></table></div>'
