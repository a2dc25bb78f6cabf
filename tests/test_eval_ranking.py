"""Our measures of ranking against trec_eval's own code (pytrec_eval), to the last digit."""

from pathlib import Path

import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from eval import run
from eval.ranking import MEASURES, Ranking, by_document, measured, trec_lines
from tests.test_eval_run import QUESTIONS, SET, Opened, opened

__all__ = ["opened"]
THEIRS = {"recall@1": "recall_1", "recall@5": "recall_5", "recall@10": "recall_10", "ndcg@10": "ndcg_cut_10", "map": "map"}
NAMES = [f"d{number}" for number in range(20)]
GRADES = st.dictionaries(st.sampled_from(NAMES), st.integers(1, 3), min_size=1)
# Cosines, in the order they were found in; equal ones and neighbours among them.
FOUND = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from([0.9, 0.9000001, 0.90000005, 0.5, 0.25, 0.0, -0.5])), max_size=30)


def trec_eval(gold: dict[str, dict[str, int]], ranked: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """The measures of MEASURES by question. trec_eval's reciprocal rank has no depth, so it is given ten documents."""
    whole = pytrec_eval.RelevanceEvaluator(gold, {"recall.1,5,10", "ndcg_cut.10", "map"}).evaluate(ranked)
    first = {key: dict(sorted(row.items(), key=lambda each: -each[1])[:10]) for key, row in ranked.items()}
    ranks = pytrec_eval.RelevanceEvaluator(gold, {"recip_rank"}).evaluate(first)
    return {key: {ours: whole[key][theirs] for ours, theirs in THEIRS.items()} | {"mrr@10": ranks[key]["recip_rank"]} for key in whole}


@settings(deadline=None)
@given(st.lists(st.tuples(GRADES, FOUND), min_size=1, max_size=4))
def test_every_measure_is_trec_evals(sets: list[tuple[dict[str, int], list[tuple[str, float]]]]) -> None:
    gold = {f"q{number}": grades for number, (grades, _) in enumerate(sets)}
    rankings: dict[str, Ranking] = {
        f"q{number}": by_document((name, 0, 1, score) for name, score in sorted(found, key=lambda each: -each[1]))
        for number, (_, found) in enumerate(sets)
    }
    theirs = trec_eval(gold, {key: dict(ranking) for key, ranking in rankings.items() if ranking})
    ours = measured(gold, rankings)
    for key in gold:  # a question that found nothing is not among theirs, and has earned nothing
        assert ours[key] == theirs.get(key, dict.fromkeys(MEASURES, 0.0))


def test_run_trec_is_read_and_counted_as_the_run_says(opened: Opened, tmp_path: Path) -> None:
    metrics = run(SET, opened(), tmp_path / "run").metrics
    with (tmp_path / "run" / "run.trec").open() as file:
        ranked = pytrec_eval.parse_run(file)
    gold = {q.id.replace(" ", "%20"): dict.fromkeys(q.documents, 1) for q in QUESTIONS if q.documents}
    theirs = trec_eval(gold, ranked)
    for ours, group in ((each, "documents" if each == "map" else "retrieval") for each in MEASURES):
        mean = sum(theirs[key][ours] for key in gold) / len(gold)
        assert metrics[group][ours] == pytest.approx(mean, abs=1e-6)  # written with six digits


def test_a_name_with_spaces_is_one_column() -> None:
    assert trec_lines(QUESTIONS[0], [("the %\u3000match.txt", 0.5)]) == "q%2011 Q0 the%20%25%E3%80%80match.txt 1 0.500000 yinju\n"
