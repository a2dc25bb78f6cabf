"""The numbers that Word counts itself: `第三条`, `（二）`, `4.1`. They stand on the page, and nowhere in the text of a file.

A paragraph names a list and a level of it; the list says how a number of each level is written, and where it begins
(ECMA-376, part 1, 17.9). A number begins again when one of a level above it comes.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from corpus.readers.whole import whole

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
LEVELS = 9
# Of a number that a list begins with, or a level.
DIGITS = 7
# Characters around a number, at most: they are said with each.
LONGEST_FORM = 60
# Beyond these a number is written in figures, whatever its list says.
MOST_ROMAN, MOST_CHINESE, MOST_CIRCLED = 3_999, 9_999, 20
# Behind these a number needs no blank.
CLOSING = "、，。．：）】〕》"


@dataclass(frozen=True)
class Level:
    """How numbers of a level are written: `form` is what stands around them, with `%1` for that of the first level."""

    kind: str
    form: str
    start: int
    style: str | None = None


@dataclass
class Numbering:
    """The lists of a file, counted on as its paragraphs come."""

    lists: Mapping[str, str] = field(default_factory=dict)
    levels: Mapping[str, Mapping[int, Level]] = field(default_factory=dict)
    starts: Mapping[tuple[str, int], int] = field(default_factory=dict)
    styles: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    _counts: dict[str, list[int | None]] = field(default_factory=dict)
    _begun: set[str] = field(default_factory=set)

    def label(self, paragraph: "Element") -> str | None:
        """The number before a paragraph and what parts it from its words; "" where its list has marks and no numbers, None where it is
        in no list."""
        found = self._place(paragraph)
        if found is None:
            return None
        number, level = found
        kind = self.levels.get(self.lists.get(number, ""), {}).get(level)
        if kind is None:
            return ""
        counts = self._count(number, level)
        if kind.kind in ("bullet", "none"):
            return ""
        of_list = self.levels[self.lists[number]]
        label = kind.form
        for at in range(LEVELS, 0, -1):
            if f"%{at}" in label:
                other = of_list.get(at - 1, kind)
                label = label.replace(f"%{at}", written(counts[at - 1] or other.start, other.kind))
        label = label.strip()
        return label + ("" if not label or label[-1] in CLOSING else " ")

    def _place(self, paragraph: "Element") -> tuple[str, int] | None:
        """The list and level of a paragraph: its own, or its style's."""
        style = paragraph.find(f"{W}pPr/{W}pStyle")
        of_style = self.styles.get(style.get(W + "val") or "") if style is not None else None
        own = paragraph.find(f"{W}pPr/{W}numPr")
        number, level = _said(own)
        number = number if number is not None else of_style[0] if of_style else None
        if number is None or number == "0":
            return None
        return number, level if level is not None else of_style[1] if of_style else 0

    def _count(self, number: str, level: int) -> list[int | None]:
        of_list = self.lists[number]
        counts = self._counts.setdefault(of_list, [None] * LEVELS)
        if number not in self._begun:
            self._begun.add(number)
            for at in range(LEVELS):
                if (number, at) in self.starts:
                    counts[at] = self.starts[number, at] - 1
        start = self.levels[of_list][level].start
        current = counts[level]
        counts[level] = start if current is None else current + 1
        for below in range(level + 1, LEVELS):
            counts[below] = None
        return counts


def numbering_of(root: "Element", styles: "Element") -> Numbering:
    """The lists of a file, of its numbering part and its styles."""
    levels = {each.get(W + "abstractNumId") or "": dict(_levels(each)) for each in root.iter(W + "abstractNum")}
    lists: dict[str, str] = {}
    starts: dict[tuple[str, int], int] = {}
    for each in root.iter(W + "num"):
        number, of_list = each.get(W + "numId") or "", each.find(W + "abstractNumId")
        lists[number] = (of_list.get(W + "val") if of_list is not None else None) or ""
        for changed in each.iter(W + "lvlOverride"):
            start = changed.find(W + "startOverride")
            if start is not None:
                starts[number, whole(changed.get(W + "ilvl"), 0, digits=DIGITS)] = whole(start.get(W + "val"), 1, digits=DIGITS)
    return Numbering(lists, levels, starts, dict(_styles(styles, lists, levels)))


