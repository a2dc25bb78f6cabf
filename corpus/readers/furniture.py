"""Running heads and page numbers of printed pages: what stands at the same place on several of them."""

import re
from collections import Counter
from collections.abc import Sequence

from corpus.readers.lines import Line

# The part of a page's height, from the top and from the bottom, in which they stand.
MARGIN = 0.16
PAGE_NUMBER = re.compile(
    r"\W*(?:第|page|p\.?|seite|página|стр\.?)?\s*(?:\d{1,5}|[ivxlc]{1,7})\s*(?:页|頁)?\s*(?:(?:/|of|von|de|共)\s*\d{1,5}\s*(?:页|頁)?)?\W*",
    re.I,
)
# A few points of play: a page may be scanned, or trimmed, a little askew.
PLAY = 6.0
# White space between them and the text, in letters' sizes: lines of text stand closer.
APART = 0.9


def without_furniture(pages: Sequence[Sequence[Line]], heights: Sequence[float]) -> list[list[Line]]:
    """The pieces of each page without its running heads and page number."""
    marginal = [
        [each for each in page if each.bottom < MARGIN * height or each.top > (1 - MARGIN) * height]
        for page, height in zip(pages, heights, strict=True)
    ]
    counts = Counter(key for page in marginal for key in {near for each in page for near in _near(each)})
    same = Counter(key for page in marginal for key in {_exactly(each) for each in page})
    often = 2 if len(pages) < 5 else 3
    # Text may happen to stand where text much like it stood; the very same on a third of all pages does not.
    surely = max(3, len(pages) // 3)
    found = []
    for page, at_margin in zip(pages, marginal, strict=True):
        suspects = [
            each
            for each in at_margin
            if PAGE_NUMBER.fullmatch(each.text) or any(counts[near] >= often for near in _near(each))
        ]
        sure = [each for each in suspects if same[_exactly(each)] >= surely]
        suspects = [each for each in suspects if each not in sure]
        text = [each for each in page if each not in suspects and each not in sure]
        # A line of text that is much like one on another page stands close to other text.
        while close := [each for each in suspects if not all(_is_apart(each, other) for other in text)]:
            text += close
            suspects = [each for each in suspects if each not in close]
        found.append([each for each in page if each not in suspects and each not in sure])
    return found


def _is_apart(piece: Line, other: Line) -> bool:
    return max(other.top - piece.bottom, piece.top - other.bottom) > APART * piece.size


def _exactly(piece: Line) -> tuple[str, int, int]:
    return piece.text, round(piece.middle), round(piece.left)


def _near(piece: Line) -> list[tuple[str, int]]:
    """What a piece says, numbers aside, and where: in two grids, as a place may be near the edge of one."""
    words = re.sub(r"\d+", "#", "".join(piece.text.split()))
    return [(words, int(piece.middle / PLAY)), (words, -1 - int((piece.middle + PLAY / 2) / PLAY))]
