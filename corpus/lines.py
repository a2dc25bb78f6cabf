"""The lines of a page as a reader tells them apart at a glance: page numbers, captions, bylines, headings, text."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from corpus.sentences import CLOSERS, OTHER_STOPS, WIDE_STOPS
from corpus.stray import DATED, is_byline, is_caption, is_furniture

# A sentence's end: a stop and what closes after it, or a colon. A closing mark alone ends no sentence.
CLOSED = re.compile(rf"[{WIDE_STOPS}{OTHER_STOPS}.!?…][{re.escape(CLOSERS)}]*$|[:：]$")
STOPS = re.compile(f"[{WIDE_STOPS}{OTHER_STOPS}；;]|[.!?](?=\\s)")
COMMAS = re.compile("[，、,،、]")
# A heading is one line, no longer than this many columns (a Chinese character takes two), that
# does not end as a sentence does.
HEADING_COLUMNS = 100

LIST_ITEM = re.compile(
    r"\s*(?:[-*•·●■◆▪‣○◎★▶►]\s?|\d{1,3}[.、)）](?!\d)|[（(]\d{1,3}[)）]|[（(][一二三四五六七八九十]{1,3}[)）]"
    r"|[一二三四五六七八九十]{1,3}、|第[一二三四五六七八九十百\d]+[章节條条]|[①-⑳])"
)
# East Asian Width (Unicode Standard Annex 11): wide and full-width characters; those wide in wide text.
WIDE = re.compile(
    "[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6"
    "\U0001f300-\U0001f64f\U0001f900-\U0001f9ff\U00020000-\U0003fffd]"
)
AMBIGUOUS = re.compile("[·“”‘’…—°×÷±§①-⑳Ⅰ-Ⅻ→←↑↓■□▲△▼●○◎★☆◆◇※℃№]")
LOOSE = "·“”‘’…—"
# Hyphens that only a line's end brings; the others may be the word's own.
SOFT_HYPHENS = "\u00ad\u00ac\u2e17"
HYPHENS = "-\u2010\u2011"
# An indent of this many columns begins a paragraph.
INDENTED = 2

INSTITUTION = re.compile(r"[\u4e00-\u9fff]{2,12}(?:委员会|市委|省委|县委|区委|党委|党组|部|局|厅|院|会|办公室|研究室|课题组|编辑部|社)$")
# What only the end of an article says.
ARTICLE_END = re.compile(r"(?:[（(](?:完|原载[^）)]{1,40}|原載[^）)]{1,40}|本报综合[^）)]{0,20}|据[^）)]{1,20})[）)]|(?:^|\s)(?:###|\* \* \*|■|□))\s*$")
NUMBERED = re.compile(
    r"\s*(?:[一二三四五六七八九十]{1,3}[、.．]|[（(][一二三四五六七八九十\d]{1,3}[）)]|\d{1,2}(?:\.\d{1,2})*[.、．\s]"
    r"|第[一二三四五六七八九十百\d]+[章节節條条]|(?:chapter|section|part|kapitel|capítulo|chapitre|глава)\s+[\dIVX]+|[IVX]{1,4}\.\s)",
    re.I,
)
# 高地③, （上）, 之二: one of a series.
SERIES = re.compile(r"(?:[①-⑳㈠-㈩]|[（(][上中下一二三四五六七八九十\d]{1,2}[）)]|之[一二三四五六七八九十]|系列[报報][道导導].{0,4})$|^【.{2,16}】$|^[■◆●]\S{2,16}$")

Kind = Literal["text", "furniture", "caption", "byline", "list"]


@dataclass(frozen=True)
class Line:
    """`text[start:end]` without white space around it; `width` in columns counts the indent as well.

    `loose` of the columns are of marks that some fonts set half as wide. `closed` says whether it ends
    as a sentence does, `heading` whether it could be a heading.
    """

    start: int
    end: int
    text: str
    width: int
    loose: int
    indented: bool
    after_blank: bool
    page: int
    kind: Kind
    closed: bool
    heading: bool


def columns(text: str) -> int:
    """The width of a text in columns: two for East Asian wide characters."""
    if text.isascii():
        return len(text)
    wide = len(WIDE.findall(text))
    # Quotation marks and dashes are as wide as the script they stand in.
    return len(text) + wide + (len(AMBIGUOUS.findall(text)) if wide else 0)


def is_narrow(text: str, width: int) -> bool:
    """Whether a line is in a script of narrow letters, whose words are parted by spaces."""
    return width < len(text) * 1.2


def lines(text: str, pages: Sequence[int] = ()) -> list[Line]:
    """The lines that are not blank, in order; `pages` are where further pages begin."""
    found: list[tuple[int, int, int, bool, int]] = []
    position = 0
    blank = True
    page = 0
    for raw in text.split("\n"):
        while page < len(pages) and pages[page] <= position:
            page += 1
        stripped = raw.strip()
        if stripped:
            start = position + len(raw) - len(raw.lstrip())
            found.append((start, start + len(stripped), columns(raw[: len(raw) - len(raw.lstrip())].expandtabs(4)), blank, page))
        blank = not stripped
        position += len(raw) + 1
    heads = _repeated([text[start:end] for start, end, *_ in found])
    return [
        _line(text, *each, heads) for each in found
    ]  # fmt: skip


def _line(text: str, start: int, end: int, indent: int, after_blank: bool, page: int, heads: frozenset[str]) -> Line:
    content = text[start:end]
    width = columns(content[:400]) + indent + max(0, len(content) - 400)
    kind: Kind = "furniture" if content in heads else _kind(content, width)
    loose = sum(content.count(each) for each in LOOSE) if width <= 200 and not content.isascii() else 0
    return Line(start, end, content, width, loose, indent >= INDENTED, after_blank, page, kind, is_closed(content), is_heading(content))


def _repeated(contents: list[str]) -> frozenset[str]:
    """Short lines that stand three times or more, digits aside, and look like a running head."""
    shapes = Counter(_shape(each) for each in contents if len(each) <= 60)
    return frozenset(
        each for each in contents
        if len(each) <= 60 and shapes[_shape(each)] >= 3 and not is_closed(each) and DATED.search(each)
    )  # fmt: skip


def _shape(text: str) -> str:
    return re.sub(r"\d+", "0", text)


def _kind(content: str, width: int) -> Kind:
    if is_furniture(content, width):
        return "furniture"
    if width <= 100 and is_byline(content):
        return "byline"
    if width <= 240 and is_caption(content):
        return "caption"
    return "list" if LIST_ITEM.match(content) else "text"


def is_closed(content: str) -> bool:
    """Whether a text ends as a sentence does."""
    return CLOSED.search(content[-12:]) is not None


def is_heading(content: str) -> bool:
    """Whether a line could be a heading: short, and not ended as a sentence or a clause is."""
    return (
        len(content) <= HEADING_COLUMNS
        and columns(content) <= HEADING_COLUMNS
        and not is_closed(content)
        and not content.endswith(("，", ",", "、", "；", ";"))
        and "\t" not in content
        and any(each.isalpha() for each in content)
    )
