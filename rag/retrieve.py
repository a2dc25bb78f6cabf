"""The passages of a question, by vectors and words together.

    score = cosine + by_words · words + by_pairs · pairs + by_translation · translated

For a passage in another script than the question, the cosine is that of the question's adapted vector (`rag.adapter`).
The last three are BM25 over the highest that a passage could reach (`rag.lexical.Scores.shares`), not
over the best that one did reach: where no passage holds the question's words, as when it is asked in
another language, they change nothing. Candidates are the nearest and those with the best words; each has all its figures.

All this is of texts, by their numbers; the best of them are turned into the passages that have them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from math import sqrt

import numpy as np

from embeddings.index import Flags, Ids, VectorIndex, Vectors
from rag.lexical import EITHER, NO_WORDS, PAIRS, WORDS, Floats, Lexical, Scores, together
from rag.settings import Settings
from rag.words import Asked

# Texts with the best words that are looked at: so many times the nearest, or the root of their number (1,200 of a million;
# bench/scale.py: of a quarter as many .05 of the ten best by both are lost).
BY_WORDS, ROOTS = 2, 1.2
# Of all these, so many for each of the nearest are measured by their vectors: those that are best as far as their codes tell
# (bench/scale.py, a million: .993 of the ten best; .990 of 5, .995 of 32, which take 8 ms longer).
MEASURED = 8
# From so many texts on, the nearest are looked for by another thread while words are: to hand it over takes a tenth of a millisecond.
TOGETHER = 50_000
# Texts of which it is said at once what their scores are made of: as many as are mostly asked for.
AT_ONCE = 16
# The best of all texts by words are looked for in blocks of so many.
BLOCK = 64
# How much wider is looked where candidates are of no passage any longer.
WIDER = 4
# The ids of a text's passages, ascending, so many at most.
Passages = Callable[[int, int], Sequence[int]]


@dataclass(frozen=True)
class Hit:
    """A passage found: its id, its score, what that is made of (shares of the question, 0 to 1), and whether it is
    in another script than the question."""

    id: int
    score: float
    cosine: float
    words: float
    pairs: float
    translated: float
    far: bool = False


@dataclass(frozen=True)
class Far:
    """The texts in another script than the question (`texts`: a flag for each number; `near` are the others; `unspaced`: it is one
    without spaces), its vector (dimension) for them, and what makes their cosines comparable with the others'."""

    texts: Flags
    near: Flags
    unspaced: bool
    vector: Vectors
    slope: float = 1.0
    offset: float = 0.0

    def cosines(self, products: Floats) -> Floats:
        """From the products of its vector with passages'."""
        return products * np.float32(self.slope) + np.float32(self.offset)


@dataclass(frozen=True)
class Near:
    """The numbers of texts that are near, and about their cosines (n)."""

    numbers: Ids
    cosines: Floats


@dataclass(frozen=True)
class Among:
    """The passages that may be found, where not all may: the number of the text and the id of each, sorted."""

    numbers: Ids
    ids: Ids
    texts: Flags

    @classmethod
    def of(cls, numbers: Ids, ids: Ids, count: int) -> "Among":
        """`count` is how many flags there are: that of the highest number is the last."""
        texts = np.zeros(count, bool)
        texts[numbers[numbers < count]] = True
        return cls(numbers, ids, texts)

    def passages(self, number: int, count: int) -> Sequence[int]:
        first, end = np.searchsorted(self.numbers, (number, number + 1))
        return [int(each) for each in self.ids[first : min(end, first + count)]]


def retrieve(
    index: VectorIndex, lexical: Lexical, passages: Passages, asked: Asked, vector: Vectors, count: int,
    settings: Settings, among: Among | None = None, far: Far | None = None, beside: Executor | None = None,
) -> list[Hit]:  # fmt: skip
    """The `count` best passages of a question (`vector`: dimension), best first, equals by id.

    With `among`, only those; with `far`, texts that are far are found by their own vector. With `beside`, vectors of a large index
    are compared there while words are looked up.
    """
    allowed = None if among is None else among.texts
    total = len(index) if allowed is None else int(np.count_nonzero(allowed))
    kinds = ((WORDS, asked.words), (PAIRS, asked.pairs), (EITHER, asked.translations))
    pool = max(count, settings.pool)
    weights = (settings.by_words, settings.by_pairs, settings.by_translation)
    nearest = partial(_near, index, vector, pool, allowed, far)
    meanwhile = beside.submit(nearest) if beside is not None and len(index) >= TOGETHER else None
    try:
        found = [] if lexical is NO_WORDS else lexical.search(*kinds)
        added = together((each, weight) for each, weight in zip(found, weights, strict=False) if each.held and weight)
    finally:  # nothing goes on with an index that may be changed by then
        near = nearest() if meanwhile is None else meanwhile.result()
    while True:
        texts = _texts(index, found, added, near, vector, pool, allowed, far)
        hits = _hits(texts, passages if among is None else among.passages, count)
        # Texts that no passage has any longer, or none yet, may have taken the place of others.
        if len(hits) >= count or pool >= total:
            return hits
        pool = min(WIDER * pool, total)
        near = _near(index, vector, pool, allowed, far)


