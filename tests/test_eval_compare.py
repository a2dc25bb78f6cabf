import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus import QuestionError
from eval import compare
from eval.compare import parse_fails
from eval.metrics import MEANS
from eval.significance import differences, holm, randomisation
from tests.conftest import Yinju


def written(folder: Path, hits: list[float], question_set: str = "s", **settings: object) -> Path:
    """A run folder as `run` leaves it, with what `compare` reads."""
    folder.mkdir()
    (folder / "metrics.json").write_text(json.dumps({"settings": {"question_set": question_set} | settings}))
    with (folder / "run.csv").open("w", newline="") as file:
        sheet = csv.DictWriter(file, ["id", "question", "quote", "confidence", *MEANS], restval="")
        sheet.writeheader()
        for number, hit in enumerate(hits):
            sheet.writerow({"id": number, "question": f"Question {number}?", "quote": "yes" if hit else "", "confidence": 0.5, "quotes.hit@1": hit})
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
