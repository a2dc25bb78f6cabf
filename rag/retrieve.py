"""The passages of a question, by vectors and words together.

    score = cosine + by_words · words + by_pairs · pairs + by_translation · translated

For a passage in another script than the question, the cosine is that of the question's adapted vector (`rag.adapter`).
The last three are BM25 over the highest that a passage could reach (`rag.lexical.Scores.shares`), not
over the best that one did reach: where no passage holds the question's words, as when it is asked in
another language, they change nothing. Candidates are the best of each way; each has all its figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from corpus.vector_table import Ids
from embeddings.index import VectorIndex, Vectors
from rag.lexical import EITHER, NO_WORDS, PAIRS, WORDS, Flags, Floats, Lexical
from rag.settings import Settings
from rag.words import Asked


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
    """The passages in another script than the question (`passages`: a flag each), its vector (dimension) for them,
    and what makes their cosines comparable with the others'."""

    passages: Flags
    vector: Vectors
    slope: float = 1.0
    offset: float = 0.0

    def cosine(self, product: float) -> float:
        """From the product of its vector with a passage's."""
        return product * self.slope + self.offset

    def holds(self, ids: Ids, identity: int) -> bool:
        return bool(self.passages[np.searchsorted(ids, identity)])


def retrieve(
    index: VectorIndex, lexical: Lexical, ids: Ids, asked: Asked, vector: Vectors, count: int,
    settings: Settings, among: Ids | None = None, far: Far | None = None,
) -> list[Hit]:  # fmt: skip
    """The `count` best passages of a question (`vector`: dimension), best first, equals by id.

    `ids` are all passages, sorted, as `lexical` counts them. With `among`, only those of these ids; with `far`,
    those that are far are found by their own vector.
    """
    pool = max(count, settings.pool)
    if far:
        cosines = dict(_nearest(index, vector, pool, ids, ~far.passages, among))
        across = _nearest(index, far.vector, pool, ids, far.passages, among)
        cosines |= {each: far.cosine(value) for each, value in across}
    else:
        cosines = dict(index.search(vector, pool, among))
    if lexical is NO_WORDS:
        nearest = list(cosines.items())[:count]
        return [Hit(each, cosine, cosine, 0.0, 0.0, 0.0) for each, cosine in nearest]
    words = lexical.search(WORDS, asked.words).shares
    pairs = lexical.search(PAIRS, asked.pairs).shares
    translated = lexical.search(EITHER, asked.translations).shares
    together = np.float32(settings.by_words) * words + np.float32(settings.by_pairs) * pairs
    together += np.float32(settings.by_translation) * translated
    allowed = None if among is None else np.isin(ids, among)
    chosen = [_best(each, pool, allowed) for each in (words, pairs, translated, together)]
    places = np.unique(np.concatenate([*chosen, np.searchsorted(ids, sorted(cosines))]))
    found = [int(each) for each in ids[places]]
    missing = [each for each in found if each not in cosines]
    if missing:
        rows = index.vectors(np.array(missing, np.int64))
        for each, row in zip(missing, rows, strict=True):
            if far and far.holds(ids, each):
                cosines[each] = far.cosine(float(row @ far.vector))
            else:
                cosines[each] = float(row @ vector)
    hits = [
        Hit(each, cosines[each] + float(together[place]), cosines[each], float(words[place]), float(pairs[place]),
            float(translated[place]), far is not None and bool(far.passages[place]))
        for each, place in zip(found, places, strict=True)
    ]
    return sorted(hits, key=lambda each: (-each.score, each.id))[:count]


def _nearest(
    index: VectorIndex, vector: Vectors, count: int, ids: Ids, side: Flags, among: Ids | None
) -> Sequence[tuple[int, float]]:
    """The nearest of those passages that are on one side."""
    inside = ids[side]
    if 2 * len(inside) >= len(ids):
        # To search all is sooner than to search among many, and mostly finds enough of them.
        found = index.search(vector, count, among)
        on_side = [each for each in found if side[np.searchsorted(ids, each[0])]]
        if len(on_side) == len(found):
            return on_side
    inside = inside if among is None else np.intersect1d(inside, among)
    return index.search(vector, count, inside) if len(inside) else []


def _best(scores: Floats, count: int, allowed: "np.ndarray[tuple[int], np.dtype[np.bool_]] | None") -> "Sequence[int] | Ids":
    """The places of the `count` highest scores over 0."""
    scores = scores if allowed is None else np.where(allowed, scores, np.float32(0))
    places = np.argpartition(-scores, count)[:count] if len(scores) > count else np.arange(len(scores))
    return places[scores[places] > 0]
