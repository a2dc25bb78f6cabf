import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.milvus_server import MilvusServer

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "corpus" / "sample"
os.environ.setdefault("HF_HUB_OFFLINE", "1")
# Tests count what is embedded; tests/test_remembered.py is of what is not.
os.environ["YINJU_NO_CACHE"] = "1"

Yinju = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def yinju() -> Yinju:
    """The command line, as a person runs it."""

    def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "ui", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300)

    return run


@pytest.fixture(scope="session")
def sample_library(tmp_path_factory: pytest.TempPathFactory, yinju: Yinju) -> Path:
    library = tmp_path_factory.mktemp("sample") / "library"
    done = yinju("index", SAMPLE, "--library", library)
    assert done.returncode == 0, done.stderr
    return library


@pytest.fixture(scope="session")
def milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusServer]:
    """One Milvus for all that need not kill it: it takes seconds to start."""
    started = MilvusServer(tmp_path_factory.mktemp("milvus")).start()
    yield started
    started.kill()


@pytest.fixture
def own(milvus: MilvusServer) -> str:
    """The address of a library of a test's own, which is not there yet."""
    return milvus.address(f"own_{uuid4().hex}")


@pytest.fixture
def quiet() -> Iterator[None]:
    """What is damaged is told in the log, thousands of times where damage is made on purpose."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)