def _levels(of_list: "Element") -> Iterator[tuple[int, Level]]:
    for each in of_list.iter(W + "lvl"):
        level = whole(each.get(W + "ilvl"), 0, digits=DIGITS)
        if level < LEVELS:
            kind, form, start, style = (_value(each, name) for name in ("numFmt", "lvlText", "start", "pStyle"))
            yield level, Level(kind or "decimal", (form or "")[:LONGEST_FORM], whole(start, 1, digits=DIGITS), style)


def _styles(styles: "Element", lists: Mapping[str, str], levels: Mapping[str, Mapping[int, Level]]) -> Iterator[tuple[str, tuple[str, int]]]:
    """Each style with a list, its own or that of the style it is based on."""
    own: dict[str, tuple[str | None, int | None]] = {}
    based: dict[str, str | None] = {}
    for each in styles.iter(W + "style"):
        name = each.get(W + "styleId") or ""
        own[name], based[name] = _said(each.find(f"{W}pPr/{W}numPr")), _value(each, "basedOn")
    for name in own:
        seen: set[str] = set()
        at: str | None = name
        while at is not None and at in own and at not in seen and own[at][0] is None:
            seen.add(at)
            at = based[at]
        number, level = own.get(at or "", (None, None))
        if number is None:
            continue
        of_list = levels.get(lists.get(number, ""), {})
        linked = next((place for place, each in of_list.items() if each.style == name), None)
        yield name, (number, linked if linked is not None else level or 0)


def _said(properties: "Element | None") -> tuple[str | None, int | None]:
    if properties is None:
        return None, None
    level = _value(properties, "ilvl")
    return _value(properties, "numId"), None if level is None else min(whole(level, 0, digits=DIGITS), LEVELS - 1)


def _value(element: "Element", name: str) -> str | None:
    found = element.find(W + name)
    return None if found is None else found.get(W + "val")


def written(number: int, kind: str) -> str:
    """A number as a list of that kind writes it; in figures where it cannot."""
    write = KINDS.get(kind)
    return (write(number) if write is not None and number > 0 else None) or str(number)


def _letters(number: int) -> str:
    # z is followed by aa, and zz by aaa.
    return chr(ord("a") + (number - 1) % 26) * min((number - 1) // 26 + 1, 100)


def _roman(number: int) -> str | None:
    if number > MOST_ROMAN:
        return None
    found = ""
    for value, letters in ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")):
        found += letters * (number // value)
        number %= value
    return found


def _digits(number: int) -> str:
    return "".join("〇一二三四五六七八九"[int(digit)] for digit in str(number))


def _counted(number: int) -> str | None:
    return _chinese(number) if number < 100 else _digits(number)


def _chinese(number: int) -> str | None:
    if number > MOST_CHINESE:
        return None
    found = ""
    for value, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, value)
        if digit:
            found += CHINESE[digit] + unit
        elif found and number and not found.endswith(CHINESE[0]):
            found += CHINESE[0]
    return found.removeprefix("一") if found.startswith("一十") else found


CHINESE = "零一二三四五六七八九"
KINDS: dict[str, Callable[[int], str | None]] = {
    "decimalZero": lambda number: f"{number:02}",
    "lowerLetter": _letters,
    "upperLetter": lambda number: _letters(number).upper(),
    "lowerRoman": _roman,
    "upperRoman": lambda number: (_roman(number) or "").upper(),
    **dict.fromkeys(("chineseCountingThousand", "taiwaneseCountingThousand", "japaneseCounting"), _chinese),
    **dict.fromkeys(("chineseCounting", "taiwaneseCounting"), _counted),
    **dict.fromkeys(("ideographDigital", "japaneseDigitalTenThousand", "taiwaneseDigital"), _digits),
    **dict.fromkeys(("decimalEnclosedCircle", "decimalEnclosedCircleChinese"), lambda number: chr(0x2460 + number - 1) if number <= MOST_CIRCLED else None),
    "decimalFullWidth": lambda number: str(number).translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)}),
    "ideographTraditional": lambda number: "甲乙丙丁戊己庚辛壬癸"[number - 1] if number <= 10 else None,
}
