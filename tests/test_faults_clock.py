"""Clocks that jump: what has changed is seen, whatever the times of files and of this machine say."""

import os
import random
import time
from pathlib import Path

import pytest

from corpus import Library
from corpus.feedback import Feedback, add_feedback
from rag import index_paths
from tests.cheap import CheapEncoder, cheap_library
from tests.invariant import opened, require_found, require_whole, texts, write

YEAR = 365 * 86400 * 10**9


def jumps(scratch: Path, rounds: int, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files change, with any time of change, while this machine's clock jumps by years."""
    chance = random.Random(seed)
    folder, library = scratch / "in", scratch / "library"
    truth = texts(12)
    write(folder, truth)
    now, offset = time.time_ns, 0

    def jumping() -> int:
        nonlocal offset
        if chance.random() < 0.3:
            offset = chance.randint(-20 * YEAR, 20 * YEAR)
        return now() + offset

    monkeypatch.setattr("time.time_ns", jumping)
    monkeypatch.setattr("time.time", lambda: jumping() / 1e9)
    for turn in range(rounds):
        for name in chance.sample(sorted(truth), 4):
            before = (folder / name).stat()
            # Often of the same length: only times tell these apart without reading.
            old = truth[name]
            truth[name] = old.replace(old[-6], chr(chance.randrange(0x4E00, 0x9FA0))) if chance.random() < 0.6 else texts(12, turn + 1)[name]
            (folder / name).write_text(truth[name])
            kept = chance.choice((before.st_mtime_ns, now() + YEAR, now() - 30 * YEAR, 0, before.st_mtime_ns - 10**9))
            os.utime(folder / name, ns=(kept, kept))
        with cheap_library(library) as held:
            report = index_paths([folder], held, CheapEncoder())
            assert not report.failures and report.seconds >= 0
        with Library.open(library) as opened_:
            found = {each.name: opened_.document(each.name) for each in opened_.list_documents()}
        assert {name: document.text for name, document in found.items() if document} == truth
        with opened(library) as assistant:
            require_found(assistant, chance.choice(sorted(truth)), truth)
    require_whole(library, truth)


def test_what_has_changed_is_indexed_whatever_the_clocks_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jumps(tmp_path, 6, random.randrange(10**9), monkeypatch)


@pytest.mark.slow
def test_a_hundred_and_fifty_rounds_of_changes_are_indexed_whatever_the_clocks_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jumps(tmp_path, 150, 4, monkeypatch)


def test_files_from_the_future_are_read_again_until_then_and_cost_no_embedding(tmp_path: Path) -> None:
    truth = texts(5)
    folder = write(tmp_path / "in", truth)
    for name in truth:
        os.utime(folder / name, ns=(time.time_ns() + YEAR,) * 2)
    for _ in range(2):
        encoder = CheapEncoder()
        with cheap_library(tmp_path / "library") as held:
            index_paths([folder], held, encoder)
    assert encoder.embedded == []
    require_whole(tmp_path / "library", truth)


def test_feedback_keeps_its_order_when_the_clock_goes_back(tmp_path: Path) -> None:
    with cheap_library(tmp_path / "library") as held:
        for number, when in enumerate(("2030-01-01T00:00:00+00:00", "1970-01-01T00:00:00+00:00", "2026-01-01T00:00:00+00:00")):
            add_feedback(held, Feedback(f"{number}", "down", when=when))
        assert [each.question for each in held.feedback()] == ["0", "1", "2"]
