"""Texts by the words of a question: BM25 over the library's own table of postings.

    score = Σ idf(t) · tf · (k1 + 1) / (tf + k1 · (1 − b + b · length / PIVOT))

(Robertson and Zaragoza 2009, eq. 3.15, with a fixed pivot instead of the mean length.) The fraction
is of the text alone, so it is reckoned when the text is stored, in a byte (after BM25S, Lù 2024);
idf is of the library, and reckoned when it is asked. What stands for one word of the question counts as
one term: its frequency is that of any of them, its weight the best of them (after Pirkola 1998).
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from corpus.posting_file import PostingFile, TornFile
from corpus.posting_table import PostingTable, Rows, Weights
from corpus.term_weights import K1, UNSPACED, B
from embeddings.index import Flags, Ids
from rag.words import Group, Terms, passage_terms

LOG = logging.getLogger(__name__)

# Chosen as those of `corpus.term_weights` are.
PIVOT = 200.0
# Terms of the two kinds are told apart by their first letter.
WORDS, PAIRS, EITHER = "w", "p", ""
# Where more than one in so many texts hold a group's terms, the best weight of each is kept of every number.
MANY = 16
SMALL = 50_000

Floats = NDArray[np.float32]
# The numbers of texts, and a weight for each.
Piece = tuple[Rows, Floats | Weights]


@dataclass(frozen=True)
class Held:
    """The texts that hold a term, or any of a group; a text of the whole weight (255) gets `highest`.

    In `pieces` each text is once, with the best of its weights; where they are many, `all` has one of every number instead. In `terms`
    each term's texts are ascending.
    """

    pieces: Sequence[Piece]
    terms: Sequence[Piece]
    highest: float
    all: Floats | None = None

    def add_to(self, scores: Floats, times: float) -> None:
        one = np.float32(times * self.highest / 255)
        for rows, weights in self.pieces:
            np.add.at(scores, rows, one * weights)  # a text is once in them: as `+=`, in half the time
        if self.all is not None:
            scores += one * self.all

    def of(self, numbers: Ids) -> Floats:
        """What these texts get."""
        best = np.zeros(len(numbers), np.float32)
        for rows, weights in self.terms:
            if len(rows):
                at = np.minimum(np.searchsorted(rows, numbers), len(rows) - 1)
                best = np.where(rows[at] == numbers, np.maximum(best, weights[at]), best)
        return best * np.float32(self.highest / 255)


@dataclass(frozen=True)
class Scores:
    """BM25 of texts for one kind of terms, and what a text of all terms could reach.

    `size` is above every number of a text; of `gone` numbers, ascending, there is no text.
    """

    held: Sequence[Held]
    highest: float
    size: int
    gone: Ids

    @property
    def texts(self) -> Floats:
        """Of every text, by its number (size)."""
        return together([(self, self.highest)])

    @property
    def shares(self) -> Floats:
        """Scores from 0 to 1: how much of the question, weighed by rarity, a text holds."""
        return together([(self, 1.0)])

    def shares_of(self, numbers: Ids) -> Floats:
        """Of these texts. Of few texts in all, everyone's cost less than to look for some."""
        if self.size < SMALL:
            return self.shares[numbers] if self.held else np.zeros(len(numbers), np.float32)
        given = np.zeros(len(numbers), np.float32)
        for each in self.held:
            given += each.of(numbers)
        return given / np.float32(self.highest or 1)


def together(ways: Iterable[tuple[Scores, float]]) -> Floats:
    """The shares of every text, by its number, each times what it counts, added up; of one library at one moment."""
    added: Floats | None = None
    gone: Ids = NOTHING
    for scores, times in ways:
        added, gone = np.zeros(scores.size, np.float32) if added is None else added, scores.gone
        for each in scores.held:
            each.add_to(added, times / scores.highest)
    if added is None:
        return np.zeros(0, np.float32)
    added[gone] = 0
    return added


NOTHING: Ids = np.empty(0, np.int64)


class Lexical(Protocol):
    """Texts of an open library, found by words."""

    def search(self, *asked: tuple[str, Sequence[Group]]) -> list[Scores]:
        """The scores of texts for each kind of terms and the groups of it that are asked for."""
        ...

    def holds(self, terms: Sequence[str]) -> bool:
        """Whether any text has any of these terms, given with their kind's letter."""
        ...

    def in_script(self, unspaced: bool) -> Flags:
        """Which texts, by their numbers, are in a script without spaces, or which are not."""
        ...


