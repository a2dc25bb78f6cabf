"""Whether lines were cut by the width of a column, and how wide it is; seen from the lines around each."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from corpus.continuation import REACH, continuation
from corpus.lines import COMMAS, HYPHENS, LIST_ITEM, SOFT_HYPHENS, Line, is_narrow
from corpus.stray import DATELINE

# The width is judged over this many lines before and after, anew for every few lines: an issue is
# set in columns of several widths.
AROUND = 20
STEP = 10
WIDEST = 110
# Columns of different widths told apart within those lines.
COLUMNS = 3
# A full line may lack two wide characters (no line begins with a comma), or a Latin word.
SLACK_WIDE, SLACK_NARROW = 4, 14
# Marks that no line begins with unless it goes on.
SMALL = "ーっゃゅょ々ッャュョァィゥェォ"
NOT_FIRST = "，。、；：！？）》」』”’】〉％%,;:!?)]}.…·" + SMALL
# 12:03 or 住所：, with which each line of a log, a chat or a form begins.
STAMPED = re.compile(r"\s*(?:\[?\d{1,2}[:：]\d{2}|[\w\u4e00-\u9fff]{2,8}[：:]\s?\S)")
PROSE = re.compile(r"[，。、；,،؛।]|[A-Za-zÀ-ɏЀ-ӿ]{2}[,.;](?:\s|$)")
OPENING = "（(“‘《「『【〈["
UNDECIDED = 4.0


@dataclass(frozen=True)
class Column:
    """A column `width` terminal columns wide; `indents` says whether its paragraphs begin with an indent."""

    width: int
    narrow: bool
    indents: bool

    def holds(self, line: Line, following: Line) -> bool:
        """Whether the line is full, so that it may have been cut before what follows."""
        if line.width - line.loose > self.width:
            return False
        if self.narrow or following.text[:3].isascii():
            word = following.text.split(maxsplit=1)[0]
            if line.width + 1 + min(len(word), SLACK_NARROW) > self.width - 2:
                return True
        return not self.narrow and line.width >= self.width - SLACK_WIDE


def bond(before: str, after: str) -> float:
    """Log-odds, by the characters beside the cut alone, that `before` goes on in `after`."""
    return _bond(before[-REACH:], after[: 5 * REACH])


@lru_cache(maxsize=1 << 13)
def _bond(before: str, after: str) -> float:
    value = max(-UNDECIDED, min(UNDECIDED, continuation(before, after)))
    first, last = after[0], before[-1]
    if first in NOT_FIRST and not after.startswith(("...", "……")):
        value += 5 if first not in SMALL else 2
    if last in OPENING:
        value += 4
    if last in HYPHENS + SOFT_HYPHENS and before[-2:-1].isalpha() and first.isalpha():
        value += 5
    if first.islower():
        value += 2.5
    if DATELINE.match(after) or STAMPED.match(after):
        value -= 8
    elif LIST_ITEM.match(after) and not (last.isdigit() and first in ".．"):
        value -= 4
    return value


def columns_of(lines: Sequence[Line]) -> list[Column | None]:
    """For each line the column it is set in, or None where lines are not cut by a width."""
    found: list[Column | None] = []
    for start in range(0, len(lines), STEP):
        window = range(max(0, start - AROUND), min(len(lines), start + STEP + AROUND))
        near = _columns(lines, window)
        for number in range(start, min(start + STEP, len(lines))):
            found.append(min(near, key=lambda each: _distance(number, each[1]))[0] if near else None)
    return found


def _distance(number: int, full: Sequence[int]) -> float:
    """How far a line is from the nearest full line of a column; the one before counts for nearer."""
    return min(number - each if each <= number else each - number + 0.5 for each in full)


def _columns(lines: Sequence[Line], window: range) -> list[tuple[Column, list[int]]]:
    """The columns, at most a few, that the lines of the window are set in, each with its full lines."""
    text = [number for number in window if lines[number].kind != "furniture" and lines[number].width <= WIDEST + 8]
    found = []
    for _ in range(COLUMNS):
        column = _column(lines, text)
        if column is None:
            break
        found.append(column)
        taken = set(column[1])
        text = [number for number in text if number not in taken]
    return [(column, full) for column, full in found if column is not None]


def _column(lines: Sequence[Line], text: Sequence[int]) -> tuple[Column | None, list[int]] | None:
    """The column that most of these lines are set in, and which of them are full; None where too few agree."""
    widths = [lines[number].width for number in text]
    narrow = sum(is_narrow(lines[number].text, lines[number].width) for number in text) * 2 > len(text)
    slack = SLACK_NARROW if narrow else SLACK_WIDE
    candidates = {each for each in widths if 12 <= each <= WIDEST}
    if not candidates:
        return None
    width = max(candidates, key=lambda each: (sum(each - slack <= one <= each for one in widths), widths.count(each)))
    full = [number for number in text if width - slack <= lines[number].width <= width and number + 1 < len(lines)]
    if len(full) < 3:
        return None
    reach = range(full[0], full[-1] + 1)
    if len(full) * 3 < len(reach):
        return None, full
    cut = [number for number in full if not lines[number].closed]
    unmarked = [number for number in cut if not COMMAS.match(lines[number].text[-1])]
    # Prose has a comma or a stop on every other line or so; a list of headlines or of code has none.
    if sum(bool(PROSE.search(lines[number].text)) for number in full) * 6 < len(full):
        return None, full
    bonds = [bond(lines[number].text, lines[number + 1].text) for number in cut]
    if len(unmarked) * 2 < len(full) or sum(max(-3.0, min(3.0, each)) for each in bonds) < 0.3 * len(bonds):
        return None, full
    starts = [lines[number] for number in cut if number == 0 or lines[number - 1].closed]
    after_full = [lines[number + 1] for number in cut]
    indents = (
        sum(each.indented for each in starts) * 2 >= len(starts) > 0
        and sum(each.indented for each in after_full) * 5 <= len(after_full)
    )
    return Column(width, narrow, indents), full