def _near(index: VectorIndex, vector: Vectors, pool: int, allowed: Flags | None, far: Far | None) -> list[Near]:
    """The texts nearest to the question and, apart from them, as many of those that are far."""
    if far is None:
        return [Near(*index.scan(vector, pool, allowed))]
    numbers, products = index.scan(far.vector, pool, _both(far.texts, allowed), far.unspaced)
    return [Near(*index.scan(vector, pool, _both(far.near, allowed), not far.unspaced)), Near(numbers, far.cosines(products))]


def _guessed(index: VectorIndex, numbers: Ids, near: Sequence[Near], vector: Vectors, far: Far | None) -> Floats:
    """About the cosines of these texts (ascending)."""
    guessed = np.empty(len(numbers), np.float32)
    unknown = np.ones(len(numbers), bool)
    for each in near:
        places = np.searchsorted(numbers, each.numbers)
        guessed[places], unknown[places] = each.cosines, False
    across = far.texts[numbers] if far is not None else np.zeros(len(numbers), bool)
    some = np.flatnonzero(unknown & ~across)
    guessed[some] = index.products(numbers[some], vector)
    if far is not None:
        some = np.flatnonzero(unknown & across)
        guessed[some] = far.cosines(index.products(numbers[some], far.vector))
    return guessed


def _texts(
    index: VectorIndex, found: Sequence[Scores], added: Floats, near: Sequence[Near], vector: Vectors, pool: int,
    allowed: Flags | None, far: Far | None,
) -> Iterator[Hit]:  # fmt: skip
    """The texts that are near, or among the best by words (`added`: what words add to the cosine of each), best first; a hit's id is
    the text's number."""
    if not len(added):  # no word was found
        added = np.zeros(1 + max((int(each.numbers.max(initial=0)) for each in near), default=0), np.float32)
        allowed = None if allowed is None else allowed[: len(added)]  # what is near is among these
    by_words = best_by_words(added, max(BY_WORDS * pool, int(ROOTS * sqrt(len(index)))), allowed)
    numbers = np.unique(np.concatenate([by_words, *(each.numbers for each in near)]))
    if len(numbers) > MEASURED * pool:
        likely = _guessed(index, numbers, near, vector, far) + added[numbers]
        numbers = numbers[np.sort(np.argpartition(-likely, MEASURED * pool)[: MEASURED * pool])]
    rows = index.vectors(numbers)
    there = rows.any(axis=1)  # a flag may be that of a number that is gone
    numbers, rows = numbers[there], rows[there]
    cosines = rows @ vector
    across = np.zeros(len(numbers), bool)
    if far is not None:
        across = far.texts[numbers]
        cosines = np.where(across, far.cosines(rows @ far.vector), cosines)
    scores = cosines + added[numbers]
    order = np.lexsort((numbers, -scores))
    for start in range(0, len(order), AT_ONCE):
        some = order[start : start + AT_ONCE]
        shares = [each.shares_of(numbers[some]) for each in found] or 3 * [np.zeros(len(some), np.float32)]
        for at, *three in zip(some, *shares, strict=True):
            words, pairs, translated = map(float, three)
            yield Hit(int(numbers[at]), float(scores[at]), float(cosines[at]), words, pairs, translated, bool(across[at]))


def _hits(texts: Iterable[Hit], passages: Passages, count: int) -> list[Hit]:
    """The best `count` passages with these texts, best first, equals by id."""
    hits: list[Hit] = []
    for text in texts:
        if len(hits) >= count and text.score < hits[-1].score:
            break
        hits += [replace(text, id=each) for each in passages(text.id, count)]
    return sorted(hits, key=lambda each: (-each.score, each.id))[:count]


def _both(one: Flags, other: Flags | None) -> Flags:
    return one if other is None else one & other


def best_by_words(added: Floats, count: int, allowed: Flags | None = None) -> Ids:
    """The numbers of the `count` texts to which words add most, of those that hold any and are allowed."""
    return _highest(added if allowed is None else added * allowed, count)


def _highest(scores: Floats, count: int) -> Ids:
    """The numbers of the `count` highest scores above 0. As many blocks have one as high as the least of their highest."""
    highest = scores[: len(scores) // BLOCK * BLOCK].reshape(-1, BLOCK).max(axis=1)
    least = np.partition(highest, -count)[-count] if len(highest) > count else 0.0
    some: Ids = np.flatnonzero(scores >= least if least > 0 else scores > 0)
    return some if len(some) <= count else some[np.argpartition(-scores[some], count)[:count]]
