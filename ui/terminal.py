"""Answers and progress for a terminal."""

import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.answer import Answer

# Seconds between two lines of progress where standard error is a file or a pipe.
LINE_EVERY = 10.0


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[int, int, str], None]]:
    """A bar on standard error with time left; where that is no terminal, a line every ten seconds."""
    if not sys.stderr.isatty():
        yield _lines(label)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn(label), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), TextColumn("{task.description}", markup=False),
    )  # fmt: skip
    # Embedding is slow and uneven: the time left is told by the last two minutes.
    with Progress(*columns, console=Console(stderr=True), transient=True, speed_estimate_period=120) as bar:
        task = bar.add_task("", total=None)

        def progress(done: int, total: int, name: str) -> None:
            bar.update(task, completed=done, total=total, description=name)

        yield progress


def _lines(label: str) -> Callable[[int, int, str], None]:
    began = last = time.monotonic()

    def progress(done: int, total: int, name: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < LINE_EVERY or not total:
            return
        last = now
        left = f"{_duration((now - began) * (total - done) / done)} left" if done else ""
        told = ", ".join(each for each in (name, left) if each)
        print(f"{label} {done * 100 // total}%" + (f": {told}" if told else ""), file=sys.stderr, flush=True)

    return progress


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def print_answer(answer: "Answer") -> None:
    """Quotes with their answering words between marks, or the nearest passages and that they are no answer."""
    if answer.understood:
        print(f"接着上文理解 Understood as: {answer.understood}\n")
    bold = ("\033[1m", "\033[0m") if sys.stdout.isatty() else ("【", "】")
    if not answer.passages:
        print("No document fulfils the condition 没有符合条件的文档")
        return
    if not answer.answered:
        print(f"Not in these documents 文中没有答案 (confidence {answer.confidence:.2f}). The nearest passages:\n")
        for passage in answer.passages[:3]:
            print(textwrap.indent(_shortened(passage.text), "  "))
            print(f"  — {passage.document}, {passage.start}–{passage.end}\n")
        return
    for quote in answer.quotes:
        text = quote.text
        if quote.answer_start is not None and quote.answer_end is not None:
            start, end = quote.answer_start - quote.start, quote.answer_end - quote.start
            text = text[:start] + bold[0] + text[start:end] + bold[1] + text[end:]
        page = f", page {quote.page}" if quote.page else ""
        print(textwrap.indent(text, "  "))
        print(f"  — {quote.title}, {quote.document}{page}, {quote.start}–{quote.end}\n")
    print(f"confidence {answer.confidence:.2f}, {answer.timings['total']:.0f} ms")


def _shortened(text: str, longest: int = 240) -> str:
    """The beginning of a text on one line; textwrap.shorten leaves nothing of a text without spaces."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[:longest].rstrip()} …"
