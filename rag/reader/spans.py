"""From scores of tokens to the words that answer: of every sentence its best span, and how likely it answers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus import Sentence

# Tokens of the longest answer.
LONGEST_ANSWER = 48
Scores = NDArray[np.float32]
# What no answer begins or ends with.
EDGES = " \t\n\u3000、，。；：,.;:!?！？—–·•*|"
OPENING, CLOSING = "（([［【《〈「『“‘{\"'", "）)]］】》〉」』”’}\"'"


@dataclass(frozen=True)
class Span:
    """The best words of a sentence: first and last token of the passage.

    `best` is these words' log-odds against "not here", and `mass` the log-odds of all of the
    sentence's words together.
    """

    sentence: int
    first: int
    last: int
    best: float
    mass: float


def spans(scores: Scores, null: float, bounds: Sequence[tuple[int, int]]) -> list[Span]:
    """Of each sentence (a range of tokens) its best span. `scores` has the shape (tokens, 2)."""
    found = []
    for number, (start, end) in enumerate(bounds):
        if end <= start:
            continue
        first, last, best = _best(scores[start:end])
        mass = _logsum(scores[start:end, 0]) + _logsum(scores[start:end, 1])
        found.append(Span(number, start + first, start + last, best - 2 * null, mass - 2 * null))
    return found


def _best(scores: Scores) -> tuple[int, int, float]:
    """First and last token of the span with the highest sum of scores, and the sum."""
    sums = scores[:, None, 0] + scores[None, :, 1]
    at = np.arange(len(scores))
    length = at[None, :] - at[:, None]
    sums[(length < 0) | (length >= LONGEST_ANSWER)] = -np.inf
    first, last = divmod(int(np.argmax(sums)), len(scores))
    return first, last, float(sums[first, last])


def _logsum(values: Scores) -> float:
    top = float(values.max())
    return top + float(np.log(np.exp(values - top).sum()))


def words_of(offsets: NDArray[np.int64], first: int, last: int, start: int) -> Sentence:
    """The characters of the tokens `first` to `last`; the passage begins at `start` of its document."""
    return Sentence(start + int(offsets[first, 0]), start + int(offsets[last, 1]))


def tidied(text: str, span: Sentence) -> Sentence | None:
    """The span without punctuation at its edges and without a bracket or quotation mark that has no other half in it.

    None where nothing is left.
    """
    start, end = span.start, span.end
    while start < end:
        words = text[start:end]
        first, last = words[0], words[-1]
        if first in EDGES or _lacks(words, first, OPENING, CLOSING) or (first in CLOSING and first not in OPENING):
            start += 1
        elif (
            (last in EDGES and not ABBREVIATED.search(words))
            or _lacks(words, last, CLOSING, OPENING)
            or (last in OPENING and last not in CLOSING)
        ):
            end -= 1
        else:
            return Sentence(start, end)
    return None


def _lacks(words: str, edge: str, these: str, others: str) -> bool:
    """Whether the bracket at an edge has no partner within the words."""
    at = these.find(edge)
    if at < 0:
        return False
    other = others[at]
    return words.count(edge) % 2 == 1 if other == edge else words.count(edge) > words.count(other)


# The full stop of an abbreviation belongs to it: U.S., J. R.
ABBREVIATED = re.compile(r"(?:^|[\s.])[^\W\d_]\.$")
