"""What happens between machines: a Milvus that is away, killed, full or refuses, a network that loses and delays, processes killed.

Nothing is lost and nothing is there twice, whatever of it happens; and it is said in a sentence.
"""

import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent import futures
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import pytest

from corpus import LibraryError
from corpus.milvus import connection as connecting
from corpus.milvus.library import MilvusLibrary
from corpus.store import open_store
from rag import index_paths
from rag.batch import Batch
from tests.cheap import CheapEncoder, cheap_store
from tests.conftest import ROOT, Yinju
from tests.invariant import opened, require_exact, require_whole, texts, write
from tests.lossy_line import LossyLine
from tests.milvus_server import MilvusServer, free_port
from tests.test_library import mounted

# A process that indexes in small batches, so that there are many moments to be killed at.
INDEX = """
import sys, rag.batch
from corpus.milvus.library import MilvusLibrary
from pathlib import Path
from rag import index_paths
from tests.cheap import CheapEncoder, cheap_store
rag.batch.EMBED_TOGETHER = MilvusLibrary.write_together = 4
with cheap_store(sys.argv[2]) as library:
    print("begun", flush=True)
    index_paths([Path(sys.argv[1])], library, CheapEncoder())
"""

@pytest.fixture
def server(tmp_path: Path) -> Iterator[MilvusServer]:
    started = MilvusServer(tmp_path / "data").start()
    yield started
    started.kill()


