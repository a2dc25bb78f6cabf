"""Texts by the words of a question: BM25 over the library's own table of postings.

    score = Σ idf(t) · tf · (k1 + 1) / (tf + k1 · (1 − b + b · length / PIVOT))

(Robertson and Zaragoza 2009, eq. 3.15, with a fixed pivot instead of the mean length.) The fraction
is of the text alone, so it is reckoned when the text is stored, in a byte (after BM25S, Lù 2024);
idf is of the library, and reckoned when it is asked. What stands for one word of the question counts as
one term: its frequency is that of any of them, its weight the best of them (after Pirkola 1998).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from corpus.posting_table import PostingTable, Rows, Weights
from embeddings.index import Flags, Ids
from rag.words import Group, Terms, passage_terms

# Chosen on the training part of the shared sets (bench/fusion.py); words and pairs alike.
K1, B, PIVOT = 0.9, 0.4, 200.0
# Terms of the two kinds are told apart by their first letter.
WORDS, PAIRS, EITHER = "w", "p", ""
# Stands with a text that is mostly in a script without spaces.
UNSPACED = "u"

Floats = NDArray[np.float32]
# Of each term, the numbers of the texts that hold it, ascending, and its weights there.
Postings = Mapping[str, tuple[Rows, Weights]]
NONE: Rows = np.empty(0, np.int64)


@dataclass(frozen=True)
class Scores:
    """BM25 of every text, by its number (n), and what a text of all terms could reach.

    `found` are the numbers of the texts that hold any of the terms, each once or more often.
    """

    texts: Floats
    highest: float
    found: Ids

    @property
    def shares(self) -> Floats:
        """Scores from 0 to 1: how much of the question, weighed by rarity, a text holds."""
        return self.texts / np.float32(self.highest) if self.highest else self.texts


class Lexical(Protocol):
    """Texts of an open library, found by words."""

    def search(self, *asked: tuple[str, Sequence[Group]]) -> list[Scores]:
        """The scores of every text for each kind of terms and the groups of it that are asked for."""
        ...

    def holds(self, terms: Sequence[str]) -> bool:
        """Whether any text has any of these terms, given with their kind's letter."""
        ...

    def in_script(self, unspaced: bool) -> Flags:
        """Which texts, by their numbers, are in a script without spaces, or which are not."""
        ...


