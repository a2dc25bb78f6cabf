"""The passages of a question in a library that Milvus keeps: its searches, our fusion.

    score = cosine + by_words · words + by_pairs · pairs + by_translation · translated        (`rag.retrieve`)

Candidates are those nearest by vectors (in the question's script, and apart from them, by the adapted vector, in the others), those
whose terms weigh most (a sparse product: each passage has the weights of its terms, the question what each is worth), and the
best of Milvus' own full text, BM25 over its own words. Whatever one search has found, the others are asked of as well, so that
each candidate has all its figures; the best are then weighed as exactly as in a folder.
"""

import logging
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np

from corpus.errors import QuestionError
from corpus.milvus.collections import DENSE, FULL_TEXT, TERMS, passages_of, searching
from corpus.milvus.fields import expression
from corpus.milvus.frequencies import Frequencies, term_number
from corpus.milvus.library import MilvusLibrary
from corpus.milvus.passages import FREQUENCIES, kept_frequencies
from corpus.milvus.records import quoted_list
from corpus.term_weights import UNSPACED
from corpus.where import Condition, fulfils, require_known, searchable
from embeddings.index import Vectors
from rag.adapter import Adapter
from rag.lexical import EITHER, PAIRS, WORDS
from rag.retrieve import BY_WORDS, Hit
from rag.settings import Settings
from rag.translation import with_translations
from rag.words import Asked, Group, is_unspaced, question_terms

LOG = logging.getLogger(__name__)
# Searches of one question that are under way at once.
AT_ONCE = 4
# Of the candidates, the best so many for each that is asked for are weighed exactly.
WEIGHED = 2
# Documents that a condition may name one by one.
MOST_NAMED = 10_000
# So much of a question is given to full text.
LONGEST = 2_000


@dataclass(frozen=True)
class Found:
    """What one search gives of a passage."""

    score: float
    is_unspaced: bool


@dataclass(frozen=True)
class Weighed:
    """A term group of the question: its terms by number, how surely each is meant, and what the group is worth."""

    terms: tuple[int, ...]
    sure: tuple[float, ...]
    worth: float


