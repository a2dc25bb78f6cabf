"""Workers, machines and drivers of a Ray cluster killed at work: every passage stands in the library once, and little is embedded twice.

The cluster is a real one of several machines, as Ray counts, on this one.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rag.check import check_library
from tests.cheap import CheapEncoder, cheap_library
from tests.conftest import ROOT
from tests.test_embeddings import _tiny_model
from tests.test_incremental import content, index
from tests.writers import jsonl_file

# Seconds that the workers take for a text.
PAUSE = 0.03
STORE = 80 << 20


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A head without CPUs, where the driver is, and three machines of one CPU."""
    for name, value in {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}.items():
        monkeypatch.setenv(name, value)
    from ray.cluster_utils import Cluster

    made = Cluster(True, head_node_args={"num_cpus": 0, "object_store_memory": STORE, "include_dashboard": False})
    made.machines = [made.add_node(num_cpus=1, object_store_memory=STORE) for _ in range(3)]
    yield made
    made.shutdown()


def archive(folder: Path) -> int:
    """Many small files and one of many documents; how many documents."""
    chance = random.Random(3)
    folder.mkdir()
    for number in range(250):
        (folder / f"{number}.txt").write_text(f"第{number}号文件说，{chance.randrange(10**9)}。\n\n今天下雨，{chance.randrange(10**9)}。")
    (folder / "rows.jsonl").write_bytes(jsonl_file([{"text": f"第{n}条说，{chance.randrange(10**9)}。"} for n in range(400)]))
    return 650


def driver(cluster: Any, folder: Path, library: Path, log: Path, workers: int = 3) -> "subprocess.Popen[str]":
    log.touch()
    command = [sys.executable, "-m", "tests.cluster_work", cluster.address, folder, library, log, PAUSE, workers]
    return subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


def embedded(log: Path) -> list[tuple[int, str]]:
    """The process that embedded, and the text; the last line may be half written."""
    return [tuple(json.loads(line)) for line in log.read_text().split("\n")[:-1]]


def wait_for(condition: Callable[[], bool], process: "subprocess.Popen[str]", seconds: float = 180) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None and time.monotonic() < until, process.communicate(timeout=5)[1] if process.poll() is not None else "it hangs"
        time.sleep(0.02)


def finished(process: "subprocess.Popen[str]", seconds: float = 300) -> dict[str, int]:
    out, said = process.communicate(timeout=seconds)
    assert process.returncode == 0, said
    return json.loads(out.splitlines()[-1])  # type: ignore[no-any-return]


def stored(library: Path) -> int:
    if not (library / "library.sqlite").is_file():
        return 0
    with cheap_library(library) as opened:
        return opened.vectors.marks().count


def require_each_once(folder: Path, library: Path, fresh: Path) -> None:
    assert check_library(library, CheapEncoder()) == []
    index(folder, fresh)
    assert content(library) == content(fresh)


def twice(log: Path) -> int:
    counts = Counter(text for _, text in embedded(log))
    return sum(counts.values()) - len(counts)


@pytest.mark.slow
def test_a_worker_killed_and_a_machine_lost_change_nothing(cluster: Any, tmp_path: Path) -> None:
    folder, library, log = tmp_path / "in", tmp_path / "library", tmp_path / "log"
    documents = archive(folder)
    process = driver(cluster, folder, library, log)
    wait_for(lambda: len(embedded(log)) > 150, process)
    os.kill(embedded(log)[-1][0], signal.SIGKILL)
    wait_for(lambda: len(embedded(log)) > 350, process)
    cluster.remove_node(cluster.machines[1], allow_graceful=False)
    report = finished(process)
    assert (report["added"], report["failed"]) == (documents, 0)
    require_each_once(folder, library, tmp_path / "fresh")
    print("embedded twice:", twice(log), "of", len({text for _, text in embedded(log)}))
    # What was at hand in the worker, and at hand or not yet fetched on the machine.
    assert twice(log) <= 450


@pytest.mark.slow
def test_a_driver_killed_goes_on_where_it_was(cluster: Any, tmp_path: Path) -> None:
    folder, library, log = tmp_path / "in", tmp_path / "library", tmp_path / "log"
    documents = archive(folder)
    process = driver(cluster, folder, library, log)
    wait_for(lambda: stored(library) >= 300, process)
    process.kill()
    process.wait()
    time.sleep(1)  # its workers end
    before, kept = len(embedded(log)), stored(library)
    report = finished(driver(cluster, folder, library, log))
    assert report["added"] <= documents and report["failed"] == 0
    require_each_once(folder, library, tmp_path / "fresh")
    all_texts = len({text for _, text in embedded(log)})
    print("stored when it was killed:", kept, "embedded:", before, "embedded twice:", twice(log), "of", all_texts)
    assert twice(log) <= before - kept
    assert report["embedded"] == all_texts - kept
    again = finished(driver(cluster, folder, library, log))
    assert (again["added"], again["embedded"]) == (0, 0)


@pytest.mark.slow
def test_ctrl_c_is_one_sentence_and_keeps_what_is_done(tmp_path: Path) -> None:
    model, folder, library = _tiny_model(tmp_path), tmp_path / "in", tmp_path / "library"
    folder.mkdir()
    for number in range(6000):
        (folder / f"{number}.txt").write_text(f"word {number}.")
    command = [sys.executable, "-m", "ui", "index", folder, "--library", library, "--model", model, "--ray", "local", "--workers", 1, "--json"]
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, preexec_fn=heed)
    wait_for(lambda: _documents(library) > 300, process)
    process.send_signal(signal.SIGINT)
    out, said = process.communicate(timeout=120)
    assert (process.returncode, out, said.splitlines()[-1]) == (130, "", "yinju: stopped; what was done is kept")
    kept = _documents(library)
    assert 300 < kept < 6000
    done = subprocess.run([*map(str, command[:7]), "--json"], capture_output=True, text=True, cwd=ROOT)
    report = json.loads(done.stdout)
    assert report["documents"] == {"added": 6000 - kept, "updated": 0, "removed": 0, "unchanged": kept, "failed": 0}


def _documents(library: Path) -> int:
    from corpus import Library

    if not (library / "library.sqlite").is_file():
        return 0
    with Library.open(library) as opened:
        return opened.document_count()
