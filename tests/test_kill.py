"""A process that indexes is killed at random moments: never a lost document, never a wrong answer."""

import json
import multiprocessing
import os
import random
import shutil
import signal
import time
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path

import pytest

from corpus import Library
from corpus.readers import COLLECTIONS
from rag import Assistant
from rag.check import check_library
from tests import indexer
from tests.cheap import CheapEncoder, with_lines
from tests.test_incremental import content, index

PLACES = [f"{folder}{number}.txt" for folder in ("", "sub/") for number in range(12)] + ["x.lines", "y.lines"]


@pytest.fixture(autouse=True)
def lines() -> Iterator[None]:
    with_lines()
    yield
    COLLECTIONS.pop(".lines")


def context() -> "multiprocessing.context.ForkServerContext":
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(["tests.indexer", "tests.backing_up"])
    return server


def killed_after(seconds: float | None, folder: Path, library: Path, log: Path) -> float:
    """Index in a process of its own, killed after some time; how long it ran."""
    process = context().Process(target=indexer.run, args=(str(folder), str(library), str(log)))
    began = time.monotonic()
    process.start()
    process.join(seconds)
    if process.is_alive():
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
    elif seconds is None:
        assert process.exitcode == 0
    return time.monotonic() - began


def some_text(chance: random.Random) -> str:
    return "\n\n".join(f"第{chance.randrange(10**6)}号文件说，{'今天下雨' * chance.randint(1, 9)}。" for _ in range(chance.randint(1, 3)))


def change(folder: Path, chance: random.Random, current: dict[str, str], past: dict[str, set[str]]) -> None:
    """Write, remove and rename some files; `current` and `past` are the texts that each name has and has had."""
    for _ in range(chance.randint(2, 12)):
        place = chance.choice(PLACES)
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        for name in [each for each in current if each == place or each.startswith(f"{place}/")]:
            del current[name]
        if path.suffix == ".lines":
            parts = {f"{place}/{number}.txt": some_text(chance).split("\n")[0] for number in range(chance.randint(1, 20))}
            path.write_text("\n".join(f"{name[len(place) + 1 : -4]}={text}" for name, text in parts.items()))
            current |= parts
        elif chance.random() < 0.25:
            path.unlink(missing_ok=True)
        else:
            path.write_text(some_text(chance))
            current[place] = path.read_text()
    for name, text in current.items():
        past.setdefault(name, set()).add(text)


def kills(tmp_path: Path, count: int, seed: int) -> None:
    chance = random.Random(seed)
    folder, library, log = tmp_path / "in", tmp_path / "library", tmp_path / "log"
    current: dict[str, str] = {}
    past: dict[str, set[str]] = {}
    (folder / "sub").mkdir(parents=True)
    (folder / "keep.txt").write_text("总有一份文件留下。")
    current["keep.txt"] = "总有一份文件留下。"
    change(folder, chance, current, past)
    killed_after(None, folder, tmp_path / "first", log)  # Starts the server that forks, which takes longer than indexing.
    # How long whole runs took lately, which changes with the machine's load: a moment past the end kills nothing.
    lately = deque([killed_after(None, folder, tmp_path / "timing", log)], maxlen=8)
    done = 0
    while done < count:
        change(folder, chance, current, past)
        before = names(library)
        limit = chance.uniform(0, max(lately) * 1.1)
        if (ran := killed_after(limit, folder, library, log)) < limit:
            lately.append(ran)
        else:
            done += 1
        if not (library / "library.sqlite").is_file():
            continue
        assert check_library(library, CheapEncoder()) == []
        found = names(library)
        assert all(text in past[name] for name, text in found.items())
        # What was there and still is in the folder is never lost.
        assert {name for name in before if name in current} <= set(found)
        if found:
            asked = chance.choice(sorted(found))
            with Assistant.open(library, CheapEncoder()) as assistant:
                passages = assistant.ask(found[asked][:20]).passages
                assert all(found[each.document][each.start : each.end] == each.text for each in passages)
                assert passages[0].score > 0.5
        if chance.random() < 0.3:
            lately.append(killed_after(None, folder, library, log))
            assert names(library) == current
    index(folder, library)
    index(folder, tmp_path / "fresh")
    assert names(library) == current
    assert content(library) == content(tmp_path / "fresh")
    assert not [each.name for each in library.iterdir() if ".new" in each.name]


def names(library: Path) -> dict[str, str]:
    if not (library / "library.sqlite").is_file():
        return {}
    with Library.open(library) as opened:
        documents = [opened.document(each.name) for each in opened.list_documents()]
        return {each.name: each.text for each in documents if each is not None}


def test_killed_at_ten_random_moments_nothing_is_lost_or_wrong(tmp_path: Path) -> None:
    kills(tmp_path, 10, random.randrange(10**9))


@pytest.mark.slow
def test_killed_at_a_hundred_random_moments_nothing_is_lost_or_wrong(tmp_path: Path) -> None:
    kills(tmp_path, 100, random.randrange(10**9))


def test_a_killed_process_loses_at_most_the_batch_at_hand(tmp_path: Path) -> None:
    folder, library, log = tmp_path / "in", tmp_path / "library", tmp_path / "log"
    folder.mkdir()
    (folder / "x.lines").write_text("\n".join(f"{number}=第{number}号文件说，今天下雨。" for number in range(150)))
    whole = killed_after(None, folder, tmp_path / "timing", tmp_path / "timing.log")
    chance, killed = random.Random(), 0
    for _ in range(8):
        limit = chance.uniform(whole * 0.2, whole)
        killed += killed_after(limit, folder, library, log) >= limit
    killed_after(None, folder, library, log)
    embedded = Counter(map(json.loads, log.read_text().splitlines()))
    assert len(embedded) == 150
    assert sum(embedded.values()) - 150 <= killed * indexer.BATCH
    shutil.rmtree(library)