class StoredLexical:
    """The postings of a library as they stand; `alive` says which numbers are those of texts.

    A question touches its own postings and little else: no array of a number for each text is gone through.
    """

    def __init__(self, table: PostingTable, alive: Flags, before: "StoredLexical | None" = None) -> None:
        """With `before`, the same as it was when there were fewer texts, only what is new is read."""
        self._table = table
        self._alive = alive
        self._count = int(np.count_nonzero(alive))
        self._all = self._count == len(alive) - 1
        self._before = before
        self._held: dict[tuple[str, ...], bool] = {}

    def caught_up(self, alive: Flags) -> "StoredLexical":
        """The same with the texts that are there now."""
        return StoredLexical(self._table, alive, self)

    def search(self, *asked: tuple[str, Sequence[Group]]) -> list[Scores]:
        # By `words` or `pairs`; with neither, the alternatives have their kind's letter.
        terms = [kind + each for kind, groups in asked for group in groups for each in group.alternatives]
        postings = self._table.find(list(dict.fromkeys(terms)))
        return [self._scores(kind, groups, postings) for kind, groups in asked]

    def _scores(self, kind: str, groups: Sequence[Group], postings: Postings) -> Scores:
        scores = np.zeros(len(self._alive), np.float32)
        highest = 0.0
        touched = []
        for group in groups:
            rows, values = self._any_of(kind, group, postings)
            weight = group.count * log(1 + (self._count - len(rows) + 0.5) / (len(rows) + 0.5))
            highest += weight * (K1 + 1)
            if len(rows):
                scores[rows] += np.float32(weight * (K1 + 1) / 255) * values
                touched.append(rows)
        return Scores(scores, highest, np.concatenate(touched) if touched else NONE)

    def _any_of(self, kind: str, group: Group, postings: Postings) -> tuple[Rows, Floats | Weights]:
        """The texts that hold any of a group's terms, each once, and the best of the terms' weights there."""
        sure = group.weights or (1.0,) * len(group.alternatives)
        some = [(*postings[kind + each], weight) for each, weight in zip(group.alternatives, sure, strict=True)
                if kind + each in postings]  # fmt: skip
        if not some:
            return NONE, np.empty(0, np.uint8)
        rows, values = some[0][0], some[0][1] if some[0][2] == 1 else some[0][1] * np.float32(some[0][2])
        if len(some) > 1:
            rows = np.concatenate([each for each, _, _ in some])
            values = np.concatenate([weights * np.float32(weight) for _, weights, weight in some])
            # Each term's rows ascend already: a stable sort merges them.
            order = np.argsort(rows, kind="stable")
            rows = rows[order]
            first = np.flatnonzero(np.diff(rows, prepend=-1))
            rows, values = rows[first], np.maximum.reduceat(values[order], first)
        # Of what is damaged the last need not be the highest.
        if self._all and (not len(rows) or int(rows.max()) < len(self._alive)):
            return rows, values
        there = self._there(rows)
        return rows[there], values[there]

    def holds(self, terms: Sequence[str]) -> bool:
        key = tuple(terms)
        if key not in self._held:
            self._held[key] = any(self._there(rows).any() for rows, _ in self._table.find(terms).values())
        return self._held[key]

    def in_script(self, unspaced: bool) -> Flags:
        return self._in_unspaced if unspaced else self._in_spaced

    @cached_property
    def _in_unspaced(self) -> Flags:
        return self._unspaced & self._alive

    @cached_property
    def _in_spaced(self) -> Flags:
        return self._alive & ~self._unspaced

    @cached_property
    def _unspaced(self) -> Flags:
        """Which numbers are of texts without spaces; those of removed texts say nothing."""
        known = self._before._unspaced if self._before is not None else np.zeros(0, bool)
        flags = np.zeros(len(self._alive), bool)
        flags[: len(known)] = known[: len(flags)]
        for rows, _ in self._table.find([UNSPACED], after=len(known) - 1).values():
            flags[rows[rows < len(flags)]] = True
        self._before = None
        return flags

    def _there(self, rows: Rows) -> Flags:
        """Whether each number is that of a text."""
        if self._all:
            return rows < len(self._alive)
        kept = rows < len(self._alive)
        kept[kept] = self._alive[rows[kept]]
        return kept


class NoWords:
    """Of a library whose words are not known: no text has any."""

    def search(self, *asked: tuple[str, Sequence[Group]]) -> list[Scores]:
        return [Scores(np.zeros(0, np.float32), 0.0, NONE) for _ in asked]

    def holds(self, terms: Sequence[str]) -> bool:
        return False

    def in_script(self, unspaced: bool) -> Flags:
        return np.zeros(0, bool)


NO_WORDS = NoWords()


def weights(text: str) -> Mapping[str, int]:
    """The terms of a passage's text as they are stored, each with its weight (1 to 255)."""
    return weights_of(passage_terms(text))


def weights_of(terms: Terms) -> Mapping[str, int]:
    script = {UNSPACED: 1} if terms.unspaced else {}
    return _weighed(WORDS, terms.words) | _weighed(PAIRS, terms.pairs) | script


def _weighed(kind: str, terms: Sequence[str]) -> dict[str, int]:
    norm = K1 * (1 - B + B * len(terms) / PIVOT)
    counts = Counter(terms)
    weight = {count: max(1, round(255 * count / (count + norm))) for count in set(counts.values())}
    return {kind + term: weight[count] for term, count in counts.items()}
