"""The power fails: what was said to be kept is there, whatever the disk had not written yet."""

import json
import os
import random
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from corpus import Library
from eval import QuestionSet, run
from rag import Assistant, index_paths
from rag.check import check_library
from rag.reader import WordsAndCosine
from tests import victim
from tests.cheap import CheapEncoder, cheap_library
from tests.invariant import opened, require_exact, require_whole, texts, write
from tests.lost_writes import Call, Disk, traced
from tests.powerless import STEPS
from ui.conversations import Conversations


def held(library: Path) -> dict[str, str]:
    with Library.open(library) as opened_:
        documents = [opened_.document(each.name) for each in opened_.list_documents()]
    return {each.name: each.text for each in documents if each is not None}


def require_kept(folder: Path, told: dict[str, Any], chance: random.Random) -> None:
    """What was said before the power failed holds, and the library goes on."""
    library = folder / "library"
    if not (library / "library.sqlite").is_file():
        assert "step" not in told
        return
    assert check_library(library, CheapEncoder()) == []
    found, step = held(library), told.get("step", -1)
    after = [texts(count, seed) for seed, count in STEPS[max(step, 0) : step + 2]]
    # Of a later step some may be done already: each document is of one or the other.
    for name in {name for each in after for name in each} | set(found):
        kept = found.get(name)
        assert kept in [each.get(name) for each in after] or (step < 0 and kept is None), (step, name)
    with Library.open(library) as opened_:
        assert len(list(opened_.feedback())) >= told.get("feedback", 0)
    with Conversations(library) as conversations:
        assert conversations.kept and len(conversations.list()) >= told.get("conversations", 0)
    if told.get("run"):
        names = {"metrics.json", "answers.jsonl", "run.trec", "run.csv", "report.html"}
        assert names <= {each.name for each in (folder / "run").iterdir()}
        assert json.loads((folder / "run" / "metrics.json").read_text("utf8"))["questions"] == 6
        assert all(len(json.loads(line)["passages"]) for line in (folder / "run" / "answers.jsonl").open("rb"))
    if found:
        with opened(library) as assistant:
            for name in chance.sample(sorted(found), 2):
                answer = assistant.ask(found[name].split("\n")[0], top_k=3)
                require_exact(answer, found)
                assert answer.passages[0].document == name


@pytest.mark.slow
def test_the_power_fails_at_any_call_and_what_was_said_to_be_kept_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed, which tells what was synced (apt-get install strace)")
    calls = traced([sys.executable, "-m", "tests.powerless", str(tmp_path / "disk"), str(tmp_path / "in")], made(tmp_path / "disk"), tmp_path / "log")
    assert sum(each.name == "fsync" for each in calls) > 50
    failures = fail(calls, tmp_path, 300, random.Random(11))
    print(f"{failures} failures after {len(calls)} calls")
    assert failures == 300


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def fail(calls: list[Call], scratch: Path, count: int, chance: random.Random) -> int:
    # Half of the failures just before or after a sync or a new name: there something may be missing.
    edges = [number for number, each in enumerate(calls) if each.name in ("fsync", "rename", "unlink", "ftruncate")]
    moments = sorted(chance.choice(edges) + chance.randint(0, 1) if chance.random() < 0.5 else chance.randrange(len(calls)) for _ in range(count))
    disk, done = Disk(scratch / "disk"), 0
    for number, call in enumerate([*calls, None]):
        while done < count and moments[done] <= number:
            folder = scratch / "after"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            disk.write_after_failure(folder, chance)
            told = json.loads(disk.acknowledged[-1]) if disk.acknowledged else {}
            require_kept(folder, told, chance)
            if done % 5 == 0:
                goes_on(folder, scratch / "files", done)
            done += 1
        if call is not None:
            disk.take(call)
    return done


def goes_on(folder: Path, files: Path, seed: int) -> None:
    """Indexing after it brings the library to what the files are."""
    shutil.rmtree(files, ignore_errors=True)
    truth = texts(25, seed)
    with cheap_library(folder / "library") as library:
        index_paths([write(files, truth)], library, CheapEncoder())
        rest = [each.name for each in library.list_documents() if each.name not in truth]
    if not rest:
        require_whole(folder / "library", truth, asked=3)
    else:
        assert check_library(folder / "library", CheapEncoder()) == []


def test_the_names_of_a_run_folder_are_on_the_disk_before_answers_are_kept_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    victim.grow(tmp_path / "library", 8)
    synced: list[Path] = []
    fsync = os.fsync

    def told(handle: int) -> None:
        synced.append(Path(os.readlink(f"/proc/self/fd/{handle}")))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", told)
    encoder, output = CheapEncoder(), tmp_path / "runs" / "first"
    with Assistant(Library.open(tmp_path / "library"), encoder, WordsAndCosine(encoder)) as assistant:
        run(QuestionSet(victim.questions(5)), assistant, output)
    partial = output / "answers.partial.jsonl"
    assert [each for each in synced if each in (tmp_path, output.parent, output, partial)][:4] == [tmp_path, output.parent, output, partial]


def test_a_disk_that_lost_all_that_was_not_synced_is_as_it_was_synced(tmp_path: Path) -> None:
    """How the simulated disk itself works: it would find a missing sync."""
    disk = Disk(tmp_path)
    file, folder = f"{tmp_path}/a", str(tmp_path)
    for call in (
        Call(1, "openat", file, 3, b"CW"), Call(1, "write", file, 3, b"kept"), Call(1, "fsync", file, 3),
        Call(1, "fsync", folder, 4), Call(1, "write", file, 3, b" and lost"),
    ):  # fmt: skip
        disk.take(call)
    seen = set()
    for seed in range(40):
        disk.write_after_failure(tmp_path / "after", random.Random(seed))
        seen.add((tmp_path / "after" / "a").read_bytes())
    assert seen == {b"kept", b"kept and lost"}
    disk.take(Call(1, "rename", file, to=f"{tmp_path}/b"))
    names = set()
    for seed in range(40):
        shutil.rmtree(tmp_path / "after")
        (tmp_path / "after").mkdir()
        disk.write_after_failure(tmp_path / "after", random.Random(seed))
        names.add(tuple(each.name for each in (tmp_path / "after").iterdir()))
    assert names == {("a",), ("b",)}
