"""Whether lines were cut by the width of a column, and how wide it is; seen from the lines around each."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.continuation import continuation
from corpus.lines import COMMAS, LIST_ITEM, Line, is_narrow
from corpus.stray import DATELINE

# The width is judged over this many lines before and after, anew for every few lines: an issue is
# set in columns of several widths.
AROUND = 20
STEP = 10
WIDEST = 110
# A full line may lack two wide characters (no line begins with a comma), or a Latin word.
SLACK_WIDE, SLACK_NARROW = 4, 14
# Marks that no line begins with unless it goes on.
SMALL = "ーっゃゅょ々ッャュョァィゥェォ"
NOT_FIRST = "，。、；：！？）》」』”’】〉％%,;:!?)]}.…·" + SMALL
# 12:03 or 住所：, with which each line of a log, a chat or a form begins.
STAMPED = re.compile(r"\s*(?:\[?\d{1,2}[:：]\d{2}|[\w\u4e00-\u9fff]{2,8}[：:]\s?\S)")
OPENING = "（(“‘《「『【〈["
UNDECIDED = 4.0


@dataclass(frozen=True)
class Column:
    """A column `width` terminal columns wide; `indents` says whether its paragraphs begin with an indent."""

    width: int
    narrow: bool
    indents: bool
    blanks: bool

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
    """Log-odds, by their characters alone, that `before` goes on in `after`."""
    value = max(-UNDECIDED, min(UNDECIDED, continuation(before, after)))
    first, last = after[0], before[-1]
    if first in NOT_FIRST and not after.startswith(("...", "……")):
        value += 5 if first not in SMALL else 2
    if last in OPENING:
        value += 4
    if last in "-\u00ad" and before[-2:-1].isalpha() and first.isalpha():
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
        found += [_column(lines, window)] * min(STEP, len(lines) - start)
    return found


def _column(lines: Sequence[Line], window: range) -> Column | None:
    text = [number for number in window if lines[number].kind != "furniture"]
    widths = [lines[number].width for number in text]
    narrow = sum(is_narrow(lines[number].text, lines[number].width) for number in text) * 2 > len(text)
    slack = SLACK_NARROW if narrow else SLACK_WIDE
    candidates = {each for each in widths if 12 <= each <= WIDEST}
    if not candidates:
        return None
    width = max(candidates, key=lambda each: (sum(each - slack <= one <= each for one in widths), widths.count(each)))
    full = [number for number in text if width - slack <= lines[number].width <= width and number + 1 < len(lines)]
    if len(full) < 3 or len(full) * 3 < len(text):
        return None
    cut = [number for number in full if not lines[number].closed]
    unmarked = [number for number in cut if not COMMAS.match(lines[number].text[-1])]
    if len(unmarked) * 2 < len(full):
        return None
    bonds = [bond(lines[number].text, lines[number + 1].text) for number in cut]
    if sum(max(-3.0, min(3.0, each)) for each in bonds) < 0.3 * len(bonds):
        return None
    after_full = [lines[number + 1] for number in cut]
    starts = [lines[number] for number in cut if number == 0 or lines[number - 1].closed]
    indents = (
        sum(each.indented for each in starts) * 2 >= len(starts) > 0
        and sum(each.indented for each in after_full) * 5 <= len(after_full)
    )
    blanks = sum(each.after_blank for each in after_full) * 5 <= len(after_full) and any(each.after_blank for each in starts)
    return Column(width, narrow, indents, blanks)
