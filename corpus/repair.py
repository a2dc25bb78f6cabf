"""Printed pages back to running text.

    repaired = repair(text)

Lines and paragraphs cut by a column or a page are joined, what had fallen between the halves (a
headline, a caption, a byline, a page number) stands beside them as a block of its own, and the
articles of an issue are told apart. Text that was never cut comes out exactly as it went in.
"""

import itertools
import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import cast
from unicodedata import is_normalized

from corpus.articles import articles
from corpus.document import Block, BlockKind, Run
from corpus.lines import HYPHENS, SOFT_HYPHENS, Line, is_narrow, lines
from corpus.runs import merged
from corpus.units import units

BESIDE = "\n\n"
# Characters beside a joint that may combine with one another.
MARKS = 32
# Scripts that put no space between words: joining two lines of them needs none either.
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]")
# Two words with a hyphen between them on one line: such a hyphen at a line's end is the word's own.
COMPOUND = re.compile(rf"\b(\w++)([{re.escape(HYPHENS)}])(?=(\w++))")


@dataclass(frozen=True)
class Repaired:
    """Running text, its blocks in reading order, and where each stretch of it stood before (`Run`)."""

    text: str
    blocks: tuple[Block, ...]
    runs: tuple[Run, ...]


def repair(text: str, pages: Sequence[int] = ()) -> Repaired:
    """The running text of what was printed; `pages` are the places where further pages begin."""
    found = lines(text, pages)
    placed = articles(found, units(found))
    compounds = {f"{match[1]}{match[2]}{match[3]}" for match in COMPOUND.finditer(text)}
    parts: list[str] = []
    runs: list[Run] = []
    blocks: list[Block] = []
    length = 0
    position = 0  # in the text, up to where it has been taken over unbroken

    def add(part: str, original: int | None) -> None:
        nonlocal length
        parts.append(part)
        if original is not None:
            runs.append(Run(length, original, len(part)))
        length += len(part)

    for number, each in enumerate(placed):
        start, end = found[each.unit.members[0]].start, found[each.unit.members[-1]].end
        if start >= position and not text[position:start].strip():
            add(text[position:start], position)
        elif number:
            add(BESIDE, None)
        begin = length
        for first, last, glue in _pieces(text, compounds, found, each.unit.members):
            add(text[first:last], first)
            if glue:
                add(glue, None)
        position = end
        page = found[each.unit.members[0]].page + 1 if pages else None
        blocks.append(Block(cast(BlockKind, each.kind), begin, length, each.level, page, each.article))
    if position <= len(text) and not text[position:].strip():
        add(text[position:], position)
    return Repaired("".join(parts), tuple(blocks), merged(runs))


def _pieces(text: str, compounds: Set[str], found: Sequence[Line], members: Sequence[int]) -> list[tuple[int, int, str]]:
    """The stretches of a unit's text, each with what is put after it; unbroken lines stay one stretch."""
    pieces: list[tuple[int, int, str]] = []
    start = found[members[0]].start
    for one, other in itertools.pairwise(members):
        end, glue = _joint(compounds, found[one], found[other])
        if not glue and not is_normalized("NFC", text[max(start, end - MARKS) : end] + found[other].text[:MARKS]):
            glue = " "  # the line begins with a mark that would become one with what is before it
        pieces.append((start, end, glue))
        start = found[other].start
    return [*pieces, (start, found[members[-1]].end, "")]


def _joint(compounds: Set[str], line: Line, following: Line) -> tuple[int, str]:
    """Where the line's part ends, and what joins it to the next: a hyphen of the line's end is taken away."""
    before, after = line.text, following.text
    if UNSPACED.match(before[-1]) or UNSPACED.match(after[0]):
        return line.end, ""
    if not is_narrow(line.text, line.width) and before[-1].isdigit() and after[0].isdigit():
        return line.end, ""
    if before[-1] in SOFT_HYPHENS or (before[-1] in HYPHENS and before[-2:-1].isalpha() and after[0].islower()):
        left = re.findall(r"\w+", before[:-1])[-1:]
        right = re.match(r"\w+", after)
        kept = bool(left and right and before[-1] in HYPHENS and f"{left[0]}{before[-1]}{right[0]}" in compounds)
        return line.end - (0 if kept else 1), ""
    if before[-1] in HYPHENS + "–—/" and not before[-2:-1].isspace():
        return line.end, ""
    return line.end, " "
