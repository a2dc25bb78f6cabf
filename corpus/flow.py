"""How one line of a page goes on in another, weighed by the characters, the column and what is passed over.

The weights are log-odds set by hand on the `tune` part of bench.pages; those of the characters alone
are learned (corpus/continuation.py).
"""

import re
from collections.abc import Iterator, Sequence

from corpus.lines import COMMAS, STOPS, Line
from corpus.stray import DATELINE
from corpus.wrap import Column, bond

# A continuation is looked for this many lines further on.
LOOK = 7
CAPTION_LINES = 5
# What it costs to pass over a line of each kind, and over any at all.
PASSED = {"furniture": 0.0, "caption": 0.2, "byline": 0.2, "text": 0.7, "list": 1.5}
PASSING = 0.3
# Few of the lines that fill their column are anything but text.
PASSED_FULL = 3.0
# A whole sentence between the halves is a caption, or nothing that belongs there.
PASSED_CLOSED = 2.5
STRAY_COLUMNS = 120
# What a line of a column weighs in the next, as a rule; and where no other need be weighed.
USUAL = 3.0
PLAIN = 4.5
# Characters alone never weigh more than this against the set of a column.
FEW = 5.0
# What it weighs that an open line goes on nowhere.
BROKEN_OFF = -3.0
BRACKETED = re.compile(r"[（(][^）)]{0,40}[）)]")


class Flow:
    """How one line goes on in another, weighed once for each pair."""

    def __init__(self, lines: Sequence[Line], columns: Sequence[Column | None]) -> None:
        self.lines = lines
        self.columns = columns
        self.captions = _further_lines_of_captions(lines, columns)
        self._weighed: dict[tuple[int, int, bool], float] = {}

    def weight(self, number: int, following: int, beside: bool) -> float:
        """Log-odds that the open line `number` goes on in line `following`, by itself."""
        key = (number, following, beside)
        if key not in self._weighed:
            self._weighed[key] = self._weight(*key)
        return self._weighed[key]

    def _weight(self, number: int, following: int, beside: bool) -> float:
        tail, head, column = self.lines[number], self.lines[following], self.columns[number]
        value = bond(tail.text, head.text)
        if head.kind in ("caption", "byline"):
            value -= 3
        if column is None:
            return value
        value = max(-FEW, min(FEW, value))
        if head.indented and not tail.indented:
            value -= 8 if column.indents else 2
        elif tail.indented and not head.indented:
            value += 2
        elif column.indents:
            value += 1
        if beside:
            full = column.holds(tail, head)
            value += (3 if not head.after_blank else 0) if full else -1.5
        if not head.closed:
            # An open line that is text itself is full.
            if head.width > column.width + 2:
                value -= 4
            elif not self.fills(following) and head.width >= 12:
                value -= 2
            if head.after_blank and self._stands_alone(following):
                value -= 2
        return value

    def fills(self, number: int) -> bool:
        column = self.columns[number]
        return column is not None and number + 1 < len(self.lines) and column.holds(self.lines[number], self.lines[number + 1])

    def steps(self, order: Sequence[int], place: int) -> Iterator[tuple[int, float]]:
        """The places that the line at `place` may go on at, each with its weight less what is passed over."""
        cost = 0.0
        apart = 0  # lines passed over since the last blank line
        for ahead in range(place + 1, min(place + 1 + LOOK, len(order))):
            number = order[ahead]
            here = self.lines[number]
            apart = 0 if here.after_blank else apart
            if number in self.captions:
                continue
            if here.kind != "furniture" and "\t" not in here.text:
                yield ahead, self.weight(order[place], number, ahead == place + 1) - cost - apart * PASSED_FULL
            if not _may_stand_between(here) or (here.closed and not self._stands_alone(number)):
                return
            if here.indented and here.kind == "text" and self._indents(number):
                return
            cost += self._passed(number) + (PASSING if cost == 0 else 0)
            if here.kind == "text" and self.columns[number] is not None:
                apart += 1

    def _stands_alone(self, number: int) -> bool:
        """Whether a line that ends as a sentence does may be none of the column's: blank lines are around it."""
        if self.columns[number] is None or self.lines[number].kind != "text":
            return True
        return self.lines[number].after_blank and (number + 1 == len(self.lines) or self.lines[number + 1].after_blank)

    def _passed(self, number: int) -> float:
        """What it costs to pass over a line."""
        here = self.lines[number]
        if here.kind in ("furniture", "caption", "byline"):
            return PASSED[here.kind]
        cost = PASSED_CLOSED if here.closed else PASSED["text" if here.heading else here.kind]
        if self.columns[number] is None:
            return cost
        return cost + (PASSED_FULL / 2 if here.after_blank and self.fills(number) else 0)

    def _indents(self, number: int) -> bool:
        column = self.columns[number]
        return column is not None and column.indents

    def plain(self, number: int, following: int) -> bool:
        """Whether a full line so plainly goes on in the next that no other need be weighed."""
        column, head = self.columns[number], self.lines[following]
        if column is None or head.after_blank or head.kind != "text" or not column.holds(self.lines[number], head):
            return False
        return (head.closed or self.fills(following)) and self.weight(number, following, True) > PLAIN

    def ahead(self, order: Sequence[int], place: int, horizon: int) -> float:
        """The weight of the best way on from `place` to `horizon`; after a sentence's end it is the usual."""
        if place >= horizon:
            return 0.0
        if self.lines[order[place]].closed:
            return USUAL * (horizon - place)
        ways = [value + self.ahead(order, step, horizon) for step, value in self.steps(order, place) if step <= horizon]
        return max([BROKEN_OFF, *ways])


def _further_lines_of_captions(lines: Sequence[Line], columns: Sequence[Column | None]) -> frozenset[int]:
    """The lines after a caption's first, where a column sets it apart by blank lines."""
    found: set[int] = set()
    for number, line in enumerate(lines):
        if line.kind == "caption" and line.after_blank and columns[number] is not None:
            after = range(number + 1, min(number + 1 + CAPTION_LINES, len(lines) + 1))
            end = next((each for each in after if each == len(lines) or lines[each].after_blank), number)
            found.update(range(number + 1, end))
    return frozenset(found)


def _may_stand_between(line: Line) -> bool:
    if line.kind in ("furniture", "caption", "byline"):
        return True
    return (
        line.width <= STRAY_COLUMNS
        and "\t" not in line.text
        and not STOPS.search(line.text[:-1])
        and not DATELINE.match(line.text)
        and commas_of(line.text) < 2
    )


def commas_of(text: str) -> int:
    return len(COMMAS.findall(BRACKETED.sub("", text)))
