"""Where on which page each line of a document's text stands: carried from the page to the text, never searched for.

    document, lines = placed_lines(data, "report.pdf")
    document.text[lines[0].start : lines[0].end]             the words of the first line, as they stand in the document
"""

import threading
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate, pairwise

from corpus.clean import CLUSTER
from corpus.document import Document
from corpus.one_line import CONTROLS, LINE_ENDS
from corpus.readers import image, pdf
from corpus.readers.build import Part, words_of
from corpus.readers.lines import Line
from corpus.readers.printed import Printed

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")
PRINTED: dict[str, Callable[[bytes, str], Printed]] = {".pdf": pdf.printed, **dict.fromkeys(PICTURES, image.printed)}
# Files whose lines are kept at hand.
KEPT = 4


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """`document.text[start:end]` is printed on `page` in this box, whose sides are shares (0 to 1) of the page's width and height.

    `whole`: a row of a table, whose words do not stand in the box in the order of the text.
    """

    start: int
    end: int
    page: int
    left: float
    top: float
    right: float
    bottom: float
    whole: bool = False


Placed = tuple[Document, tuple[PlacedLine, ...]]


def placed_lines(data: bytes, name: str) -> Placed:
    """The document of a PDF or picture, as its reader gives it, and its lines in the order of the text.

    Raises UnreadableFile. What has no place (a hyphen taken away, what stands between lines) is in no line.
    """
    return placed(PRINTED["." + name.lower().rsplit(".", 1)[-1]](data, name), name)


def placed(printed: Printed, name: str) -> Placed:
    """The document of what was read, and its lines."""
    document = printed.document(name)
    found = []
    filled = ((part, words) for part in printed.parts if (words := words_of(part)[0]))
    for (part, words), block in zip(filled, document.blocks, strict=True):
        for start, end, line in _carried(part, words):
            box = printed.sheets[line.page].box(line)
            found.append(PlacedLine(block.start + start, block.start + end, line.page, *box, part.row is not None))
    return document, tuple(found)


class Placements:
    """The placed lines of the files asked for last, by their content; each is read once, one at a time."""

    def __init__(self) -> None:
        self._reading = threading.Lock()
        self._kept: dict[bytes, Placed] = {}

    def of(self, data: bytes, name: str) -> Placed:
        """As `placed_lines`. Raises UnreadableFile."""
        key = blake2b(data, digest_size=16).digest()
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        with self._reading:
            if key not in self._kept:
                found = placed_lines(data, name)
                latest = list(self._kept.items())[-(KEPT - 1) :]
                self._kept = dict([*latest, (key, found)])
            return self._kept[key]


def _carried(part: Part, words: str) -> Iterator[tuple[int, int, Line]]:
    """The lines of a part with where they stand in its cleaned words (`words_of`), followed step by step through the cleaning.

    None where it did more than is followed here (blank lines inside a part were closed up).
    """
    raw = part.text + "".join(text for text, _ in part.overleaf)
    borders = set(accumulate([len(part.text), *(len(text) for text, _ in part.overleaf)]))
    cuts = sorted({0, *borders, *(each for start, end, _ in part.lines for each in (start, end))})
    pieces: list[str] = []
    for start, end in pairwise(cuts):
        pieces.append(CONTROLS.sub("", LINE_ENDS.sub("\n" if start < len(part.text) else " ", raw[start:end])))
        if end in borders:
            _strip(pieces, range(len(pieces) - 1, -1, -1), str.rstrip)
    _strip(pieces, range(len(pieces)), str.lstrip)
    places = [0, *accumulate(map(len, pieces))]
    text = "".join(pieces)
    if text != words:
        # Characters that are composed to one stay with the line that the first of them is of.
        ends = [0, *(match.end() for match in CLUSTER.finditer(text))]
        moved = [ends[bisect_left(ends, each)] for each in places]
        pieces = [unicodedata.normalize("NFC", text[start:end]) for start, end in pairwise(moved)]
        if "".join(pieces) != words:
            return
        places = [0, *accumulate(map(len, pieces))]
    at = dict(zip(cuts, places, strict=True))
    for start, end, line in part.lines:
        if at[start] < at[end]:
            yield at[start], at[end], line


def _strip(pieces: list[str], order: range, how: Callable[[str], str]) -> None:
    """White space taken from one end of what the pieces make together."""
    for number in order:
        pieces[number] = how(pieces[number])
        if pieces[number]:
            return
