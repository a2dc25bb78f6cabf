"""The passages of a question, by vectors and words together.

    score = cosine + by_words · words + by_pairs · pairs + by_translation · translated

The last three are BM25 over the highest that a passage could reach (`rag.lexical.Scores.shares`), not
over the best that one did reach: where no passage holds the question's words, as when it is asked in
another language, they change nothing. Candidates are the best of each way; each has all its figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from corpus.vector_table import Ids
from embeddings.index import VectorIndex, Vectors
from rag.lexical import EITHER, NO_WORDS, PAIRS, WORDS, Floats, Lexical
from rag.settings import Settings
from rag.words import Asked


@dataclass(frozen=True)
class Hit:
    """A passage found: its id, its score, and what that is made of (shares of the question, 0 to 1)."""

    id: int
    score: float
    cosine: float
    words: float
    pairs: float
    translated: float


def retrieve(
    index: VectorIndex, lexical: Lexical, ids: Ids, asked: Asked, vector: Vectors, count: int,
    settings: Settings, among: Ids | None = None,
) -> list[Hit]:  # fmt: skip
    """The `count` best passages of a question (`vector`: dimension), best first, equals by id.

    `ids` are all passages, sorted, as `lexical` counts them. With `among`, only those of these ids.
    """
    pool = max(count, settings.pool)
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
        rows = index.vectors(np.array(missing, np.int64)) @ np.asarray(vector, np.float32)
        cosines |= {each: float(value) for each, value in zip(missing, rows, strict=True)}
    hits = [
        Hit(each, cosines[each] + float(together[place]), cosines[each], *(float(of[place]) for of in (words, pairs, translated)))
        for each, place in zip(found, places, strict=True)
    ]
    return sorted(hits, key=lambda each: (-each.score, each.id))[:count]


def _best(scores: Floats, count: int, allowed: "np.ndarray[tuple[int], np.dtype[np.bool_]] | None") -> "Sequence[int] | Ids":
    """The places of the `count` highest scores over 0."""
    scores = scores if allowed is None else np.where(allowed, scores, np.float32(0))
    places = np.argpartition(-scores, count)[:count] if len(scores) > count else np.arange(len(scores))
    return places[scores[places] > 0]
