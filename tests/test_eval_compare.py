import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import permutation_test, rankdata
from sklearn.metrics import roc_auc_score

from corpus import QuestionError
from eval import compare
from eval.compare import parse_fails
from eval.metrics import MEANS
from eval.significance import Numbers, auroc_difference, differences, holm, randomisation
from tests.conftest import Yinju


def written(folder: Path, hits: list[float], question_set: str = "s", p95: float = 80.0, **settings: object) -> Path:
    """A run folder as `run` leaves it, with what `compare` reads. Every second question has no answer."""
    folder.mkdir()
    content = {"latency_ms": {"p95": p95}, "abstention": {"auroc": None}, "settings": {"question_set": question_set} | settings}
    (folder / "metrics.json").write_text(json.dumps(content))
    with (folder / "run.csv").open("w", newline="") as file:
        sheet = csv.DictWriter(file, ["id", "question", "answerable", "quote", "confidence", *MEANS], restval="")
        sheet.writeheader()
        for number, hit in enumerate(hits):
            sheet.writerow({"id": number, "question": f"Question {number}?", "answerable": 1 - number % 2, "quote": "yes" if hit else "", "confidence": 0.5, "quotes.hit@1": hit})
    return folder


def test_a_change_is_told_with_its_wins_and_what_differs_in_settings(tmp_path: Path) -> None:
    before = written(tmp_path / "a", [0, 0, 0, 0, 0, 1, 1, 1], words=0.2)
    after = written(tmp_path / "b", [1, 1, 1, 1, 1, 1, 1, 0], words=0.4)
    (found,) = compare([before, after])
    change = found.measures["quotes.hit@1"]
    assert (change.wins, change.losses, change.ties) == (5, 1, 2)
    assert change.delta == pytest.approx(0.5) and change.interval is not None and change.interval[0] < 0.5 < change.interval[1]
    assert found.settings == {"words": (0.2, 0.4)}
    assert [each.id for each in found.changed if each.change > 0] == ["0", "1", "2", "3", "4"]
    assert [(each.id, each.after) for each in found.changed if each.change < 0] == [("7", "(not answered, confidence 0.5)")]
    assert "quotes.hit@1" in found._repr_html_()


def test_runs_of_other_questions_are_refused(tmp_path: Path) -> None:
    before, after = written(tmp_path / "a", [0, 1]), written(tmp_path / "b", [0, 1], "other")
    with pytest.raises(QuestionError, match="are runs of different questions; run the same set twice to compare"):
        compare([before, after])
    with pytest.raises(QuestionError, match="holds no finished run"):
        compare([before, tmp_path])
    with pytest.raises(QuestionError, match="give two or more"):
        compare([before])


@pytest.mark.parametrize(
    ("name", "whole", "damaged"),
    [("run.csv", ",0.5,", ",sure,"), ("run.csv", "0,Question 0?,1", "0,Question 0?,x"), ("metrics.json", '{"question_set": "s"}', '"x"'), ("metrics.json", "80.0", "1" + "0" * 400)],
)
def test_a_damaged_run_is_said(tmp_path: Path, name: str, whole: str, damaged: str) -> None:
    before, after = written(tmp_path / "a", [0, 1]), written(tmp_path / "b", [0, 1])
    content = (after / name).read_text()
    assert whole in content
    (after / name).write_text(content.replace(whole, damaged))
    with pytest.raises(QuestionError, match="b holds no finished run; give the --output folder"):
        compare([before, after])


@pytest.mark.parametrize("text", ["quotes.hit@1", "quotes.hit@1 < a", "hit < 0", "< 0.1"])
def test_a_condition_that_cannot_be_read_is_said(text: str) -> None:
    with pytest.raises(QuestionError, match="--fail-if"):
        parse_fails(text)


def test_a_loss_fails_the_build(yinju: Yinju, tmp_path: Path) -> None:
    better, worse = written(tmp_path / "a", [1, 1, 1, 1]), written(tmp_path / "b", [1, 1, 1, 0])
    failed = yinju("compare", better, worse, "--fail-if", "quotes.hit@1 < -0.01", "--json")
    assert failed.returncode == 1 and json.loads(failed.stdout)["failed"] == [f"{worse}: quotes.hit@1 < -0.01"]
    assert json.loads(failed.stdout)["comparisons"][0]["measures"]["quotes.hit@1"]["losses"] == 1
    passed = yinju("compare", worse, better, "--fail-if", "quotes.hit@1 < -0.01")
    assert passed.returncode == 0 and "+0.250" in passed.stdout
    refused = yinju("compare", better, tmp_path / "none")
    assert refused.returncode == 2 and len(refused.stderr.strip().splitlines()) == 1