class MilvusSearch:
    """`rag.engines.Searching` of a library in Milvus. What is held here are counts of terms, and only until they change."""

    def __init__(self, library: MilvusLibrary, adapter: Adapter | None) -> None:
        self._library = library
        self.adapter = adapter
        self._connection = library.connection
        self._collection = passages_of(library.connection.address)
        self._params = searching(str(self._index()), 200)
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(AT_ONCE, "milvus")
        self._frequencies = Frequencies.empty()
        self._seen: tuple[str, str] | None = None
        self.catch_up()

    def _index(self) -> object:
        names = self._connection.call("list_indexes", self._collection, field_name=DENSE)
        found = self._connection.call("describe_index", self._collection, index_name=names[0]) if names else {}
        return (found or {}).get("index_type", "FLAT")

    @property
    def has_words(self) -> bool:
        return True

    @property
    def seen(self) -> object:
        return self._seen

    def close(self) -> None:
        self._pool.shutdown()

    def catch_up(self) -> None:
        """Take up the counts of terms, where they were written anew."""
        rows = {each.id: each.data for each in self._library.records.get(["meta/generation", f"meta/{FREQUENCIES}"], ("id", "data"))}
        now = rows.get("meta/generation", ""), rows.get(f"meta/{FREQUENCIES}", "")
        with self._lock:
            if self._seen is None or now[1] != self._seen[1]:
                # Where they are just being written once more, those of before do as well.
                kept = kept_frequencies(self._library.records, now[1] or None)
                if kept is None and self._seen is None:
                    kept = self._library.rows.counted()
                self._frequencies = kept or self._frequencies
            self._seen = now

    def holds(self, terms: Sequence[str]) -> bool:
        """Whether any passage has any of these terms, as far as was counted (`rag.translation.Holding`)."""
        return self._frequencies.share(map(term_number, terms)) > 0

    def hits(self, question: str, vector: Vectors, count: int, settings: Settings, among: Condition | None = None) -> list[Hit]:
        """As `rag.engines.Searching` says."""
        only = self._expression(among) if among is not None else ""
        if only is None:
            return []
        asked = question_terms(question)
        if settings.by_translation:
            asked = with_translations(asked, question, self)
        kinds = self._weighed(asked, settings)
        return self._best(question, vector, count, settings, kinds, only)

    def _weighed(self, asked: Asked, settings: Settings) -> list[tuple[float, list[Weighed]]]:
        """For each kind of terms: what a passage with all of them would add to its cosine, and its groups, whose worths add up to 1."""
        given = ((settings.by_words, WORDS, asked.words), (settings.by_pairs, PAIRS, asked.pairs), (settings.by_translation, EITHER, asked.translations))
        return [(weight, self._groups(kind, groups)) for weight, kind, groups in given]

    def _groups(self, kind: str, groups: Sequence[Group]) -> list[Weighed]:
        total = max(self._frequencies.counted, 1)
        found = []
        for group in groups:
            terms = tuple(term_number(kind + each) for each in group.alternatives)
            holding = self._frequencies.share(terms) * total
            idf = log(1 + (total - holding + 0.5) / (holding + 0.5))
            found.append(Weighed(terms, group.weights or (1.0,) * len(terms), group.count * idf))
        # Of both, what a passage has and what it could have, K1 + 1 is a factor.
        highest = sum(each.worth for each in found)
        return [Weighed(each.terms, each.sure, each.worth / highest) for each in found] if highest else []

    def _best(
        self, question: str, vector: Vectors, count: int, settings: Settings, kinds: Sequence[tuple[float, list[Weighed]]], only: str
    ) -> list[Hit]:
        pool = max(count, settings.pool)
        unspaced = is_unspaced(question)
        sparse = _sparse(kinds)
        far = self._adapted(vector, unspaced)
        wanted: list[tuple[str, Any, str, int, str]] = []
        if far is None:
            wanted.append(("near", vector, DENSE, pool, only))
        else:
            wanted.append(("near", vector, DENSE, pool, _both(only, _in_script(bool(unspaced)))))
            wanted.append(("far", far, DENSE, pool, _both(only, _in_script(not unspaced))))
        if sparse:
            wanted.append(("terms", sparse, TERMS, BY_WORDS * pool, only))
        field = FULL_TEXT["unspaced" if unspaced else "spaced"][0]
        wanted.append(("text", question[:LONGEST], field, pool, only))
        found = dict(zip((each[0] for each in wanted), self._pool.map(lambda each: self._search(*each[1:]), wanted), strict=True))
        scripts = {identity: each.is_unspaced for some in found.values() for identity, each in some.items()}
        across = {identity for identity, script in scripts.items() if far is not None and script != unspaced}
        cosines = self._cosines(found, scripts, across, vector, far, bool(unspaced))
        by_terms = found.get("terms", {})
        lacking = [each for each in scripts if each not in by_terms]
        if sparse and lacking:
            by_terms = by_terms | self._search(sparse, TERMS, len(lacking), f"id in {lacking}")
        likely = sorted(cosines, key=lambda each: (-(cosines[each] + (by_terms[each].score if each in by_terms else 0.0)), each))
        likely = likely[: WEIGHED * count]
        return self._weighed_hits(likely, cosines, across, kinds)[:count]

    def _cosines(
        self, found: Mapping[str, Mapping[int, Found]], scripts: Mapping[int, bool], across: set[int], vector: Vectors, far: Vectors | None, unspaced: bool
    ) -> dict[int, float]:
        """The cosine of every candidate; of those across scripts as it is comparable with the others'."""
        near, others = dict(found["near"]), dict(found.get("far", {}))
        lacking = [each for each in scripts if each not in near and each not in across]
        if lacking:
            near |= self._search(vector, DENSE, len(lacking), f"id in {lacking}")
        lacking = [each for each in across if each not in others]
        if lacking and far is not None:
            others |= self._search(far, DENSE, len(lacking), f"id in {lacking}")
        cosines = {identity: each.score for identity, each in near.items() if identity not in across}
        if others and self.adapter is not None:
            offset = self.adapter.spaced if unspaced else self.adapter.unspaced
            cosines |= {identity: self.adapter.slope * each.score + offset for identity, each in others.items()}
        return cosines

    def _adapted(self, vector: Vectors, unspaced: bool | None) -> Vectors | None:
        """The question's vector for texts in the other scripts, where there are any and an adapter for them."""
        if self.adapter is None or unspaced is None:
            return None
        share = self._frequencies.share([term_number(UNSPACED)])
        return self.adapter.adapted(vector) if (share < 1 if unspaced else share > 0) else None

    def _weighed_hits(
        self, likely: Sequence[int], cosines: Mapping[int, float], across: set[int], kinds: Sequence[tuple[float, list[Weighed]]]
    ) -> list[Hit]:
        rows = self._connection.get(self._collection, list(likely), ("id", TERMS))
        hits = []
        for row in rows:
            identity, terms = int(row["id"]), row[TERMS]
            words, pairs, translated = (_share(groups, terms) for _, groups in kinds)
            added = sum(weight * share for (weight, _), share in zip(kinds, (words, pairs, translated), strict=True))
            hits.append(Hit(identity, cosines[identity] + added, cosines[identity], words, pairs, translated, identity in across))
        return sorted(hits, key=lambda each: (-each.score, each.id))

    def _search(self, asked: Any, field: str, limit: int, only: str) -> dict[int, Found]:
        """What a search of one field finds: by id."""
        metric = "BM25" if isinstance(asked, str) else "IP"
        params = {"metric_type": metric} | ({"params": self._params} if field == DENSE else {})
        data = asked.astype(np.float16) if field == DENSE and self._library.rows.halves else asked
        (rows,) = self._connection.call(
            "search", self._collection, data=[data], anns_field=field, limit=limit, filter=only, output_fields=["is_unspaced"], search_params=params
        )
        return {int(row["id"]): Found(float(row["distance"]), bool(row["entity"]["is_unspaced"])) for row in rows}

    def _expression(self, condition: Condition) -> str | None:
        """The condition as Milvus judges it; None where nothing fulfils it."""
        require_known(condition, self._library.fields())
        said = expression(condition)
        if said is not None:
            return said
        chosen = [identity for identity, name, title, metadata in self._library.labels() if fulfils(searchable(name, title, metadata), condition)]
        if len(chosen) > MOST_NAMED:
            raise QuestionError(f"the condition is fulfilled by {len(chosen):,} documents, more than can be named to Milvus one by one; "
                                "ask with one that holds neither % nor _")  # fmt: skip
        return f"document_id in {quoted_list(chosen)}" if chosen else None


def _sparse(kinds: Sequence[tuple[float, list[Weighed]]]) -> dict[int, float]:
    """The question as a sparse vector: its product with a passage's terms is about what words add to the cosine."""
    found: dict[int, float] = {}
    for weight, groups in kinds:
        for group in groups:
            for term, sure in zip(group.terms, group.sure, strict=True):
                value = weight * group.worth * sure
                if value > 0:
                    found[term] = found.get(term, 0.0) + value
    return found


def _share(groups: Sequence[Weighed], terms: Mapping[int, float]) -> float:
    """How much of these groups a passage holds (0 to 1): of each the best of its terms."""
    return sum(group.worth * max((terms.get(term, 0.0) * sure for term, sure in zip(group.terms, group.sure, strict=True)), default=0.0) for group in groups)


def _in_script(unspaced: bool) -> str:
    return f"is_unspaced == {'true' if unspaced else 'false'}"


def _both(one: str, other: str) -> str:
    return f"({one}) and ({other})" if one else other

