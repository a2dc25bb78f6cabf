"""Lines of a printed page, wherever they come from: a PDF's characters, or OCR.

Lengths are in the units of the page; y grows downwards.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

# White space that parts words which do not stand in one line of text, in letters' sizes.
GUTTER = 0.9


@dataclass(frozen=True, slots=True)
class Line:
    """Words on one base line. `size` is the size of the letters; `page` counts from 1.

    `turned`: its sides are exchanged, so that right-to-left text begins at the left.
    """

    text: str
    left: float
    top: float
    right: float
    bottom: float
    size: float
    page: int
    bold: bool = False
    turned: bool = False

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2

    def scaled(self, by: float) -> "Line":
        """The line where lengths are measured in another unit."""
        return replace(
            self, left=self.left * by, top=self.top * by, right=self.right * by, bottom=self.bottom * by,
            size=round(self.size * by, 1),
        )  # fmt: skip


def in_lines(pieces: Iterable[Line]) -> list[Line]:
    """The pieces from top to bottom, those on one base line joined from left to right."""
    lines: list[list[Line]] = []
    for piece in sorted(pieces, key=lambda each: each.middle):
        last = lines[-1][-1] if lines else None
        if last and abs(piece.middle - last.middle) < min(piece.bottom - piece.top, last.bottom - last.top) / 2:
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return [_joined(sorted(each, key=lambda piece: piece.left)) for each in lines]


def is_wide(character: str) -> bool:
    """Whether a character is of a script that puts no spaces between words."""
    return (
        "⺀" <= character < "가"
        or "豈" <= character < "ﬀ"
        or "︰" <= character < "ﹰ"
        or "！" <= character <= "￮"
        or character >= "𠀀"
    )


def glue(before: str, after: str) -> str:
    """What stands between two pieces of text that were set apart: a blank, but not beside a wide character."""
    return "" if not before or not after or is_wide(before[-1]) or is_wide(after[0]) else " "


def _joined(pieces: list[Line]) -> Line:
    if len(pieces) == 1:
        return pieces[0]
    right_to_left = sum(is_right_to_left(each.text) for each in pieces) * 2 > len(pieces)
    text = ""
    for before, piece in zip([None, *pieces[:-1]], pieces, strict=True):
        near = before is not None and piece.left - before.right < 0.15 * piece.size
        apart = before is not None and piece.left - before.right > GUTTER * piece.size
        between = "" if before is None or near else " " if apart else glue(text, piece.text)
        text = piece.text + between + text if right_to_left else text + between + piece.text
    longest = max(pieces, key=lambda each: len(each.text))
    return Line(
        text, pieces[0].left, min(each.top for each in pieces), max(each.right for each in pieces),
        max(each.bottom for each in pieces), longest.size, longest.page, longest.bold,
    )  # fmt: skip


def is_right_to_left(text: str) -> bool:
    """Whether most letters are Hebrew, Arabic or the like."""
    return not text.isascii() and sum("\u0590" <= each < "\u0900" or "\ufb1d" <= each < "\ufeff" for each in text) * 2 > len(text)
