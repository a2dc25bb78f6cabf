"""What the tests of a cluster need in its workers and as a driver that can be killed."""

import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus import Library
from rag import index_paths
from rag.cluster import RayWorkers, Share, connected
from tests.cheap import CheapEncoder


@dataclass(frozen=True)
class Cheap:
    """Loads the cheap encoder in a worker; it writes down what it embeds, and takes its time for each text."""

    log: str
    pause: float = 0.0

    def __call__(self, name: str) -> CheapEncoder:
        assert name == CheapEncoder.name
        return Slow(Path(self.log), self.pause)


class Slow(CheapEncoder):
    def __init__(self, log: Path, pause: float) -> None:
        super().__init__(None)
        self._file = log
        self._pause = pause

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        time.sleep(self._pause * len(texts))
        with self._file.open("a") as file:
            file.write("".join(json.dumps([os.getpid(), each]) + "\n" for each in texts))
        return self.encode_queries(texts)


def drive(address: str, folder: str, library: str, log: str, pause: float, workers: int) -> None:
    """Index by a cluster's workers."""
    with connected(address, workers), Library.create(library, CheapEncoder.name, CheapEncoder.dimension) as opened:
        report = index_paths([Path(folder)], opened, CheapEncoder(), workers=RayWorkers(Share(workers, 1, False), Cheap(log, pause)))
    print(json.dumps({"added": report.added, "embedded": report.embedded, "failed": report.failed}))


if __name__ == "__main__":
    drive(*sys.argv[1:5], float(sys.argv[5]), int(sys.argv[6]))
