"""One run of a question set: asked, measured, and written down."""

import csv
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from typing import Any

from corpus import YinjuError
from corpus.store import Store
from corpus.to_disk import make_folder, to_disk
from eval import asking
from eval.asking import DEPTH
from eval.kept import BLOCK, KeptAnswers
from eval.metrics import MEANS, Table, latency, measure
from eval.outcome import Outcome, outcomes
from eval.question import Question, QuestionSet
from eval.questions import read_questions
from eval.ranking import by_document, trec_lines
from eval.report import write_report
from eval.slices import Facts, library_facts, slices_of
from eval.writing import alone, disk_explained, writing
from rag import Assistant

Progress = Callable[[int, int, str], None]
METRICS, ANSWERS, TREC, TABLE, REPORT = "metrics.json", "answers.jsonl", "run.trec", "run.csv", "report.html"
# Answers held in memory while they are measured.
AT_ONCE = 256
# Cells that a spreadsheet would run as a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Run:
    """A finished run: its folder and the content of its metrics.json. A notebook shows its report."""

    folder: Path
    metrics: Mapping[str, Any]

    def _repr_html_(self) -> str:
        from html import escape

        page = (self.folder / REPORT).read_text("utf8")
        return f'<iframe style="width:100%;height:40em;border:0" sandbox="allow-scripts" srcdoc="{escape(page)}"></iframe>'


def silent(done: int, total: int, label: str) -> None:
    """A progress that shows nothing."""


def run(
    questions: str | Path | QuestionSet,
    library: str | Path | Assistant,
    output: str | Path,
    *,
    said: Mapping[str, object] | None = None,
    progress: Progress = silent,
    processes: int = 1,
    overwrite: bool = False,
) -> Run:
    """Ask every question, and write metrics.json, answers.jsonl, run.trec, run.csv and report.html to `output`.

    A run that was stopped goes on, also one that was to `overwrite` another: what is answered is not asked again. `said` is written among the
    settings beside what the run says of itself. With several `processes` the answers are the same.

    Raises QuestionError where the questions cannot be read; YinjuError where the folder holds a run of
    other questions, library or settings (unless `overwrite`) or cannot be written, or the library is changed meanwhile.
    """
    asked = questions if isinstance(questions, QuestionSet) else read_questions(Path(questions))
    with ExitStack() as stack:
        assistant = library if isinstance(library, Assistant) else stack.enter_context(Assistant.open(library))
        folder = Path(output)
        generation = assistant.library.generation
        identity = identity_of(asked, assistant)
        require_writable(folder)
        stack.enter_context(disk_explained(folder))
        stack.enter_context(alone(folder))
        # Only who writes here alone may say what of an earlier run goes.
        if not overwrite:
            require_free(folder, identity)
        kept = KeptAnswers(folder, identity, overwrite)
        stack.enter_context(_removed_where_empty(kept))

        def require_unchanged() -> None:
            if assistant.library.generation != generation:
                # Answers of a library that is no more would bar the folder to the same command.
                if identity_of(asked, assistant) != identity:
                    kept.remove()
                raise YinjuError(
                    f"{assistant.library.address} was changed while it was asked, so that no figures are of it; run the same command "
                    "again when nothing is written into it"
                )

        began = time.perf_counter()
        _ask(assistant, asked.questions, kept, processes, progress, require_unchanged)
        seconds = time.perf_counter() - began
        waits = list(asking.timings(assistant, asked.questions))
        facts = library_facts(assistant.library)
        require_unchanged()
        table = _write_answers(folder, asked.questions, kept, facts)
        metrics = measure(table) | latency(waits) | {"cost": _cost(assistant.library, seconds)}
        metrics["settings"] = dict(said or {}) | identity
        write_report(folder / REPORT, metrics, folder / TABLE, folder / ANSWERS)
        require_unchanged()
        with writing(folder / METRICS) as file:
            file.write(json.dumps(metrics, ensure_ascii=False, indent=2) + "\n")
        # The answers that were kept go only when what was made of them cannot be lost.
        to_disk(folder)
        kept.remove()
    return Run(folder, metrics)


def identity_of(asked: QuestionSet, assistant: Assistant) -> dict[str, Any]:
    """What makes two runs the same: the questions, the passages, the model, the settings."""
    library = assistant.library
    ids = library.passage_ids()
    try:
        release = version("yinju")
    except PackageNotFoundError:  # run from a checkout that is not installed
        release = "0"
    return {
        "question_set": asked.digest(),
        # A passage's id is made of its document, place and words.
        "passage_set": blake2b(ids.tobytes(), digest_size=12).hexdigest(),
        "model": library.model,
        "reader": type(assistant.reader).__name__,
        **asdict(assistant.settings),
        "depth": DEPTH,
        "block": BLOCK,
        "yinju": release,
    }


