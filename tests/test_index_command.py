"""`yinju index`, `check` and `--where` as a person runs them, with a model of a few kilobytes."""

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from corpus import Library, YinjuError
from embeddings import load_encoder
from rag.watch import AGAIN, PAUSE, follow
from tests.conftest import ROOT, Yinju
from tests.test_embeddings import _tiny_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    model = _tiny_model(tmp_path_factory.mktemp("model"))
    load_encoder(str(model))  # its graph is written now, and nothing is said of that later
    return model


def start(*arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "ui", *map(str, arguments)]
    # Whoever runs the tests in the background has Ctrl-C ignored, and would hand that down.
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, preexec_fn=heed
    )


def wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def documents(library: Path) -> int:
    if not (library / "library.sqlite").is_file():
        return 0
    with Library.open(library) as opened:
        return opened.document_count()


def test_ctrl_c_is_one_sentence_and_keeps_what_is_done(yinju: Yinju, model: Path, tmp_path: Path) -> None:
    folder, library = tmp_path / "in", tmp_path / "library"
    folder.mkdir()
    for number in range(1500):
        (folder / f"{number}.txt").write_text(f"word {number}.")
    process = start("index", folder, "--library", library, "--model", model)
    wait_for(lambda: documents(library) > 64)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said == "yinju: stopped; what was done is kept\n"
    kept = documents(library)
    assert 64 < kept < 1500
    done = yinju("check", "--library", library, "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"whole": True, "problems": []})
    report = json.loads(yinju("index", folder, "--library", library, "--json").stdout)
    assert report["documents"] == {"added": 1500 - kept, "updated": 0, "removed": 0, "unchanged": kept, "failed": 0}
    assert report["embedded"] <= 1500 - kept


def test_a_followed_folder_is_indexed_again_and_ctrl_c_stops_it(model: Path, tmp_path: Path) -> None:
    folder, library = tmp_path / "in", tmp_path / "library"
    folder.mkdir()
    (folder / "a.txt").write_text("word.")
    (folder / ".kept").write_text("")  # of a folder that holds nothing at all nothing is removed
    process = start("index", folder, "--library", library, "--model", model, "--watch", "--json")

    # Who prints nothing is stopped, and the reading of its line fails.
    late = threading.Timer(120, process.kill)
    late.start()

    # A report is printed after its documents are committed: only its line says that the round is over.
    def added() -> tuple[int, int]:
        assert process.stdout
        return json.loads(process.stdout.readline())["documents"]["added"], documents(library)

    assert added() == (1, 1)
    (folder / "b.txt").write_text("ask.")
    assert added() == (1, 2)
    (folder / "a.txt").unlink()
    (folder / "b.txt").unlink()
    left = 2
    while left:  # the two may be seen gone in one round or in two
        new, left = added()
        assert new == 0
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    late.cancel()
    assert process.returncode == 130 and said.splitlines()[-1] == "yinju: stopped; what was done is kept"


def followed(folder: Path, index: Callable[[], object], steps: int, step: Callable[[int], object]) -> tuple[list[str], list[float]]:
    """What following a folder tells and how long it rests, in so many rests; `step` is called with each one's number."""
    told: list[str] = []
    rests: list[float] = []

    def rest(seconds: float) -> None:
        rests.append(seconds)
        step(len(rests))
        if len(rests) == steps:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        follow([folder], folder / "library", index, told.append, rest)
    return told, rests


def test_a_change_that_could_not_be_indexed_is_tried_again_until_it_is_and_told_once(tmp_path: Path) -> None:
    outcomes = ["", "the disk is full", "the disk is full", "another process is indexing", ""]
    tried: list[str] = []

    def index() -> None:
        tried.append(outcomes[len(tried)])
        if tried[-1]:
            raise YinjuError(tried[-1])

    told, rests = followed(tmp_path, index, 12, lambda number: number == 2 and (tmp_path / "new.txt").write_text("word."))
    assert tried == outcomes
    assert told == ["the disk is full", "another process is indexing"]
    assert sum(each >= AGAIN for each in rests) == 3


def test_a_folder_that_may_not_be_looked_at_for_a_while_is_followed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stat, away = os.stat, False
    (tmp_path / "a.txt").write_text("word.")
    indexed: list[bool] = []

    def lost(path: object, **arguments: bool) -> os.stat_result:
        if away and str(path) == str(tmp_path):
            raise OSError(errno.ENOTCONN, "Transport endpoint is not connected", str(path))
        return stat(path, **arguments)  # type: ignore[arg-type]

    def index() -> None:
        indexed.append(tmp_path.is_dir())

    def step(number: int) -> None:
        nonlocal away
        away = 1 < number < 8

    monkeypatch.setattr(os, "stat", lost)
    told, _ = followed(tmp_path, index, 12, step)
    assert told == [f"{tmp_path} cannot be used (Transport endpoint is not connected); check that its disk is there and that it may be read and written, then try again"]
    assert indexed == [True, True]


def test_who_indexes_for_long_looks_again_soon(tmp_path: Path) -> None:
    _, rests = followed(tmp_path, lambda: time.sleep(0.2), 1, lambda _: None)
    assert rests == [PAUSE]


def test_check_says_what_is_wrong_with_exit_1(yinju: Yinju, model: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("word.")
    yinju("index", tmp_path / "a.txt", "--library", tmp_path / "library", "--model", model)
    for file in (tmp_path / "library").glob("*.faiss"):
        file.unlink()
    done = yinju("check", "--library", tmp_path / "library", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 1 and not found["whole"] and "missing" in found["problems"][0]["what"]
    (tmp_path / "library" / "library.sqlite").write_bytes(os.urandom(5000))
    for wal in (tmp_path / "library").glob("library.sqlite-*"):
        wal.unlink()
    done = yinju("check", "--library", tmp_path / "library", "--json")
    assert done.returncode == 1 and "cannot be read" in json.loads(done.stdout)["problems"][0]["what"]
    for command in (["ask", "word?"], ["index", str(tmp_path / "a.txt")], ["docs", "list"]):
        done = yinju(*command, "--library", tmp_path / "library")
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and "cannot be read" in done.stderr


def test_a_condition_is_asked_on_the_command_line(yinju: Yinju, sample_library: Path) -> None:
    done = yinju("ask", "谁会得到补贴？", "--library", sample_library, "--where", "language = zh-Hant", "--json")
    assert {each["document"].split("/")[0] for each in json.loads(done.stdout)["passages"]} == {"zh-Hant"}
    done = yinju("ask", "谁会得到补贴？", "--library", sample_library, "--where", "language zh")
    assert done.returncode == 2 and "character 10" in done.stderr and len(done.stderr.splitlines()) == 1
