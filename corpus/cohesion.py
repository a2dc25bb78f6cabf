"""How far two stretches of text speak of the same things: lexical cohesion.

Words and pairs of characters weighed by how few of the file's paragraphs hold them (tf-idf cosine),
the measure of Hearst 1997, "TextTiling", Computational Linguistics 23(1), section 4.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from math import log, sqrt

WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+|[^\W\d_\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]{4,}|\d{2,}"
)

Bag = Counter[str]
Rarity = Mapping[str, float]


def bag(text: str) -> Bag:
    """Words of four letters or more, cut to six, and pairs of characters in scripts without spaces."""
    found: Bag = Counter()
    for word in WORD.findall(text.casefold()):
        if word[0] >= "\u3040":
            found.update(word[at : at + 2] for at in range(len(word) - 1))
        else:
            found[word[:6]] += 1
    return found


def rarity(paragraphs: Iterable[str]) -> Rarity:
    """How much each term tells these paragraphs apart (idf)."""
    bags = [bag(each) for each in paragraphs]
    counts = Counter(term for each in bags for term in each)
    return {term: log((len(bags) + 1) / count) for term, count in counts.items()}


def cosine(one: Bag, other: Bag, rare: Rarity) -> float:
    """0 where nothing is shared, 1 where all is."""

    def weights(terms: Bag) -> dict[str, float]:
        return {term: (1 + log(count)) * rare.get(term, 0.0) for term, count in terms.items()}

    left, right = weights(one), weights(other)
    shared = sum(weight * right[term] for term, weight in left.items() if term in right)
    norms = sum(each * each for each in left.values()) * sum(each * each for each in right.values())
    return shared / sqrt(norms) if norms else 0.0


def share(part: Bag, whole: Bag, rare: Rarity) -> float:
    """How much (0 to 1) of the terms of `part` the whole holds too."""
    most = max(rare.values(), default=1.0)
    total = sum(rare.get(term, most) for term in part)
    return sum(rare.get(term, most) for term in part if term in whole) / total if total else 0.0
