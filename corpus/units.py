"""Printed pages back to running text: lines cut by a column or a page joined, what fell between set apart.

A paragraph that is open at a line's end goes on in the next line, or in one a few lines further on
when what lies between (a headline, a caption, a byline, a page number) can stand alone. Which it is,
is weighed line by line: by the characters on both sides of the cut, the column's width and indents,
brackets left open, and what is passed over.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from corpus.lines import COMMAS, LIST_ITEM, STOPS, Line, columns
from corpus.stray import DATELINE
from corpus.wrap import Column, bond, columns_of

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
# What a line of a column weighs in the next, as a rule.
USUAL = 3.0
PLAIN = 4.5
NEVER = 99.0
# What it takes that a line without a stop is a paragraph's beginning and no heading.
CUT_SHORT, AT_FOOT = 3.6, 1.0
STRAY_COLUMNS = 120
# Characters alone never weigh more than this against the set of a column.
FEW = 5.0
# What it weighs that an open line goes on nowhere.
BROKEN_OFF = -3.0
# Nobody's paragraph: longer ones are not weighed against what they might go on in.
BODY_COLUMNS = 100
BODY_CHARACTERS = 400
# Shorter lines than this many columns, with no stop, are never joined outside a column of lines.
SHORTEST = 24
BRACKETED = re.compile(r"[（(][^）)]{0,40}[）)]")
PAIRS = {"“": "”", "「": "」", "『": "』", "（": "）", "《": "》", "(": ")"}
CLOSING = {closing: opening for opening, closing in PAIRS.items()}


@dataclass(frozen=True)
class Unit:
    """Lines (by number) that are one paragraph or one stray line; `displaced` ones stood inside another unit."""

    kind: str
    members: tuple[int, ...]
    displaced: bool = False


def units(lines: Sequence[Line]) -> list[Unit]:
    """The lines as paragraphs, headings, captions, bylines and furniture, what fell inside a paragraph right after it."""
    return _group(_Flow(lines, columns_of(lines)), list(range(len(lines))), displaced=False)


def _group(flow: "_Flow", order: list[int], displaced: bool) -> list[Unit]:
    lines = flow.lines
    found: list[Unit] = []
    position = 0
    while position < len(order):
        members = [order[position]]
        passed: list[int] = []
        place = position
        if lines[members[0]].kind != "furniture":
            while (following := _next(flow, members, order, place)) is not None:
                passed += order[place + 1 : following]
                members.append(order[following])
                place = following
        found.append(Unit(_unit_kind(lines, members), tuple(members), displaced))
        found += _group(flow, passed, displaced=True)
        position = place + 1
    return found


def _unit_kind(lines: Sequence[Line], members: list[int]) -> str:
    kinds = [lines[each].kind for each in members]
    if kinds[0] in ("furniture", "byline", "caption"):
        return kinds[0]
    if len(members) <= 2 and kinds[-1] == "caption" and not is_body(lines, members):
        return "caption"
    if kinds[0] == "list":
        return "list"
    return "text"


def is_body(lines: Sequence[Line], members: Sequence[int]) -> bool:
    """Whether the lines read as running text and not as a heading: a stop inside, commas, or sheer length."""
    text = LIST_ITEM.sub("", BRACKETED.sub("", "".join(lines[each].text for each in members[:8])[:BODY_CHARACTERS]), count=1)
    width = columns(text)
    if DATELINE.match(text):
        return True
    return bool(STOPS.search(text[:-1])) or (commas_of(text) >= 2 and width > 30) or width > BODY_COLUMNS


def commas_of(text: str) -> int:
    return len(COMMAS.findall(BRACKETED.sub("", text)))


class _Flow:
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


def _next(flow: _Flow, members: list[int], order: list[int], place: int) -> int | None:
    """The place in `order` of the line that the paragraph goes on in, or None where it ends."""
    lines = flow.lines
    tail, column = lines[members[-1]], flow.columns[members[-1]]
    if lines[members[0]].kind == "byline" or place + 1 >= len(order) or "\t" in tail.text:
        return None
    if lines[members[0]].kind == "caption" and order[place + 1] in flow.captions:
        return place + 1
    if tail.closed:
        return place + 1 if _closed_goes_on(flow, members[-1], order[place + 1]) else None
    if lines[members[0]].kind == "caption" and (column is None or (tail.kind == "caption" and len(members) > 1)):
        return None
    if flow.plain(members[-1], order[place + 1]):
        return place + 1
    open_text = "".join(lines[each].text[-400:] for each in members[-12:])
    horizon = place + LOOK if column is not None else place
    best: tuple[float, float, int] | None = None
    for step, weight in flow.steps(order, place):
        value = weight + _brackets(open_text, lines[order[step]].text)
        total = value + flow.ahead(order, step, horizon)
        if best is None or total > best[0]:
            best = (total, value, step)
    if best is None:
        return None
    _, value, step = best
    head = lines[order[step]]
    over = any(lines[each].kind in ("text", "list") for each in order[place + 1 : step])
    full = column is not None and column.holds(tail, lines[members[-1] + 1])
    if is_body(lines, members) or (column is not None and len(members) > 2):
        needed = -4.0 if full or not over else -1.0
        heading = head.heading and not is_body(lines, [order[step]])
        if column is None and step == place + 1 and (heading or head.kind == "list"):
            needed = 0.5
    elif full and step == place + 1:
        needed = -2.0
    elif column is None:
        # Only what belongs to the page stands between: its foot is no place for a heading.
        needed = (CUT_SHORT if over or step == place + 1 else AT_FOOT) if _may_be_cut_short(tail, head) else NEVER
    elif over:
        needed = NEVER
    else:
        # At the foot of a page a paragraph's beginning is likelier than a heading.
        needed = 0.0 if tail.indented or len(members) > 1 or step > place + 1 else 3.0
    return step if value >= needed else None


def _may_be_cut_short(tail: Line, head: Line) -> bool:
    """Whether a line too short to be told from a heading may be a paragraph's beginning all the same."""
    return head.after_blank and tail.width >= SHORTEST and not head.heading and is_letters(tail.text)


def is_letters(text: str) -> bool:
    """Whether a text is words for the most part, not figures, marks or code."""
    return sum(each.isalpha() for each in text) * 3 >= len(text) * 2


def _closed_goes_on(flow: _Flow, number: int, following: int) -> bool:
    """Whether a paragraph goes on after a line that ends as a sentence does: the line must be full."""
    tail, head, column = flow.lines[number], flow.lines[following], flow.columns[number]
    if column is None or not column.holds(tail, head) or head.indented or head.kind != "text":
        return False
    if (head.after_blank and not tail.after_blank) or DATELINE.match(head.text):
        return False
    return head.closed or following + 1 == len(flow.lines) or flow.fills(following)


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


def _brackets(before: str, after: str) -> float:
    """Evidence of brackets and quotation marks: one left open is closed in what goes on."""
    depth: list[str] = []
    for each in before[-400:]:
        if each in PAIRS:
            depth.append(each)
        elif each in CLOSING and depth and depth[-1] == CLOSING[each]:
            depth.pop()
    for each in after[:120]:
        if each in PAIRS:
            return 0.0
        if each in CLOSING:
            return 3.0 if depth and depth[-1] == CLOSING[each] else -2.0
    return 0.0
