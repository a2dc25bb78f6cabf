"""Printed pages back to running text: lines cut by a column or a page joined, what fell between set apart.

A paragraph that is open at a line's end goes on in the next line, or in one a few lines further on
when what lies between (a headline, a caption, a byline, a page number) can stand alone. Which it is,
is weighed line by line: by the characters on both sides of the cut, the column's width and indents,
brackets left open, and what is passed over.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from corpus.flow import BRACKETED, LOOK, Flow, commas_of
from corpus.lines import LIST_ITEM, STOPS, Line, columns
from corpus.stray import DATELINE
from corpus.wrap import columns_of

# What it takes that a line without a stop is a paragraph's beginning and no heading.
CUT_SHORT, AT_FOOT = 3.6, 1.0
NEVER = 99.0
# Nobody's paragraph: longer ones are not weighed against what they might go on in.
BODY_COLUMNS = 100
BODY_CHARACTERS = 400
# Shorter lines than this many columns, with no stop, are never joined outside a column of lines.
SHORTEST = 24
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
    return _group(Flow(lines, columns_of(lines)), list(range(len(lines))), displaced=False)


def _group(flow: Flow, order: list[int], displaced: bool) -> list[Unit]:
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


def _next(flow: Flow, members: list[int], order: list[int], place: int) -> int | None:
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


def _closed_goes_on(flow: Flow, number: int, following: int) -> bool:
    """Whether a paragraph goes on after a line that ends as a sentence does: the line must be full."""
    tail, head, column = flow.lines[number], flow.lines[following], flow.columns[number]
    if column is None or not column.holds(tail, head) or head.indented or head.kind != "text":
        return False
    if (head.after_blank and not tail.after_blank) or DATELINE.match(head.text):
        return False
    return head.closed or following + 1 == len(flow.lines) or flow.fills(following)


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
