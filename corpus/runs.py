"""Runs: where each stretch of a changed text stood in the text it was made from."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from corpus.document import Run
from corpus.one_line import LINE_ENDS


def composed(outer: Sequence[Run], inner: Sequence[Run]) -> tuple[Run, ...]:
    """Runs from the last text straight to the first: `outer` points into a text that `inner` points on from."""
    starts = [each.start for each in inner]
    found = []
    for run in outer:
        end = run.original + run.length
        number = max(bisect_right(starts, run.original) - 1, 0)
        while number < len(inner) and inner[number].start < end:
            here = inner[number]
            first, last = max(run.original, here.start), min(end, here.start + here.length)
            if first < last:
                found.append(Run(run.start + first - run.original, here.original + first - here.start, last - first))
            number += 1
    return merged(found)


def merged(runs: Iterable[Run]) -> tuple[Run, ...]:
    """The same runs, those that touch in both texts made one."""
    found: list[Run] = []
    for run in runs:
        last = found[-1] if found else None
        if last and last.start + last.length == run.start and last.original + last.length == run.original:
            found[-1] = Run(last.start, last.original, last.length + run.length)
        elif run.length:
            found.append(run)
    return tuple(found)


def stands_there(text: str, source: str, run: Run) -> bool:
    """Whether the text of a run is what its source has there: whatever ends a line in the file, in the text it is a line feed."""
    words = text[run.start : run.start + run.length]
    return len(words) == run.length and words == LINE_ENDS.sub("\n", source[run.original : run.original + run.length])
