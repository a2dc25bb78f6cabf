"""A file of printed pages as it is read, on the way to its document: parts whose lines know where they stand on the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from corpus.document import Document
from corpus.readers.build import Part, build
from corpus.readers.lines import Line

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Sheet:
    """From the units of a page's lines to shares of what is seen of it, which may be a turned or trimmed page.

    x = a·left + c·top + e, y = b·left + d·top + f, as in the matrices of PDF (ISO 32000-1, 8.3.3).
    """

    a: float
    b: float
    c: float
    d: float
    e: float = 0.0
    f: float = 0.0

    @classmethod
    def plain(cls, width: float, height: float) -> "Sheet":
        """A page that is seen as it is, of that size."""
        return cls(1 / (width or 1), 0, 0, 1 / (height or 1))

    def box(self, line: Line) -> Box:
        """The left, top, right and bottom of a line, each 0 to 1."""
        left, right = (-line.right, -line.left) if line.turned else (line.left, line.right)
        across = [self.a * x + self.c * y + self.e for x in (left, right) for y in (line.top, line.bottom)]
        down = [self.b * x + self.d * y + self.f for x in (left, right) for y in (line.top, line.bottom)]
        return _share(min(across)), _share(min(down)), _share(max(across)), _share(max(down))


@dataclass(frozen=True)
class Printed:
    """What a document is made of; `sheets` are its pages, by number."""

    parts: Sequence[Part]
    sheets: Mapping[int, Sheet]
    metadata: Mapping[str, str]
    title: str = ""

    def document(self, name: str) -> Document:
        return build(name, self.parts, self.title, self.metadata)


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0)
