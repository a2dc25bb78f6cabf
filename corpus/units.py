"""Printed pages back to running text: lines cut by a column or a page joined, what fell between set apart.

A paragraph that is open at a line's end goes on in the next line, or in one a few lines further on
when what lies between (a headline, a caption, a byline, a page number) can stand alone. Which it is,
is weighed line by line: by the characters on both sides of the cut, the column's width and indents,
brackets left open, and what is passed over.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from corpus.lines import COMMAS, DATELINE, STOPS, Line, columns, is_heading
from corpus.wrap import Column, bond, columns_of

# A continuation is looked for this many lines further on.
LOOK = 7
# What it costs to pass over a line of each kind, and over any at all.
PASSED = {"furniture": 0.0, "caption": 0.2, "byline": 0.2, "text": 0.7, "list": 1.5}
PASSING = 0.3
# Few of the lines that fill their column are anything but text.
PASSED_FULL = 2.5
# Nobody's paragraph: longer ones are not weighed against what they might go on in.
BODY_COLUMNS = 100
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
    return _group(lines, columns_of(lines), list(range(len(lines))), displaced=False)


def _group(lines: Sequence[Line], settings: Sequence[Column | None], order: list[int], displaced: bool) -> list[Unit]:
    found: list[Unit] = []
    position = 0
    while position < len(order):
        members = [order[position]]
        passed: list[int] = []
        place = position
        if lines[members[0]].kind != "furniture":
            while (following := _next(lines, settings, members, order, place)) is not None:
                passed += order[place + 1 : following]
                members.append(order[following])
                place = following
        found.append(Unit(_unit_kind(lines, members), tuple(members), displaced))
        found += _group(lines, settings, passed, displaced=True)
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
    text = "".join(lines[each].text for each in members[:8])
    return bool(STOPS.search(text[:-1])) or len(COMMAS.findall(text)) >= 2 or columns(text) > BODY_COLUMNS


def _next(
    lines: Sequence[Line], settings: Sequence[Column | None], members: list[int], order: list[int], place: int
) -> int | None:
    """The place in `order` of the line that the paragraph goes on in, or None where it ends."""
    tail = lines[members[-1]]
    column = settings[members[-1]]
    if lines[members[0]].kind == "byline" or place + 1 >= len(order) or "\t" in tail.text:
        return None
    if tail.closed:
        return place + 1 if _closed_goes_on(lines, column, members[-1], order[place + 1]) else None
    if lines[members[0]].kind == "caption" and (column is None or (tail.kind == "caption" and len(members) > 1)):
        return None
    body = is_body(lines, members)
    best: tuple[float, int] | None = None
    cost = 0.0
    for ahead in range(place + 1, min(place + 1 + LOOK, len(order))):
        here = lines[order[ahead]]
        value = _score(lines, settings, members, order[ahead], ahead == place + 1) - cost
        if here.kind != "furniture" and "\t" not in here.text and (best is None or value > best[0]):
            best = (value, ahead)
        if not _may_stand_between(here, settings[order[ahead]]):
            break
        cost += PASSED[here.kind] + (PASSING if cost == 0 else 0)
        if here.kind == "text" and _fills(lines, settings[order[ahead]], order[ahead]):
            cost += PASSED_FULL
    if best is None:
        return None
    beside = best[1] == place + 1
    full = beside and column is not None and column.holds(tail, lines[order[best[1]]])
    needed = (-3.0 if full else -1.0 if beside else 0.0) if body else (0.0 if full else 3.0)
    return best[1] if best[0] >= needed else None


def _closed_goes_on(lines: Sequence[Line], column: Column | None, number: int, following: int) -> bool:
    """Whether a paragraph goes on after a line that ends as a sentence does: the line must be full."""
    tail, head = lines[number], lines[following]
    if column is None or not column.holds(tail, head) or head.indented or head.kind != "text":
        return False
    if (head.after_blank and not tail.after_blank) or DATELINE.match(head.text):
        return False
    odd = not head.closed and following + 1 < len(lines) and not column.holds(head, lines[following + 1])
    return not odd


def _may_stand_between(line: Line, column: Column | None) -> bool:
    if line.kind in ("furniture", "caption", "byline"):
        return True
    return is_heading(line.text) and not STOPS.search(line.text) and not DATELINE.match(line.text)


def _score(
    lines: Sequence[Line], settings: Sequence[Column | None], members: list[int], number: int, beside: bool
) -> float:
    """Log-odds that the paragraph goes on in line `number`."""
    tail, head = lines[members[-1]], lines[number]
    column = settings[members[-1]]
    value = bond(tail.text, head.text) + _brackets("".join(lines[each].text for each in members[-12:]), head.text)
    if head.kind in ("caption", "byline"):
        value -= 3
    if column is None:
        return value
    if column.indents:
        value += -8 if head.indented else 1.5
    if not beside:
        return value
    full = column.holds(tail, head)
    value += (3 if not head.after_blank else 0) if full else -1.5
    if head.closed or number + 1 == len(lines):
        return value
    # An open line that is text itself is full, and goes on in turn.
    if head.width > column.width + 2:
        return value - 4
    if not _fills(lines, column, number):
        return value - 2
    return value + max(-3.0, min(2.0, bond(head.text, lines[number + 1].text)))


def _fills(lines: Sequence[Line], column: Column | None, number: int) -> bool:
    return column is not None and number + 1 < len(lines) and column.holds(lines[number], lines[number + 1])


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
