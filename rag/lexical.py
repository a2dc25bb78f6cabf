"""Passages by the words of a question: BM25 over the library's own table of postings.

    score = Σ idf(t) · tf · (k1 + 1) / (tf + k1 · (1 − b + b · length / PIVOT))

(Robertson and Zaragoza 2009, eq. 3.15, with a fixed pivot instead of the mean length.) The fraction
is of the passage alone, so it is reckoned when the passage is stored, in a byte (after BM25S, Lù 2024);
idf is of the library, and reckoned when it is asked. What stands for one word of the question counts as
one term: its frequency is that of any of them, its weight the best of them (after Pirkola 1998).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from corpus.posting_table import PostingTable, Rows
from rag.words import Group, Terms, passage_terms

# Chosen on the training part of the shared sets (bench/fusion.py); words and pairs alike.
K1, B, PIVOT = 0.9, 0.4, 200.0
# Terms of the two kinds are told apart by their first letter.
WORDS, PAIRS, EITHER = "w", "p", ""
# Stands with a text that is mostly in a script without spaces.
UNSPACED = "u"

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Scores:
    """BM25 of every passage (n, in the order of their ids), and what a passage of all terms could reach."""

    passages: Floats
    highest: float

    @property
    def shares(self) -> Floats:
        """Scores from 0 to 1: how much of the question, weighed by rarity, a passage holds."""
        return self.passages / np.float32(self.highest) if self.highest else self.passages


class Lexical(Protocol):
    """Passages of an open library, found by words."""

    def search(self, kind: str, groups: Sequence[Group]) -> Scores:
        """The score of every passage, in ascending order of their ids."""
        ...

    def holds(self, terms: Sequence[str]) -> bool:
        """Whether any passage has any of these terms, given with their kind's letter."""
        ...

    @property
    def unspaced(self) -> Flags:
        """Which passages, in ascending order of their ids, are in a script without spaces."""
        ...


class StoredLexical:
    """The postings of a library as they stand; `ids` are all passages, `texts` the number of each one's text."""

    def __init__(self, table: PostingTable, ids: Rows, texts: Rows) -> None:
        self._table = table
        self.ids = ids
        self._texts = texts
        self._used = np.zeros(int(texts.max(initial=0)) + 1, bool)
        self._used[texts] = True
        self._used[0] = False
        self._count = int(self._used.sum())
        self._held: dict[tuple[str, ...], bool] = {}

    @classmethod
    def open(cls, table: PostingTable) -> "StoredLexical":
        return cls(table, *table.of_passages())

    @property
    def whole(self) -> bool:
        """Whether every passage can be found by its words."""
        return bool(self._texts.all())

    def search(self, kind: str, groups: Sequence[Group]) -> Scores:
        # By `kind`, `words` or `pairs`; with none, the alternatives have their kind's letter.
        found = self._table.find(list(dict.fromkeys(kind + each for group in groups for each in group.alternatives)))
        scores = np.zeros(len(self._used), np.float32)
        highest = 0.0
        for group in groups:
            sure = group.weights or (1.0,) * len(group.alternatives)
            rows, weights = self._any_of([
                (found[kind + each][0], found[kind + each][1] * np.float32(weight))
                for each, weight in zip(group.alternatives, sure, strict=True) if kind + each in found
            ])  # fmt: skip
            weight = group.count * log(1 + (self._count - len(rows) + 0.5) / (len(rows) + 0.5))
            highest += weight * (K1 + 1)
            scores[rows] += np.float32(weight * (K1 + 1) / 255) * weights
        return Scores(scores[self._texts], highest)

    def holds(self, terms: Sequence[str]) -> bool:
        key = tuple(terms)
        if key not in self._held:
            self._held[key] = any(self._any_of([found])[0].size for found in self._table.find(terms).values())
        return self._held[key]

    @cached_property
    def unspaced(self) -> Flags:
        flags = np.zeros(len(self._used), bool)
        flags[self._any_of(list(self._table.find([UNSPACED]).values()))[0]] = True
        return flags[self._texts]

    def _any_of(self, some: Sequence[tuple[Rows, NDArray[Any]]]) -> tuple[Rows, Floats]:
        """Where any of several terms stands, with the best of their weights; of texts in use only."""
        if not some:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        rows, weights = some[0]
        if len(some) > 1:
            best = np.zeros(len(self._used), np.float32)
            for rows, weights in some:
                inside = rows < len(best)
                best[rows[inside]] = np.maximum(best[rows[inside]], weights[inside])
            rows = np.flatnonzero(best)
            weights = best[rows]
        kept = rows < len(self._used)
        kept[kept] = self._used[rows[kept]]
        return rows[kept], weights[kept]


class NoWords:
    """Of a library whose words are not known: no passage has any."""

    def search(self, kind: str, groups: Sequence[Group]) -> Scores:
        return Scores(np.zeros(0, np.float32), 0.0)

    def holds(self, terms: Sequence[str]) -> bool:
        return False

    @property
    def unspaced(self) -> Flags:
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
