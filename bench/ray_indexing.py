"""Indexing by Ray's workers beside the plain path, on the same documents, in one run.

    python -m bench.ray_indexing [--passages 400] [--turns 3]

Each worker has one core. The plain path uses all cores of this machine, so it is measured with one core too: what the workers
cost is seen against that, and what a second worker brings against one. All are measured in turns, medians over the turns.
    whole   passages a second of the whole run of indexing, the workers' start and their loading of the model within
    steady  passages a second from the first that are stored to the last
    start   seconds until the first are stored; and for Ray, before that, to start it
    CPU     seconds of all cores together, those of Ray's own processes within: what else runs on this machine disturbs it least
The reader's files are news of `--passages` passages of about 250 characters, ten a file.
"""

import argparse
import os
import re
import tempfile
import threading
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.speed import passages
from corpus import Library
from embeddings import load_encoder
from embeddings.engine import cores
from rag import index_paths
from rag.cluster import RayWorkers, Share, connected

A_FILE = 10


@dataclass(frozen=True)
class Figures:
    """Passages a second and seconds."""

    whole: float
    steady: float
    start: float
    cpu: float


def write(folder: Path, count: int) -> Path:
    texts = passages(count)
    folder.mkdir()
    for number in range(0, len(texts), A_FILE):
        (folder / f"{number:05}.txt").write_text("\n\n".join(texts[number : number + A_FILE]), "utf8")
    return folder


class CpuSeconds:
    """Those of this process and of all below it, looked at every half second: what ends in between loses less than that."""

    def __init__(self) -> None:
        self._began = self._look()
        self._seen: dict[int, int] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        while not self._ended.wait(0.5):
            self._seen |= self._look()

    def stop(self) -> float:
        self._ended.set()
        self._thread.join()
        self._seen |= self._look()
        return sum(ticks - self._began.get(process, 0) for process, ticks in self._seen.items()) / os.sysconf("SC_CLK_TCK")

    def _look(self) -> dict[int, int]:
        parents, ticks = {}, {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                fields = stat.read_text().rsplit(")", 1)[1].split()
                parents[int(stat.parent.name)] = int(fields[1])
                ticks[int(stat.parent.name)] = int(fields[11]) + int(fields[12])
        ours = {os.getpid()}
        while more := {each for each, parent in parents.items() if parent in ours} - ours:
            ours |= more
        return {each: ticks[each] for each in ours if each in ticks}


def measured(folder: Path, library: Path, workers: RayWorkers | None, threads: int) -> Figures:
    os.environ["YINJU_CORES"] = str(threads)
    moments: list[tuple[float, int]] = []

    def told(done: int, total: int, label: str) -> None:
        found = re.search(r"([\d,]+) passages,", label)
        moments.append((time.perf_counter(), int(found[1].replace(",", "")) if found else 0))

    encoder = load_encoder()
    began, cpu = time.perf_counter(), CpuSeconds()
    with Library.create(library, encoder.name, encoder.dimension) as opened:
        report = index_paths([folder], opened, encoder, told, workers)
    seconds = time.perf_counter() - began
    first = next(each for each in moments if each[1])
    last = next(each for each in moments if each[1] == report.embedded)
    steady = (last[1] - first[1]) / max(last[0] - first[0], 1e-9)
    return Figures(report.embedded / seconds, steady, first[0] - began, cpu.stop())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=400)
    parser.add_argument("--turns", type=int, default=3)
    given = parser.parse_args()
    there = cores()
    os.environ["YINJU_NO_CACHE"] = "1"
    found: defaultdict[str, list[Figures]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as scratch:
        folder = write(Path(scratch) / "in", given.passages)
        began = time.perf_counter()
        with connected("local", 2):
            starting = time.perf_counter() - began
            for turn in range(given.turns):
                for name, workers, threads in (
                    (f"plain, {there} cores", None, 64), ("plain, 1 core", None, 1),
                    ("1 worker", RayWorkers(Share(1, 1, False)), 64), ("2 workers", RayWorkers(Share(2, 1, False)), 64),
                ):  # fmt: skip
                    os.environ.pop("YINJU_CORES", None)
                    found[name].append(measured(folder, Path(scratch) / f"{name}-{turn}", workers, threads))
    print("| | whole, passages/s | to plain | steady, passages/s | to plain | start, s | CPU, s | to plain |\n" + "| --- " * 8 + "|")
    middle = {name: [float(np.median([getattr(each, what) for each in runs])) for what in ("whole", "steady", "start", "cpu")] for name, runs in found.items()}
    base = next(iter(middle.values()))
    for name, (whole, steady, start, cpu) in middle.items():
        print(f"| {name} | {whole:.1f} | {whole / base[0]:.2f} | {steady:.1f} | {steady / max(base[1], 1e-9):.2f} | {start:.1f} | {cpu:.1f} | {cpu / base[3]:.2f} |")
    print(f"\nRay itself started in {starting:.1f} s; a second worker brings {middle['2 workers'][1] / middle['1 worker'][1]:.2f} times one's steady speed, "
          f"a second core the plain path {base[1] / middle['plain, 1 core'][1]:.2f} times; {given.turns} turns")  # fmt: skip


if __name__ == "__main__":
    main()
