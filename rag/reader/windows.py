"""What the reader is given: the tokens of a question and of a window of a passage, with their offsets."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from corpus.sentences import sentences
from embeddings.pieces import TokenizerLike

PROMPT = "query: "
# Of a longer one the end is read: there stands what is asked.
LONGEST_QUESTION = 80


@dataclass(frozen=True)
class Tokens:
    """A text's token numbers, and where each stands in the text: shape (n,) and (n, 2)."""

    ids: NDArray[np.int64]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)

    def part(self, start: int, end: int) -> "Tokens":
        return Tokens(self.ids[start:end], self.offsets[start:end])


def joined(first: Tokens, second: Tokens) -> Tokens:
    return Tokens(np.concatenate([first.ids, second.ids]), np.concatenate([first.offsets, second.offsets]))


def tokenized(tokenizer: TokenizerLike, texts: Sequence[str]) -> list[Tokens]:
    """The tokens of each text with offsets into it (through the tokenizer's own normalisation).

    A token's offsets leave out the white space before it.
    """
    if not texts:
        return []
    encoded = tokenizer.encode_batch(list(texts), add_special_tokens=False)
    return [
        Tokens(np.array(each.ids, dtype=np.int64), _without_space(text, each.offsets))
        for text, each in zip(texts, encoded, strict=True)
    ]


def _without_space(text: str, offsets: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    tight = np.array(offsets, dtype=np.int64).reshape(-1, 2)
    for row in tight:
        while row[0] < row[1] and text[row[0]].isspace():
            row[0] += 1
        while row[1] > row[0] and text[row[1] - 1].isspace():
            row[1] -= 1
    return tight


def covering(tokens: Tokens, start: int, end: int) -> tuple[int, int] | None:
    """The first and the last token that touch the characters from `start` to `end`."""
    touched = np.flatnonzero((tokens.offsets[:, 1] > start) & (tokens.offsets[:, 0] < end))
    return (int(touched[0]), int(touched[-1])) if len(touched) else None


def sentence_bounds(text: str, tokens: Tokens) -> list[tuple[int, int]]:
    """The sentences of a text as ranges of tokens."""
    starts = tokens.offsets[:, 0]
    edges = [int(np.searchsorted(starts, each.start)) for each in sentences(text)]
    bounds = zip([0, *edges[1:]], [*edges[1:], len(tokens)], strict=True)
    return [(start, end) for start, end in bounds if end > start]


def grown(bounds: Sequence[tuple[int, int]], first: int, last: int, length: int, random: Random) -> tuple[int, int]:
    """Whole sentences around the tokens `first` to `last`, grown on either side by chance up to `length` tokens."""
    left = max((n for n, (start, _) in enumerate(bounds) if start <= first), default=0)
    right = min((n for n, (_, end) in enumerate(bounds) if end > last), default=len(bounds) - 1)
    while True:
        sides = [(left - 1, right)] * (left > 0) + [(left, right + 1)] * (right + 1 < len(bounds))
        fitting = [(a, b) for a, b in sides if bounds[b][1] - bounds[a][0] <= length]
        if not fitting:
            return bounds[left][0], bounds[right][1]
        left, right = random.choice(fitting)


@dataclass(frozen=True)
class Batch:
    """Windows side by side, padded: ids and masks of shape (n, tokens); `starts` is where each passage begins."""

    ids: NDArray[np.int64]
    attention: NDArray[np.bool_]
    passage: NDArray[np.bool_]
    starts: NDArray[np.int64]


@dataclass(frozen=True)
class Specials:
    """The numbers of the tokens that begin, end and pad."""

    begin: int
    stop: int
    pad: int

    @classmethod
    def of(cls, tokenizer: TokenizerLike) -> "Specials":
        begin, stop, pad = (int(tokenizer.token_to_id(each) or 0) for each in ("<s>", "</s>", "<pad>"))
        return cls(begin, stop, pad)


def row_of(specials: Specials, question: Tokens, passage: Tokens) -> NDArray[np.int64]:
    """Question and passage as `<s> question </s> </s> passage </s>`."""
    stop = [specials.stop]
    asked = question.ids[-LONGEST_QUESTION:]
    return np.concatenate([[specials.begin], asked, stop, stop, passage.ids, stop]).astype(np.int64)


def batched(tokenizer: TokenizerLike, pairs: Sequence[tuple[Tokens, Tokens]]) -> Batch:
    """Rows of `row_of` side by side."""
    specials = Specials.of(tokenizer)
    rows = [row_of(specials, question, passage) for question, passage in pairs]
    width = max(map(len, rows))
    ids = np.full((len(rows), width), specials.pad, dtype=np.int64)
    attention = np.zeros((len(rows), width), dtype=bool)
    passages = np.zeros((len(rows), width), dtype=bool)
    starts = np.zeros(len(rows), dtype=np.int64)
    for number, (row, (_, passage)) in enumerate(zip(rows, pairs, strict=True)):
        ids[number, : len(row)] = row
        attention[number, : len(row)] = True
        starts[number] = len(row) - 1 - len(passage)
        passages[number, starts[number] : len(row) - 1] = True
    return Batch(ids, attention, passages, starts)