class StoredLexical:
    """The postings of a library as they stand; `alive` says which numbers are those of texts."""

    def __init__(
        self, table: PostingTable, alive: Flags, file: PostingFile | None = None, before: "StoredLexical | None" = None
    ) -> None:
        """What is in the file is not read from the table. With `before`, the same as it was when there were fewer texts, only what is
        new is read."""
        self._table = table
        self.file = file
        self._alive = alive
        self._gone: Ids = np.flatnonzero(~alive)
        self._count = len(alive) - len(self._gone)
        self._before = before
        self._held: dict[tuple[str, ...], bool] = {}

    def search(self, *asked: tuple[str, Sequence[Group]]) -> list[Scores]:
        # By `words` or `pairs`; with neither, the alternatives have their kind's letter.
        terms = [kind + each for kind, groups in asked for group in groups for each in group.alternatives]
        postings = self._find(list(dict.fromkeys(terms)))
        scratch = np.zeros(len(self._alive), np.float32)
        return [self._scores(kind, groups, postings, scratch) for kind, groups in asked]

    def _find(self, terms: Sequence[str], after: int = 0) -> dict[str, list[Piece]]:
        """Of each term that is here: the texts that hold it, of those whose numbers are known. With `after`, lower ones may be left out."""
        found: dict[str, list[Piece]] = {}
        if self.file is not None and after < self.file.last:
            try:
                found = {term: [self._known(*some)] for term, some in self.file.find(terms).items()}
            except TornFile:
                LOG.warning("%s is not what was written: words are read from the database; delete it, and any `yinju index PATH` "
                            "writes it anew", self.file.path)  # fmt: skip
                self.file = None
        first = 0 if self.file is None else self.file.last + 1
        for term, some in self._table.find(terms, max(after, first - 1)).items():
            found.setdefault(term, []).append(self._known(*some, first))
        return found

    def _known(self, rows: Rows, weights: Weights, first: int = 0) -> Piece:
        """Those from a number on to the last that is known; of what is damaged that need not be the last of them."""
        if not len(rows) or first <= int(rows.min()) <= int(rows.max()) < len(self._alive):
            return rows, weights
        there = (rows >= first) & (rows < len(self._alive))
        return rows[there], weights[there]

    def _scores(
        self, kind: str, groups: Sequence[Group], postings: Mapping[str, Sequence[Piece]], scratch: Floats
    ) -> Scores:
        held, highest = [], 0.0
        for group in groups:
            sure = group.weights or (1.0,) * len(group.alternatives)
            terms = [(rows, weights if weight == 1 else weights * np.float32(weight))
                     for each, weight in zip(group.alternatives, sure, strict=True)
                     for rows, weights in postings.get(kind + each, ())]  # fmt: skip
            best = None
            if sum(kind + each in postings for each in group.alternatives) < 2:
                pieces: Sequence[Piece] = terms
            elif sum(len(rows) for rows, _ in terms) * MANY < len(self._alive):
                pieces = [self._best(terms, scratch)]
            else:
                pieces, best = (), self._best_of_all(terms)
            count = sum(self._still(rows) for rows, _ in pieces) if best is None else int(np.count_nonzero(best != 0))
            most = group.count * log(1 + (self._count - count + 0.5) / (count + 0.5)) * (K1 + 1)
            highest += most
            if count:
                held.append(Held(pieces, terms, most, best))
        return Scores(held, highest, len(self._alive), self._gone)

    def _still(self, rows: Rows) -> int:
        """How many of these numbers are those of texts; 0 is none's."""
        return len(rows) if len(self._gone) == 1 else int(np.count_nonzero(self._alive[rows]))

    def _best(self, terms: Sequence[Piece], scratch: Floats) -> Piece:
        """The texts that hold any of these terms, each once, and the best of the terms' weights there; `scratch` is left as it was, all 0."""
        fresh = []
        for rows, weights in terms:
            before = scratch.take(rows)
            fresh.append(rows.compress(before == 0))
            scratch[rows] = np.maximum(before, weights)
        numbers = np.concatenate(fresh)
        best = scratch.take(numbers)
        scratch[numbers] = 0
        return numbers, best

    def _best_of_all(self, terms: Sequence[Piece]) -> Floats:
        """The same of every number; 0 for those without a text that holds any."""
        best = np.zeros(len(self._alive), np.float32)
        for rows, weights in terms:
            best[rows] = np.maximum(best.take(rows), weights)
        best[self._gone] = 0
        return best

    def holds(self, terms: Sequence[str]) -> bool:
        key = tuple(terms)
        if key not in self._held:
            self._held[key] = any(self._alive[rows].any() for pieces in self._find(terms).values() for rows, _ in pieces)
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
        for rows, _ in self._find([UNSPACED], after=len(known) - 1).get(UNSPACED, ()):
            flags[rows] = True
        self._before = None
        return flags


class NoWords:
    """Of a library whose words are not known: no text has any."""

    def search(self, *asked: tuple[str, Sequence[Group]]) -> list[Scores]:
        return [Scores((), 0.0, 0, NOTHING) for _ in asked]

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
