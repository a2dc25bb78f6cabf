"""Answers and progress for a terminal."""

import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rag.answer import Answer


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[int, int, str], None]]:
    """A bar on standard error with time left; where that is no terminal, nothing."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=None)

        def progress(done: int, total: int, name: str) -> None:
            bar.update(task, completed=done, total=total, description=name)

        yield progress


def print_answer(answer: Answer) -> None:
    """Quotes with their answering words between marks, or the nearest passages and that they are no answer."""
    bold = ("\033[1m", "\033[0m") if sys.stdout.isatty() else ("【", "】")
    if not answer.answered:
        print(f"Not in these documents 文中没有答案 (confidence {answer.confidence:.2f}). The nearest passages:\n")
        for passage in answer.passages[:3]:
            print(textwrap.indent(textwrap.shorten(passage.text, 240, placeholder=" …"), "  "))
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
