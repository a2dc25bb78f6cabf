"""Pages whose text runs upwards, downwards or upside down, read as if they were held so that it stands upright.

A landscape table is printed sideways on its page; a landscape page is often a portrait one that is shown turned.
"""

import math
from dataclasses import dataclass
from typing import Any

import pypdfium2.raw as pdfium

# Characters that are asked which way they run, and the share of them that must agree.
SAMPLE, MOST = 60, 0.6
# Quarters that a page may be turned before it is shown.
SIDEWAYS = (1, 3)


@dataclass(frozen=True)
class Upright:
    """From a PDF page's own places (y upwards) to those of its lines (y downwards), by quarters that its text is turned against the clock.

    `width` and `height` are the page's own, before it is turned to be shown.
    """

    quarters: int
    width: float
    height: float

    @property
    def tall(self) -> float:
        """How far down its lines may stand."""
        return self.width if self.quarters in SIDEWAYS else self.height

    def place(self, x: float, y: float) -> tuple[float, float]:
        """How far from the left and from the top."""
        return ((x, self.height - y), (y, x), (self.width - x, y), (self.height - y, self.width - x))[self.quarters]

    def box(self, left: float, bottom: float, right: float, top: float) -> tuple[float, float, float, float]:
        """A box's left, top, right and bottom."""
        (x, y), (to_x, to_y) = self.place(left, bottom), self.place(right, top)
        return min(x, to_x), min(y, to_y), max(x, to_x), max(y, to_y)

    def back(self, left: float, top: float) -> tuple[float, float]:
        """The page's own place of it."""
        return ((left, self.height - top), (top, left), (self.width - left, top), (self.width - top, self.height - left))[self.quarters]


def upright(page: Any, text: Any) -> Upright:
    """How most characters of a page stand. `text` is PDFium's text page."""
    width, height = page.get_size()
    if page.get_rotation() in (90, 270):
        width, height = height, width
    count = pdfium.FPDFText_CountChars(text)
    ways = [0, 0, 0, 0]
    for index in range(0, count, max(count // SAMPLE, 1)):
        code = pdfium.FPDFText_GetUnicode(text, index)
        if code > 0x20 and not pdfium.FPDFText_IsGenerated(text, index):
            # PDFium counts with the clock.
            ways[-round(pdfium.FPDFText_GetCharAngle(text, index) / (math.pi / 2)) % 4] += 1
    most = max(range(4), key=lambda each: ways[each])
    return Upright(most if ways[most] >= MOST * sum(ways) else 0, width, height)
