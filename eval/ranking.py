"""Recall, MRR, nDCG and MAP of what was found, by ir_measures: documents by name, passages by place.

A passage is relevant where it holds a gold span whole. Gold spans that overlap are one, and so are
those that one found passage holds.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from eval.question import Question, Span

MEASURES = {"recall@1": "R@1", "recall@5": "R@5", "recall@10": "R@10", "mrr@10": "RR@10", "ndcg@10": "nDCG@10", "map": "AP"}
# The least difference of two scores, which trec_eval's 32-bit numbers still tell apart.
STEP = 1e-6
# document, start, end, score
Place = tuple[str, int, int, float]
Ranking = list[tuple[str, float]]


def by_document(found: Iterable[Sequence[Any]]) -> Ranking:
    """The documents of found places, best first, each with its best passage's score.

    Scores fall strictly, for trec_eval orders what is equal by name, whatever was shown first.
    """
    best: dict[str, float] = {}
    for document, _, _, score in found:
        best[document] = max(float(score), best.get(document, -2.0))
    return _falling(sorted(best.items(), key=lambda each: -each[1]))


def by_passage(found: Iterable[Sequence[Any]], spans: Sequence[Span]) -> tuple[Ranking, list[str]]:
    """The found passages, those that hold gold under the gold's name; and the names of all gold."""
    gold = _merged(spans)
    left = dict(enumerate(gold))
    ranking: list[tuple[str, float]] = []
    wanted: list[str] = []
    for number, (document, start, end, score) in enumerate(found):
        held = [
            key for key, group in left.items()
            if any(each.document == document and start <= each.start and each.end <= end for each in group)
        ]  # fmt: skip
        for key in held:
            del left[key]
        if held:
            wanted.append(f"gold{held[0]}")
        ranking.append((f"gold{held[0]}" if held else f"other{number}", float(score)))
    return _falling(ranking), wanted + [f"gold{key}" for key in left]


def measured(gold: Mapping[str, Mapping[str, int]], rankings: Mapping[str, Ranking]) -> dict[str, dict[str, float]]:
    """Each question's measures. `gold`: the grade of each relevant name by question."""
    import ir_measures
    from ir_measures import Qrel, ScoredDoc

    if not gold:
        return {}
    qrels = [Qrel(key, name, grade) for key, names in gold.items() for name, grade in names.items()]
    run = [ScoredDoc(key, name, score) for key in gold for name, score in rankings[key]]
    names = {ir_measures.parse_measure(name): key for key, name in MEASURES.items()}
    # A question that found nothing is not among the values: it has earned nothing.
    values = {key: dict.fromkeys(MEASURES, 0.0) for key in gold}
    for each in ir_measures.iter_calc(list(names), qrels, run):
        values[each.query_id][names[each.measure]] = float(each.value)
    return values


def trec_lines(question: Question, ranking: Ranking) -> str:
    """The ranking as trec_eval reads it: question Q0 document rank score run."""
    return "".join(
        f"{column(question.id)} Q0 {column(name)} {rank} {score:.6f} yinju\n" for rank, (name, score) in enumerate(ranking, 1)
    )


def column(name: str) -> str:
    """White space parts the columns of the format, so that alone (and the per cent sign) is encoded."""
    return "".join(quote(each) if each.isspace() or each == "%" else each for each in name)


def _falling(ranking: Ranking) -> Ranking:
    falling: Ranking = []
    last = float("inf")
    for name, score in ranking:
        last = round(min(score, last - STEP), 6)
        falling.append((name, last))
    return falling


def _merged(spans: Sequence[Span]) -> list[list[Span]]:
    """Spans in groups that overlap."""
    groups: list[list[Span]] = []
    reach: tuple[str, int] = ("", -1)
    for each in sorted(spans, key=lambda span: (span.document, span.start, span.end)):
        if groups and each.document == reach[0] and each.start < reach[1]:
            groups[-1].append(each)
            reach = (each.document, max(reach[1], each.end))
        else:
            groups.append([each])
            reach = (each.document, each.end)
    return groups
