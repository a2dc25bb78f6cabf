"""Bytes of any kind harm nothing that reads them: the kept inputs at every run, and libFuzzer for some seconds where asked."""

import io
import random
import zipfile
from pathlib import Path

import pytest

from fuzz.__main__ import KEPT, run
from fuzz.grown import FOLDER, MOST_BYTES, MOST_INPUTS, fitting, grown
from fuzz.target import checked
from fuzz.targets import NAMES, load

# Of every target in the slow test; docs/fuzzing.md has what longer runs found.
SECONDS = 8
MOST_KEPT = 300_000


@pytest.mark.parametrize("name", NAMES)
def test_what_once_did_harm_and_what_is_usual_do_none(name: str) -> None:
    target = load(name)
    inputs = dict(target.seeds()) | {each.name: each.read_bytes() for each in kept(name)}
    assert inputs
    for each in inputs.values():
        assert len(each) <= target.longest
        checked(target, each)


def test_what_is_kept_is_small_and_of_a_target() -> None:
    assert {each.name for each in KEPT.iterdir()} <= set(NAMES)
    assert sum(each.stat().st_size for each in KEPT.rglob("*")) < MOST_KEPT


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.stem)
def test_what_is_grown_is_small_and_of_a_target(path: Path) -> None:
    target = load(path.stem)
    assert path.suffix == ".zip" and path.stem in NAMES and path.stat().st_size <= MOST_BYTES
    inputs = grown(path.stem)
    assert 0 < len(inputs) <= MOST_INPUTS and all(len(each) <= target.longest for each in inputs.values())


def test_the_smallest_inputs_are_kept_as_far_as_they_fit() -> None:
    inputs = [bytes([number]) * 40 + random.Random(number).randbytes(1_500) for number in range(100)]
    made, count = fitting(inputs)
    assert 30 < count < 100 and len(made) <= MOST_BYTES and fitting(inputs[:3])[1] == 3
    with zipfile.ZipFile(io.BytesIO(made)) as file:
        assert [file.read(each) for each in file.namelist()] == inputs[:count]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_libfuzzer_makes_does_harm(name: str, tmp_path: Path) -> None:
    ran = run(name, SECONDS, tmp_path)
    assert not ran.said, f"{ran.found}: {ran.said[-3000:]}"
    assert ran.executions


def kept(name: str) -> list[Path]:
    return sorted((KEPT / name).glob("*"))
