"""The passages of a question, by vectors and words together.

    score = cosine + by_words · words + by_pairs · pairs + by_translation · translated

For a passage in another script than the question, the cosine is that of the question's adapted vector (`rag.adapter`).
The last three are BM25 over the highest that a passage could reach (`rag.lexical.Scores.shares`), not
over the best that one did reach: where no passage holds the question's words, as when it is asked in
another language, they change nothing. Candidates are the best of each way; each has all its figures.

All this is of texts, by their numbers; the best of them are turned into the passages that have them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from embeddings.index import Flags, Ids, VectorIndex, Vectors
from rag.lexical import EITHER, NO_WORDS, PAIRS, WORDS, Floats, Lexical, Scores
from rag.settings import Settings
from rag.words import Asked

# Scores of which the highest is looked at first, to leave out all that is below enough such (`_best`).
BLOCK = 256
# How much wider is looked where candidates are of no passage any longer.
WIDER = 4
# Of a library whose words are not known.
NOTHING = (Scores(np.zeros(0, np.float32), 0.0),) * 3
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
    """The texts in another script than the question (`texts`: a flag for each number), its vector (dimension) for them,
    and what makes their cosines comparable with the others'."""

    texts: Flags
    vector: Vectors
    slope: float = 1.0
    offset: float = 0.0

    def cosine(self, product: float) -> float:
        """From the product of its vector with a passage's."""
        return product * self.slope + self.offset


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
    settings: Settings, among: Among | None = None, far: Far | None = None,
) -> list[Hit]:  # fmt: skip
    """The `count` best passages of a question (`vector`: dimension), best first, equals by id.

    With `among`, only those; with `far`, texts that are far are found by their own vector.
    """
    allowed = None if among is None else among.texts
    total = len(index) if allowed is None else int(np.count_nonzero(allowed))
    kinds = ((WORDS, asked.words), (PAIRS, asked.pairs), (EITHER, asked.translations))
    found = [] if lexical is NO_WORDS else lexical.search(*kinds)
    together = _together(found, settings)
    pool = max(count, settings.pool)
    while True:
        texts = _texts(index, found, together, vector, pool, allowed, far)
        hits = _hits(texts, passages if among is None else among.passages, count)
        # Texts that no passage has any longer, or none yet, may have taken the place of others.
        if len(hits) >= count or pool >= total:
            return hits
        pool = min(WIDER * pool, total)


def _together(found: Sequence[Scores], settings: Settings) -> Floats:
    """What words add to the cosine of every text."""
    weights = (settings.by_words, settings.by_pairs, settings.by_translation)
    together = np.zeros(len(found[0].texts) if found else 0, np.float32)
    part = np.empty_like(together)
    for each, weight in zip(found, weights, strict=False):
        if each.highest and weight:
            together += np.multiply(each.texts, np.float32(weight / each.highest), out=part)
    return together


def _texts(
    index: VectorIndex, found: Sequence[Scores], together: Floats, vector: Vectors, pool: int,
    allowed: Flags | None, far: Far | None,
) -> list[Hit]:  # fmt: skip
    """The texts that are among the `pool` best of any way, best first; a hit's id is the text's number."""
    cosines = dict(index.search(vector, pool, allowed if far is None else _both(~far.texts, allowed)))
    if far is not None:
        across = index.search(far.vector, pool, _both(far.texts, allowed))
        cosines |= {each: far.cosine(value) for each, value in across}
    ways = [*(each.texts for each in found if each.highest), together]
    chosen = {int(each) for scores in ways for each in _best(scores, pool, allowed)}
    missing = sorted(chosen - cosines.keys())
    for each, row in zip(missing, index.vectors(np.array(missing, np.int64)), strict=True):
        across_it = far is not None and bool(far.texts[each])
        cosines[each] = far.cosine(float(row @ far.vector)) if far is not None and across_it else float(row @ vector)
    hits = []
    for each, cosine in cosines.items():
        words, pairs, translated = (float(some.texts[each]) / some.highest if some.highest else 0.0 for some in found or NOTHING)
        score = cosine + (float(together[each]) if found else 0.0)
        hits.append(Hit(each, score, cosine, words, pairs, translated, far is not None and bool(far.texts[each])))
    return sorted(hits, key=lambda each: (-each.score, each.id))


def _hits(texts: Sequence[Hit], passages: Passages, count: int) -> list[Hit]:
    """The best `count` passages with these texts, best first, equals by id."""
    hits: list[Hit] = []
    for text in texts:
        if len(hits) >= count and text.score < hits[-1].score:
            break
        hits += [replace(text, id=each) for each in passages(text.id, count)]
    return sorted(hits, key=lambda each: (-each.score, each.id))[:count]


def _both(one: Flags, other: Flags | None) -> Flags:
    return one if other is None else one & other


def _best(scores: Floats, count: int, allowed: Flags | None) -> Ids:
    """The places of the `count` highest scores over 0."""
    scores = scores if allowed is None else np.where(allowed, scores, np.float32(0))
    columns = len(scores) // BLOCK
    bound = np.float32(0)
    if columns > count:
        # So many scores apart from one another are as high as this, so what is below is not among the best.
        highest = scores[: BLOCK * columns].reshape(BLOCK, columns).max(axis=0)
        bound = np.partition(highest, columns - count)[columns - count]
    places = np.flatnonzero(scores >= bound) if bound > 0 else np.flatnonzero(scores)
    if len(places) > count:
        places = places[np.argpartition(-scores[places], count)[:count]]
    return places
