"""Few open files, little memory: it works or is one sentence, and the library is whole afterwards."""

import random
from pathlib import Path

import pytest

from rag.check import check_library
from tests import victim
from tests.cheap import CheapEncoder
from tests.invariant import require_whole, texts, write
from tests.limited import under

SMALL, LARGE = texts(30), texts(60, seed=3)


def limits(scratch: Path, kind: str, tried: list[int]) -> None:
    library, folder = scratch / "library", scratch / "in"
    victim.index(write(folder, SMALL), library)
    works = dict.fromkeys(("ask", "index"), 0)
    for number, limit in enumerate(tried):
        write(folder, LARGE if number % 2 else SMALL)
        for name, argument in (("index", folder), ("ask", SMALL["3.txt"].split("\n")[0])):
            status, said = under(kind, limit, scratch / "log", name, argument, "--library", library)
            assert "Traceback" not in said and status in (0, 1, 2), (kind, limit, name, status, said)
            works[name] += not status
            assert not status or said.splitlines()[-1].startswith("yinju: "), (kind, limit, said)
        assert check_library(library, CheapEncoder()) == []
    print(f"{kind}: of {len(tried)} limits, worked: {works}")
    victim.index(write(folder, LARGE), library)
    require_whole(library, LARGE)


def test_with_few_open_files_it_works_or_is_one_sentence(tmp_path: Path) -> None:
    limits(tmp_path, "NOFILE", random.sample(range(4, 24), 2))


def test_with_little_memory_it_works_or_is_one_sentence(tmp_path: Path) -> None:
    limits(tmp_path, "AS", [0, 1024 * random.randint(1, 80)])


@pytest.mark.slow
def test_with_any_number_of_open_files_it_works_or_is_one_sentence(tmp_path: Path) -> None:
    limits(tmp_path, "NOFILE", list(range(3, 30)))


@pytest.mark.slow
def test_with_any_memory_it_works_or_is_one_sentence(tmp_path: Path) -> None:
    limits(tmp_path, "AS", [1024 * each for each in (*range(25), 30, 35, 40, 50, 64, 80, 100, 128, 200)])
