"""A process that indexes, for tests that kill it: small batches, so that there are many moments to be killed at."""

from pathlib import Path

import rag.batch
from rag import index_paths
from tests.cheap import CheapEncoder, cheap_library, with_lines

BATCH = 4


def run(folder: str, library: str, log: str) -> None:
    with_lines()
    rag.batch.EMBED_TOGETHER = BATCH
    with cheap_library(Path(library)) as opened:
        index_paths([Path(folder)], opened, CheapEncoder(Path(log)))
