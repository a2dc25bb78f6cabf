"""How many questions several `yinju serve` processes answer on one library in a Milvus server, and how long each waits.

    python -m bench.serving [--library milvus://host:19530/name] [--processes 1 2 1 2] [--programs 8] [--seconds 30] [--questions 24]

Programs ask without a pause, one request each, in turn at each of the processes; every answer is held against what the first process
answers alone. Without `--library` the sample's library is indexed into Milvus Lite behind its network server, a process of this
machine. The processes, the programs and that server share this machine's cores: on a machine where one process uses all of
them, a second has none to add, and what is measured is what it costs.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from tests.conftest import SAMPLE
from tests.milvus_server import MilvusServer, free_port

HEADER = "| processes | answers | wrong | answers/s | p50 wait, ms | p95 wait, ms |\n| --- | --- | --- | --- | --- | --- |"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--library")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 1, 2])
    parser.add_argument("--programs", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--questions", type=int, default=24)
    given = parser.parse_args()
    questions = [json.loads(line)["question"] for line in (SAMPLE / "questions.jsonl").read_text("utf8").splitlines()][: given.questions]
    with ExitStack() as stack:
        library = given.library or stack.enter_context(sample_library())
        addresses = [stack.enter_context(serving(library)) for _ in range(max(given.processes))]
        print(f"{os.cpu_count()} cores, {given.programs} programs, {given.seconds:.0f} s each\n\n{HEADER}", flush=True)
        right = asyncio.run(alone(addresses, questions))
        rates: dict[int, list[float]] = {}
        for count in given.processes:
            waits, wrong, seconds = asyncio.run(together(addresses[:count], questions, right, given.programs, given.seconds))
            rates.setdefault(count, []).append(len(waits) / seconds)
            p50, p95 = np.percentile(waits, [50, 95]) * 1000
            print(f"| {count} | {len(waits)} | {wrong} | {rates[count][-1]:.1f} | {p50:.0f} | {p95:.0f} |", flush=True)
        first, *others = sorted(rates)
        for each in others:
            print(f"\n{each} processes answer {np.mean(rates[each]) / np.mean(rates[first]):.2f} times as many as {first}.")


@contextmanager
def sample_library() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        server = MilvusServer(Path(folder)).start()
        try:
            subprocess.run([sys.executable, "-m", "ui", "index", str(SAMPLE), "--library", server.address()], check=True, stdout=subprocess.DEVNULL)
            yield server.address()
        finally:
            server.kill()


@contextmanager
def serving(library: str) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "ui", "serve", "--library", library, "--port", str(port), "--quiet"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None and "http" in process.stdout.readline()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


async def ask(client: httpx.AsyncClient, address: str, question: str) -> list[Any]:
    """The places of an answer's quotes."""
    response = await client.post(f"{address}/gradio_api/run/ask", json={"data": [question, 5, "", []]})
    response.raise_for_status()
    return [[each["document"], each["start"], each["end"]] for each in response.json()["data"][0]["quotes"]]


async def alone(addresses: Sequence[str], questions: Sequence[str]) -> list[list[Any]]:
    """What each question is answered by the first; the others are asked too, so that all are warm."""
    async with httpx.AsyncClient(timeout=120) as client:
        answers = [[await ask(client, address, each) for each in questions] for address in addresses]
    return answers[0]


async def together(
    addresses: Sequence[str], questions: Sequence[str], right: Sequence[list[Any]], programs: int, seconds: float
) -> tuple[list[float], int, float]:
    """The waits, how many answers were others, and the seconds that all took."""
    waits: list[float] = []
    wrong, began = 0, time.monotonic()

    async def program(number: int) -> None:
        nonlocal wrong
        async with httpx.AsyncClient(timeout=120) as client:
            asked = number
            while time.monotonic() - began < seconds:
                at = (asked * 7) % len(questions)
                before = time.monotonic()
                found = await ask(client, addresses[asked % len(addresses)], questions[at])
                waits.append(time.monotonic() - before)
                wrong += found != right[at]
                asked += 1

    await asyncio.gather(*(program(each) for each in range(programs)))
    return waits, wrong, time.monotonic() - began


if __name__ == "__main__":
    main()
