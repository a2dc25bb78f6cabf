"""Lines of right-to-left text, by where their characters stand.

Programs write them in one order or the other, a word or a line at a time; PDFium turns what it takes for right-to-left, and with
it the characters of one glyph and every bracket. Where things stand is as it is read.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

from corpus.readers.lines import GUTTER, Line, is_right_to_left

# Among right-to-left words Latin ones are read from the left, with the numbers and marks between them; and each number. What joins a
# number's digits, or belongs to it, is another in Arabic than in Hebrew (Unicode Standard Annex 9, rules W2 to W7).
DIGITS, LATIN = "0-9\u0660-\u0669\u06f0-\u06f9", "A-Za-z\u00c0-\u024f"
_LATIN_WORDS = rf"(?:[{DIGITS}{LATIN}][{DIGITS}{LATIN} .,:/%+-]{{0,60}})?[{LATIN}](?:[{DIGITS}{LATIN} .,:/%+-]*[{DIGITS}{LATIN}%])?"
IN_ARABIC = re.compile(rf"{_LATIN_WORDS}|[{DIGITS}](?:[{DIGITS}.,:/\u066b\u066c]*[{DIGITS}])?")
IN_HEBREW = re.compile(rf"{_LATIN_WORDS}|[%$€£₪]?[{DIGITS}](?:[{DIGITS}.,:/+-]*[{DIGITS}])?[%$€£₪]?")
FROM_THE_LEFT = re.compile(f"[{DIGITS}{LATIN}]")
ARABIC = re.compile("[\u0600-\u065f\u066e-\u06ef\u0700-\u08ff\ufb50-\ufefe]")
# White space that parts words where no blank is typed in the whole line, and where one is; in letters' sizes.
APART, SURELY_APART = 0.12, 0.6
# Characters of one glyph begin at one place.
ONE_PLACE = 0.05
BRACKETS = {"(": ")", "[": "]", "{": "}", "«": "»", "‹": "›"}
MIRRORED = str.maketrans({**BRACKETS, **{close: opened for opened, close in BRACKETS.items()}})


class Placed(Protocol):
    text: str
    left: float
    right: float
    origin: float


def from_the_right(run: Sequence[Placed], blanks: Iterable[float], size: float) -> Iterator[tuple[str, float, float]]:
    """The words of a base line and their sides, parted where white space is wide. `blanks` are the places of typed ones."""
    glyphs = list(_glyphs(run))
    gaps = [before.left - after.right for (_, before), (_, after) in pairwise(glyphs)]
    typed = _gaps_of(blanks, [glyph for _, glyph in glyphs], gaps, APART * size)
    words, left, right = "", 0.0, 0.0
    for at, (letters, glyph) in enumerate(glyphs):
        if words:
            both = FROM_THE_LEFT.match(letters), FROM_THE_LEFT.match(glyphs[at - 1][0])
            surely = typed and bool(both[0]) == bool(both[1])
            if gaps[at - 1] > GUTTER * size * (2 if at - 1 in typed else 1):
                yield _read(words), left, right
                words = ""
            elif at - 1 in typed or gaps[at - 1] > (SURELY_APART if surely else APART) * size:
                words += " "
        if not words:
            left, right = glyph.left, glyph.right
        words += letters
        left, right = min(left, glyph.left), max(right, glyph.right)
    yield _read(words), left, right


def _gaps_of(blanks: Iterable[float], glyphs: Sequence[Placed], gaps: Sequence[float], least: float) -> set[int]:
    """Which gaps between glyphs the typed blanks are: PDFium gives each the place of a glyph beside it, on the one or the other side."""
    found: set[int] = set()
    origins = [-each.origin for each in glyphs]
    for place in sorted(blanks, reverse=True):
        at = bisect_left(origins, -place - ONE_PLACE)  # the glyph that begins there, or the first to the left of it
        here = at < len(glyphs) and abs(glyphs[at].origin - place) < ONE_PLACE
        if not here and at and glyphs[at - 1].left < place:
            here, at = True, at - 1  # a mark on that one begins there
        # A blank with a place of its own is in the gap to the right of the next glyph, if there is one.
        own = not here and 0 < at <= len(gaps) and gaps[at - 1] > least
        beside = [each for each in ((at - 1,) if own else (at - 1, at)) if 0 <= each < len(gaps)]
        # One at the end of the line parts nothing.
        free = [each for each in beside if each not in found and gaps[each] > least]
        if free:
            found.add(max(free, key=lambda each: gaps[each]))
    return found


def _glyphs(run: Sequence[Placed]) -> Iterator[tuple[str, Placed]]:
    """The letters of each glyph, marks behind the letter that they stand on, from the right."""
    glyphs: list[list[Placed]] = []
    for each in sorted(run, key=lambda each: -each.origin):
        if glyphs and abs(glyphs[-1][0].origin - each.origin) < ONE_PLACE:
            glyphs[-1].append(each)
        else:
            glyphs.append([each])
    bases = [each for each in glyphs if not all(_is_mark(one.text) for one in each)]
    marks = [one for each in glyphs if all(_is_mark(one.text) for one in each) for one in each]
    said = [_letters(each) for each in bases]
    for mark in marks:
        middle = (mark.left + mark.right) / 2
        if bases:
            nearest = min(range(len(bases)), key=lambda at: _distance(bases[at], middle))
            said[nearest] += mark.text
    if not bases:
        yield from ((each.text, each) for each in marks)
        return
    for letters, glyph in zip(said, bases, strict=True):
        yield letters, _whole(glyph)


def _letters(glyph: list[Placed]) -> str:
    """The characters of one glyph in their order: PDFium divides its width among them from the left or the right, or not at all, and
    may have turned them."""
    if len(glyph) == 1:
        return glyph[0].text
    letters = [each for each in glyph if not _is_mark(each.text)]
    marks = "".join(each.text for each in glyph if _is_mark(each.text))
    parted = max(each.left for each in letters) - min(each.left for each in letters) > ONE_PLACE
    text = "".join(each.text for each in (sorted(letters, key=lambda each: -each.left) if parted else letters))
    # A ligature that has a character of its own says how it is read.
    if not parted and text not in _LIGATURES and (text[::-1] in _LIGATURES or is_right_to_left(text)):
        text = text[::-1]
    return text + marks


def _whole(glyph: list[Placed]) -> Placed:
    first = glyph[0]
    if len(glyph) == 1:
        return first
    return _Box(first.text, min(each.left for each in glyph), max(each.right for each in glyph), first.origin)


@dataclass
class _Box:
    text: str
    left: float
    right: float
    origin: float


def _distance(glyph: list[Placed], place: float) -> float:
    left, right = min(each.left for each in glyph), max(each.right for each in glyph)
    return max(left - place, place - right, 0.0) + abs((left + right) / 2 - place) / 1_000


def _is_mark(text: str) -> bool:
    return unicodedata.category(text[0]) == "Mn"


def _ligatures() -> frozenset[str]:
    forms = (unicodedata.normalize("NFKC", chr(code)) for first, last in ((0xFB00, 0xFE00), (0xFE70, 0xFEFD)) for code in range(first, last))
    return frozenset(each for each in forms if len(each) > 1 and " " not in each)


_LIGATURES = _ligatures()


def _read(words: str) -> str:
    return (IN_ARABIC if ARABIC.search(words) else IN_HEBREW).sub(lambda run: run[0][::-1], words)


def rightly_bracketed(lines: list[Line]) -> list[Line]:
    """The lines of a page, in whose right-to-left text brackets open before they close.

    PDFium exchanges them in all such text; some programs have written what is seen, others what is meant.
    """
    turned = [each for each in lines if is_right_to_left(each.text)]
    text = "\n".join(each.text for each in turned)
    if _matched(text.translate(MIRRORED)) <= _matched(text):
        return lines
    return [replace(each, text=each.text.translate(MIRRORED)) if is_right_to_left(each.text) else each for each in lines]


def _matched(text: str) -> int:
    count = 0
    opened: list[str] = []
    for character in text:
        if character in BRACKETS:
            opened.append(BRACKETS[character])
        elif opened and character == opened[-1]:
            opened.pop()
            count += 1
    return count