def require_writable(folder: Path) -> None:
    """Make the folder where it is not there. Raises YinjuError where that, or writing into it, cannot be done."""
    try:
        make_folder(folder)
        probe = folder / f".probe.{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as reason:
        raise YinjuError(f"{folder} cannot be written ({reason.strerror}); choose another folder with --output") from None


def require_free(folder: Path, identity: Mapping[str, Any]) -> None:
    """Raises YinjuError where the folder holds a finished run that differs in any of these, or cannot be read."""
    try:
        before = json.loads((folder / METRICS).read_text("utf8"))["settings"]
        differs = [key for key, value in identity.items() if before.get(key) != value]
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as reason:
        raise YinjuError(f"{folder / METRICS} cannot be read ({reason.strerror}); choose another folder with --output") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        differs = ["what wrote it"]
    if differs:
        raise YinjuError(
            f"{folder} holds a finished run of other settings ({', '.join(differs)}); choose another folder with "
            "--output, or replace it with --overwrite"
        )


@contextmanager
def _removed_where_empty(kept: KeptAnswers) -> Iterator[None]:
    """A run that ends with an error before anything is answered bars its folder to no other."""
    try:
        yield
    except YinjuError:
        if not kept.blocks:
            kept.remove()
        raise


def _ask(
    assistant: Assistant, questions: Sequence[Question], kept: KeptAnswers, processes: int, progress: Progress, check: Callable[[], None]
) -> None:
    """Answer what is not kept yet; `check` raises where a block must not be."""
    done = min(kept.blocks * BLOCK, len(questions))
    label = f"{done} answered before" if done else ""
    progress(done, len(questions), label)
    for block in asking.answers(assistant, asking.blocks(questions, kept.blocks), processes):
        check()
        kept.append(block)
        done += len(block)
        progress(done, len(questions), label)


def _write_answers(folder: Path, questions: Sequence[Question], kept: Iterable[dict[str, Any]], facts: Facts) -> Table:
    """answers.jsonl, run.trec and run.csv, answer by answer; and the outcomes as a table of numbers."""
    table = Table()
    with writing(folder / ANSWERS) as lines, writing(folder / TREC) as trec, writing(folder / TABLE) as rows:
        sheet = csv.writer(rows, lineterminator="\n")
        sheet.writerow(_COLUMNS)
        pairs = zip(questions, kept, strict=True)
        while some := list(islice(pairs, AT_ONCE)):
            for (question, answer), outcome in zip(some, outcomes(some), strict=True):
                table.add(outcome, slices_of(question, facts))
                trec.write(trec_lines(question, by_document(answer.pop("ranked"))))
                sheet.writerow(_row(outcome, answer))
                if not answer["answered"]:
                    answer["quotes"] = []
                lines.write(json.dumps(answer, ensure_ascii=False) + "\n")
        # Figures of an earlier run beside the answers of this one would pass as one run.
        (folder / METRICS).unlink(missing_ok=True)
        to_disk(folder)
    return table


_COLUMNS = ("id", "question", "lang", "answerable", "gold", "answered", "confidence", "quote", "answer", "document", "why", *MEANS)


def _row(outcome: Outcome, answer: Mapping[str, Any]) -> list[object]:
    q = outcome.question
    first = answer["quotes"][0] if answer["answered"] else None
    words = first["answer"]["text"] if first and first["answer"] else ""
    texts = (" | ".join(q.answers), first["text"] if first else "", words, first["document"] if first else "")
    gold, quote, marked, document = map(_cell, texts)
    return [
        _cell(q.id), _cell(q.question), q.lang or "", int(q.answerable), gold, int(outcome.answered), outcome.confidence,
        quote, marked, document, outcome.why, *(_number(outcome.values.get(name)) for name in MEANS),
    ]  # fmt: skip


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _cost(library: Store, seconds: float) -> dict[str, float]:
    # Linux counts kilobytes, macOS bytes.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return {
        "documents": library.document_count(),
        "passages": library.passage_count(),
        "library_mb": round((library.size() or 0) / 1e6, 3),
        "peak_memory_mb": round(peak, 1),
        "seconds": round(seconds, 2),
    }
