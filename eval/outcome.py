"""One answer held against its gold: what it earned, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval.fold import holds
from eval.official import by_characters, exact_match, f1
from eval.question import Question
from eval.ranking import MEASURES, by_document, by_passage, measured

# An answer as it is kept while a run goes on: `ask --json` with its quotes however unsure it is, its `id`,
# and `ranked`: document, start, end and score of every place found.
Kept = Mapping[str, Any]

DOCUMENT = tuple("documents.map" if each == "map" else f"retrieval.{each}" for each in MEASURES)
PASSAGE = tuple(f"passages.{each}" for each in MEASURES)
QUOTE = ("quotes.hit@1", "quotes.hit@3", "quotes.exact@1", "quotes.f1@1", "quotes.mean_chars")
ANSWERED = ("abstention.answered_when_answerable", "abstention.answered_when_not")
OFFICIAL = ("official.exact", "official.f1")
NAMES = (*DOCUMENT, *PASSAGE, *QUOTE, *ANSWERED, *OFFICIAL)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`values` by measure, of those that can be told of this question; `right`: whether its best quote,
    given or held back, is right (None where that cannot be told)."""

    question: Question
    answered: bool
    confidence: float
    right: bool | None
    values: Mapping[str, float]
    why: str


def outcomes(pairs: Sequence[tuple[Question, Kept]]) -> list[Outcome]:
    """Some questions at once, so that ranking is measured for all of them together."""
    documents = {q.id: by_document(kept["ranked"]) for q, kept in pairs if _placed(q)}
    gold = {q.id: dict(zip(q.documents, q.grades or (1,) * len(q.documents), strict=True)) for q, _ in pairs if _placed(q)}
    earned = measured(gold, documents)
    passages = {q.id: by_passage(kept["ranked"], q.spans) for q, kept in pairs if q.answerable and q.spans}
    held = measured({key: dict.fromkeys(names, 1) for key, (_, names) in passages.items()},
                    {key: ranking for key, (ranking, _) in passages.items()})  # fmt: skip
    return [_outcome(q, kept, earned.get(q.id), held.get(q.id)) for q, kept in pairs]


def quote_right(question: Question, quote: Mapping[str, Any]) -> bool:
    """By text where there are gold answers (`eval.fold`), else by place: the quote overlaps a gold span."""
    if question.answers:
        return holds(quote["text"], question.answers)
    return any(
        each.document == quote["document"] and each.start < quote["end"] and quote["start"] < each.end
        for each in question.spans
    )


def marked(kept: Kept) -> str:
    """The answering words of the first quote; nothing where it has none or none is given."""
    first = kept["quotes"][0] if kept["answered"] and kept["quotes"] else None
    return first["answer"]["text"] if first and first["answer"] else ""


def _placed(question: Question) -> bool:
    return question.answerable and bool(question.documents)


def _outcome(
    q: Question, kept: Kept, documents: Mapping[str, float] | None, passages: Mapping[str, float] | None
) -> Outcome:
    values: dict[str, float] = {}
    for prefix, earned in ((DOCUMENT, documents), (PASSAGE, passages)):
        if earned is not None:
            values |= dict(zip(prefix, (earned[each] for each in MEASURES), strict=True))
    given = kept["quotes"][:3] if kept["answered"] else []
    right = quote_right(q, kept["quotes"][0]) if q.has_gold and kept["quotes"] else False
    hits = [quote_right(q, each) for each in given] if q.has_gold else []
    if q.has_gold:
        values["quotes.hit@1"], values["quotes.hit@3"] = float(any(hits[:1])), float(any(hits))
    if (q.answerable and q.answers) or not q.answerable:
        rule = by_characters(q.question, q.answers, q.lang)
        gold = q.answers if q.answerable else ("",)
        exact, shared = exact_match(marked(kept), gold, rule), f1(marked(kept), gold, rule)
        if not q.answerable:  # of what has no answer, only silence is right, also where nothing could be marked
            exact = shared = float(not kept["answered"])
        else:
            values["quotes.exact@1"], values["quotes.f1@1"] = exact, shared
        values["official.exact"], values["official.f1"] = exact, shared
    if given:
        values["quotes.mean_chars"] = float(len(given[0]["text"]))
    values[ANSWERED[0] if q.answerable else ANSWERED[1]] = float(kept["answered"])
    known = q.has_gold or not q.answerable
    why = _why(q, kept, hits, right, documents)
    return Outcome(q, kept["answered"], kept["confidence"], right if known else None, values, why)


def _why(q: Question, kept: Kept, hits: Sequence[bool], right: bool, documents: Mapping[str, float] | None) -> str:
    if not q.answerable:
        return "missed: answered, though the documents do not say" if kept["answered"] else "hit: rightly not answered"
    if not q.has_gold:
        return "no gold answer"
    if any(hits):
        place = hits.index(True) + 1
        how = "holds the gold answer" if q.answers else "stands where the gold does"
        return f"hit: quote 1 {how}" if place == 1 else f"missed at 1: only quote {place} {how}"
    if not kept["answered"]:
        other = "; the quote held back was right" if right else ""
        return f"missed: not answered, confidence {kept['confidence']:.2f}{other}"
    if documents is not None and not documents["recall@10"]:
        return "missed: the gold document is not among the first ten"
    if documents is not None and not documents["recall@1"]:
        return "missed: another document stands before the gold one"
    if kept["quotes"][0]["document"] in q.documents:
        return "missed: another sentence of the gold document is quoted"
    return "missed: the quote does not hold the gold answer"