def start_indexing(folder: Path, address: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen([sys.executable, "-c", INDEX, str(folder), address], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "begun\n"
    return process


def index_again(folder: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a writer was killed its right to write ends by itself; here sooner than in a minute."""
    with cheap_store(address) as library:
        library.records.delete(["lease/writer"])  # type: ignore[attr-defined]
        index_paths([folder], library, CheapEncoder())


# Away, and refusing


def test_a_milvus_that_is_not_there_is_said_in_a_sentence(yinju: Yinju, monkeypatch: pytest.MonkeyPatch) -> None:
    done = yinju("ask", "什么？", "--library", f"milvus://127.0.0.1:{free_port()}/library")
    assert done.returncode == 2 and done.stdout == ""
    assert "cannot be reached" in done.stderr and done.stderr.count("\n") == 1 and "Traceback" not in done.stderr


class _Refuses(grpc.GenericRpcHandler):
    """A server that answers every call with one status."""

    def __init__(self, code: grpc.StatusCode, words: str) -> None:
        self._code, self._words = code, words

    def service(self, _: Any) -> grpc.RpcMethodHandler:
        def refuse(_: Any, context: grpc.ServicerContext) -> Any:
            context.abort(self._code, self._words)

        return grpc.unary_unary_rpc_method_handler(refuse)


@pytest.mark.parametrize(("code", "words", "says"), [
    (grpc.StatusCode.UNAUTHENTICATED, "auth check failure, please check username and password are correct", "YINJU_MILVUS_TOKEN"),
    (grpc.StatusCode.PERMISSION_DENIED, "permission deny to Query in the `default` database", "YINJU_MILVUS_TOKEN"),
    (grpc.StatusCode.RESOURCE_EXHAUSTED, "disk quota exceeded[db=default]", "takes nothing more"),
])  # fmt: skip
def test_a_milvus_that_refuses_is_said_with_what_to_do(code: grpc.StatusCode, words: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "REACH", 3.0)
    monkeypatch.setattr(connecting, "PATIENCE", 3.0)
    refusing = grpc.server(futures.ThreadPoolExecutor(2))
    refusing.add_generic_rpc_handlers((_Refuses(code, words),))
    port = refusing.add_insecure_port("127.0.0.1:0")
    refusing.start()
    try:
        with pytest.raises(LibraryError, match=says):
            open_store(f"milvus://127.0.0.1:{port}/library")
    finally:
        refusing.stop(None)


# Killed


def kills_of_the_writer(
    server: MilvusServer, folder: Path, truth: dict[str, str], count: int, chance: random.Random, before: Mapping[str, str] | None = None
) -> int:
    """Index, killed again and again, someone asking all the while; how many kills came before the end. What is shown is of the files as
    they are, or as they were `before`."""
    killed = 0
    address = server.address()
    with cheap_store(address):
        pass
    with opened(address) as assistant:
        for _ in range(count):
            process = start_indexing(folder, address)
            time.sleep(chance.uniform(0.05, 1.2))
            process.kill()
            killed += process.wait() == -9
            if assistant.library.document_count():
                answer = assistant.ask(truth[chance.choice(sorted(truth))].split("\n")[0], top_k=5)
                of_now = {each.document for each in answer.passages if truth[each.document][each.start : each.end] == each.text}
                require_exact(answer, {**truth, **{name: text for name, text in (before or {}).items() if name not in of_now}})
            with open_store(address) as library:
                library.records.delete(["lease/writer"])  # type: ignore[attr-defined]
    return killed


def test_a_killed_writer_leaves_nothing_half_and_nothing_twice(server: MilvusServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    truth = texts(30, seed=8)
    folder = write(tmp_path / "in", truth)
    assert kills_of_the_writer(server, folder, truth, 4, random.Random()) >= 1
    index_again(folder, server.address(), monkeypatch)
    require_whole(server.address(), truth)


@pytest.mark.slow
def test_a_writer_killed_many_times_with_files_changing_between(server: MilvusServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(0)
    truth = texts(40, seed=9)
    folder = write(tmp_path / "in", truth)
    killed, before = 0, dict(truth)
    for turn in range(12):
        killed += kills_of_the_writer(server, folder, truth, 2, chance, before)
        index_again(folder, server.address(), monkeypatch)
        require_whole(server.address(), truth, asked=3)
        before = dict(truth)
        for name, text in texts(40, seed=100 + turn).items():
            if chance.random() < 0.3:
                truth[name] = text
                (folder / name).write_text(text, "utf8")
    print(f"{killed} kills")
    assert killed >= 20


def test_a_milvus_that_restarts_while_it_is_written_to_and_asked(server: MilvusServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls under way are tried again until it is back; what was said to be written is there."""
    truth = texts(30, seed=10)
    folder = write(tmp_path / "in", truth)
    process = start_indexing(folder, server.address())
    time.sleep(1.0)
    server.kill()
    time.sleep(1.5)
    server.start()
    status = process.wait(240)
    if status:  # a call that had been heard may fail for good: then the same command goes on
        index_again(folder, server.address(), monkeypatch)
    require_whole(server.address(), truth)
    with opened(server.address()) as assistant:
        server.kill()
        back = threading.Timer(1.5, server.start)
        back.start()
        require_exact(assistant.ask(truth["1.txt"].split("\n")[0], top_k=3), truth)
        back.join()


def test_a_milvus_that_goes_away_for_good_while_it_is_asked_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = MilvusServer(tmp_path / "data").start()
    truth = texts(3)
    with cheap_store(started.address()) as library:
        index_paths([write(tmp_path / "in", truth)], library, CheapEncoder())
        with opened(started.address()) as assistant:
            started.kill()
            monkeypatch.setattr(connecting, "PATIENCE", 2.0)
            with pytest.raises(LibraryError, match="cannot be reached") as said:
                assistant.ask("代表团")
            assert "\n" not in str(said.value)


# Twice, too late, too full


def test_what_is_delivered_twice_is_there_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    once = connecting.Connection.upsert

    def twice(self: connecting.Connection, *given: Any, **named: Any) -> None:
        once(self, *given, **named)
        once(self, *given, **named)

    monkeypatch.setattr(connecting.Connection, "upsert", twice)
    truth = texts(8, seed=12)
    address = f"milvus-lite:{tmp_path / 'library'}"
    with cheap_store(address) as library:
        index_paths([write(tmp_path / "in", truth)], library, CheapEncoder())
    require_whole(address, truth)


def test_two_writers_at_the_same_moment_are_one(server: MilvusServer, tmp_path: Path) -> None:
    truth = texts(6, seed=13)
    folder = write(tmp_path / "in", truth)
    with cheap_store(server.address()):
        pass
    said: list[str] = []

    def index() -> None:
        with cheap_store(server.address()) as library:
            try:
                index_paths([folder], library, CheapEncoder())
            except LibraryError as reason:
                said.append(str(reason))

    both = [threading.Thread(target=index) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert len(said) <= 1 and all("another process" in each for each in said)
    require_whole(server.address(), truth)


def test_a_full_disk_of_the_server_is_said_and_what_was_written_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    truth = texts(60, seed=16)
    folder = write(tmp_path / "in", truth)
    with mounted(tmp_path / "disk", "500k"):
        small = MilvusServer(tmp_path / "disk" / "data").start()
        try:
            with cheap_store(small.address()) as library, pytest.raises(LibraryError) as said:
                index_paths([folder], library, CheapEncoder())
            assert "\n" not in str(said.value) and "library" in str(said.value)
        finally:
            small.kill()
        subprocess.run(["mount", "-o", "remount,size=64m", str(tmp_path / "disk")], check=True)
        small.start()
        try:
            index_again(folder, small.address(), monkeypatch)
            require_whole(small.address(), truth)
        finally:
            small.kill()


def test_over_a_line_that_is_slow_and_cut_again_and_again_everything_arrives_once(server: MilvusServer, tmp_path: Path) -> None:
    line = LossyLine(server.port, random.randrange(10**9), longest=60)
    address = f"milvus://127.0.0.1:{line.port}/library"
    truth = texts(16, seed=11)
    folder = write(tmp_path / "in", truth)
    for _ in range(20):
        with suppress(LibraryError), cheap_store(address) as library:
            library.records.delete(["lease/writer"])  # type: ignore[attr-defined]
            if index_paths([folder], library, CheapEncoder()).unchanged == 16:
                break
    assert line.cuts, "nothing was cut: this shows nothing"
    line.close()
    require_whole(server.address(), truth)


def test_a_stopped_indexing_keeps_what_was_done(server: MilvusServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    truth = texts(12, seed=15)
    folder = write(tmp_path / "in", truth)
    flush, calls = Batch.flush, []

    def stop(self: Batch) -> None:
        flush(self)
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("rag.batch.EMBED_TOGETHER", 4)
    monkeypatch.setattr(MilvusLibrary, "write_together", 4)
    with MilvusLibrary.create(server.address(), CheapEncoder.name, CheapEncoder.dimension) as library:
        with monkeypatch.context() as patch:
            patch.setattr(Batch, "flush", stop)
            with pytest.raises(KeyboardInterrupt):
                index_paths([folder], library, CheapEncoder())
        kept = library.document_count()
        assert 0 < kept < 12
        encoder = CheapEncoder()
        assert index_paths([folder], library, encoder).added == 12 - kept
    require_whole(server.address(), truth)