def test_any_figure_can_fail_the_build(yinju: Yinju, tmp_path: Path) -> None:
    fast, slow = written(tmp_path / "a", [1, 1]), written(tmp_path / "b", [1, 1], p95=200.0)
    failed = yinju("compare", fast, slow, "--fail-if", "latency_ms.p95 > 100")
    assert failed.returncode == 1 and "failed: " in failed.stdout and "+120.000" in failed.stdout
    assert yinju("compare", slow, fast, "--fail-if", "latency_ms.p95 > 100").returncode == 0
    unknown = yinju("compare", fast, slow, "--fail-if", "latency_ms.p42 > 100")
    assert unknown.returncode == 2 and "have no latency_ms.p42 in common; they have quotes.hit@1" in unknown.stderr


CHANCE = np.random.default_rng(7)
ANSWERABLE = np.array([1.0] * 60 + [0.0] * 60)
SURE = CHANCE.normal(ANSWERABLE, 1.0)


def test_an_auroc_that_rose_is_told_from_one_that_is_the_same() -> None:
    better = auroc_difference(SURE, SURE + 2 * ANSWERABLE, ANSWERABLE)
    assert better is not None and better.interval is not None and better.p < 0.01
    assert better.delta == pytest.approx(better.after - better.before) and better.interval[0] < better.delta < better.interval[1]
    assert better.before == pytest.approx(roc_auc_score(ANSWERABLE, SURE))
    assert better.wins > 2 * better.losses
    other = auroc_difference(CHANCE.normal(ANSWERABLE, 1.0), CHANCE.normal(ANSWERABLE, 1.0), ANSWERABLE)
    assert other is not None and other.p > 0.05


def test_a_confidence_on_another_scale_is_no_change_of_auroc() -> None:
    same = auroc_difference(SURE, np.exp(3 * SURE), ANSWERABLE)
    assert same is not None and (same.delta, same.p, same.ties) == (0, 1, 120)
    assert auroc_difference(SURE, SURE, np.ones(120)) is None


def test_a_chance_of_auroc_is_scipys_paired_permutation() -> None:
    first, second, truth = SURE[40:80], CHANCE.normal(1.5 * ANSWERABLE[40:80], 1.0), ANSWERABLE[40:80]

    def apart(one: Numbers, other: Numbers) -> float:
        return float(roc_auc_score(truth, other) - roc_auc_score(truth, one))

    theirs = permutation_test((rankdata(first), rankdata(second)), apart, permutation_type="samples", vectorized=False,
                              n_resamples=800, rng=np.random.default_rng(1))  # fmt: skip
    ours = auroc_difference(first, second, truth)
    assert ours is not None and ours.p == pytest.approx(theirs.pvalue, abs=0.05)


def test_auroc_stands_among_the_measures_and_is_corrected_with_them(tmp_path: Path) -> None:
    (found,) = compare([written(tmp_path / "a", [0] * 12), written(tmp_path / "b", [1] * 12)])
    assert set(found.measures) == {"quotes.hit@1", "abstention.auroc"}
    assert found.measures["quotes.hit@1"].p_holm == pytest.approx(2 * found.measures["quotes.hit@1"].p)
    assert found.figures == {"latency_ms.p95": (80.0, 80.0)}


def test_randomisation_is_exact_where_all_swaps_can_be_counted() -> None:
    # Of the 2^6 ways to swap six equal changes, two are as large.
    assert randomisation(np.array([1.0] * 6 + [0.0] * 9)) == pytest.approx(2 / 64, abs=0.006)
    assert randomisation(np.zeros(5)) == 1.0
    assert randomisation(np.array([1.0, -1.0])) == 1.0


def test_holm_is_holms_own_example() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_a_corrected_chance_is_never_smaller_and_keeps_the_order(chances: list[float]) -> None:
    corrected = holm(chances)
    assert all(chance <= found <= 1 for chance, found in zip(chances, corrected, strict=True))
    assert [each for _, each in sorted(zip(chances, corrected, strict=True))] == sorted(corrected)


def test_only_questions_that_both_runs_measure_are_compared() -> None:
    nan = float("nan")
    found = differences({"m": np.array([1, 0, nan])}, {"m": np.array([1, nan, 1])})["m"]
    assert (found.before, found.after, found.ties) == (1, 1, 1)
