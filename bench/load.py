"""Many people at once: are answers right, how long do they wait, does memory grow?

    python -m bench.load [--people 50] [--questions 1000] [--indexing] [--set cmrc]

`yinju serve` as a process of its own; half of the people are in the page (as a browser speaks to it, ten questions a visit), half
call the endpoint for programs. Each asks one question after the other without a pause. Every answer is held against what the
same question is answered alone. Before them the same people ask `--warm` questions that are not counted. With `--indexing`
the same again while `yinju index` embeds other documents into the same library.
"""

import argparse
import asyncio
import json
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from html import escape
from pathlib import Path

import httpx
import numpy as np

from bench.answer_sets import libraries
from bench.answers import kept_library
from embeddings import load_encoder
from rag import Assistant

# Questions that one visitor asks before the next one comes.
VISIT = 10


class Server:
    """`yinju serve` over a library; `person` speaks to it."""

    def __init__(self, library: Path, people: int) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, "-m", "ui", "serve", "--library", str(library), "--port", str(port), "--quiet"]
        # What it says when it is stopped is no figure.
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None and "http" in self.process.stdout.readline()
        self.apart = asyncio.Semaphore(2)
        self.address = f"http://127.0.0.1:{port}"
        self.client = httpx.AsyncClient(base_url=self.address, timeout=120, limits=httpx.Limits(max_connections=4 * people))

    def memory(self) -> float:
        """Resident MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1000

    async def page(self) -> dict[str, object]:
        """The event of the page that asks."""
        config = (await self.client.get("/config")).json()
        box = next(each["id"] for each in config["components"] if each["props"].get("elem_id") == "yinju-box")
        found: dict[str, object] = next(
            each for each in config["dependencies"] if [box, "submit"] in [list(one) for one in each["targets"]] and each["inputs"][0] == box
        )
        return found

    async def in_page(self, event: dict[str, object], session: str, question: str) -> str:
        """The talk as it stands after the answer."""
        inputs = event["inputs"]
        assert isinstance(inputs, list)
        body = {"data": [question, *[None] * (len(inputs) - 1)], "fn_index": event["id"], "session_hash": session, "trigger_id": inputs[0]}
        joined = await self.client.post("/gradio_api/queue/join", json=body)
        joined.raise_for_status()
        async with self.client.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as told:
            async for line in told.aiter_lines():
                if not line.startswith("data:"):
                    continue
                message = json.loads(line[5:])
                if message["msg"] == "process_completed":
                    return str(message["output"]["data"][2]) if message["success"] else ""
        return ""

    async def by_program(self, question: str) -> dict[str, object]:
        begun = await self.client.post("/gradio_api/call/ask", json={"data": [question, 3, "", None]})
        begun.raise_for_status()
        answer = await self.client.get(f"/gradio_api/call/ask/{begun.json()['event_id']}")
        found: dict[str, object] = json.loads(answer.text.rsplit("data: ", 1)[1])[0]
        return found


async def after(server: Server, asked: Sequence[str], shown: str) -> bool:
    """Whether this is what the last of these questions is answered after the others, asked in a page of its own."""
    async with server.apart:
        event, session, again = await server.page(), secrets.token_hex(6), ""
        for each in asked:
            again = await server.in_page(event, session, each)
    quotes = re.findall(r"<blockquote.*?</blockquote>", again)
    return bool(quotes) and quotes[0] in shown.partition("</section>")[0]


async def person(server: Server, number: int, questions: Sequence[str], alone: dict[str, str], event: dict[str, object]) -> tuple[list[float], list[str]]:
    """Seconds of each answer, and what was wrong."""
    seconds, wrong, session = [], [], ""
    for count, question in enumerate(questions):
        began = time.monotonic()
        try:
            if number % 2:
                if count % VISIT == 0:
                    session = secrets.token_hex(6)
                shown = await server.in_page(event, session, question)
                words = re.sub("</?mark>", "", shown.partition("</section>")[0])
                right = all(escape(each) in words for each in (question, alone[question]))
                # Understood with what came before it may be answered otherwise: then that is said, and held against the same conversation.
                if (not right and "Understood, after" in shown) or "接着上文理解为" in shown:
                    right = await after(server, questions[count - count % VISIT : count + 1], shown)
            else:
                answer = await server.by_program(question)
                quotes = answer["quotes"] or answer["passages"]
                assert isinstance(quotes, list)
                right = answer["question"] == question and quotes[0]["text"] == alone[question]
            if not right:
                wrong.append(f"another answer to {question}")
        except (httpx.HTTPError, KeyError, IndexError, ValueError) as error:
            wrong.append(f"{type(error).__name__}: {error}")
        seconds.append(time.monotonic() - began)
    return seconds, wrong


async def crowd(server: Server, people: int, count: int, questions: Sequence[str], alone: dict[str, str]) -> tuple[list[float], list[str], float]:
    event = await server.page()
    began = time.monotonic()
    each = [[questions[(number * 37 + step) % len(questions)] for step in range(-(-count // people))] for number in range(people)]
    done = await asyncio.gather(*(person(server, number, some, alone, event) for number, some in enumerate(each)))
    took = time.monotonic() - began
    return [one for seconds, _ in done for one in seconds], [one for _, wrong in done for one in wrong], took


def row(what: str, seconds: list[float], wrong: list[str], took: float) -> None:
    p50, p95, most = np.percentile(seconds, 50), np.percentile(seconds, 95), max(seconds)
    print(f"| {what} | {len(seconds)} | {len(wrong)} | {len(seconds) / took:.1f} | {p50:.2f} | {p95:.2f} | {most:.2f} |", flush=True)
    for each in wrong[:5]:
        print(f"    {each}", file=sys.stderr)


async def measure(given: argparse.Namespace, library: Path, questions: Sequence[str], alone: dict[str, str], source: Path) -> None:
    server = Server(library, given.people)
    try:
        print("| people | questions | wrong | a second | p50, s | p95, s | longest, s |\n" + "| --- " * 7 + "|")
        await crowd(server, given.people, given.warm, questions, alone)
        before = server.memory()
        parts = max(1, given.questions // 1000)
        seconds, wrong, took = [], [], 0.0
        for _ in range(parts):
            some, bad, spent = await crowd(server, given.people, given.questions // parts, questions, alone)
            seconds, wrong, took = seconds + some, wrong + bad, took + spent
            print(f"    {len(seconds)} questions: {server.memory():.0f} MB", file=sys.stderr, flush=True)
        row(f"{given.people}", seconds, wrong, took)
        after = server.memory()
        print(f"memory: {before:.0f} MB after {given.warm} questions, {after:.0f} MB after {len(seconds)} more: {100 * (after / before - 1):+.1f} %")
        few = await crowd(server, 1, 40, questions, alone)
        row("1", *few)
        if given.indexing:
            command = [sys.executable, "-m", "ui", "index", str(source), "--library", str(library)]
            indexing = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            await asyncio.sleep(8)
            one = await crowd(server, 1, 40, questions, alone)
            many = await crowd(server, given.people, 200, questions, alone)
            still = indexing.poll() is None
            row("1, while indexing", *one)
            row(f"{given.people}, while indexing", *many)
            print("it was indexing to the end" if still else "indexing ended before: give it more to do")
            indexing.send_signal(signal.SIGINT)
            indexing.wait()
    finally:
        await server.client.aclose()
        server.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            server.process.wait(30)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--questions", type=int, default=1000)
    parser.add_argument("--warm", type=int, default=500)
    parser.add_argument("--set", default="cmrc")
    parser.add_argument("--indexing", action="store_true")
    given = parser.parse_args()
    paragraphs, asked = libraries("measure", min(300, given.questions), {given.set})[given.set]
    encoder = load_encoder()
    with tempfile.TemporaryDirectory() as folder:
        library, source = Path(folder) / "library", Path(folder) / "source"
        shutil.copytree(kept_library(given.set, paragraphs, encoder), library)
        source.mkdir()
        others, _ = libraries("measure", 300, {"drcd"})["drcd"]
        for number, each in enumerate(others * 4):
            (source / f"{number}.txt").write_text(f"{number}。{each.text}")
        questions = [each.question for each in asked]
        alone = {}
        with Assistant.open(library, encoder) as assistant:
            for each in questions:
                answer = assistant.ask(each, 3)
                alone[each] = (answer.quotes or answer.passages)[0].text
        asyncio.run(measure(given, library, questions, alone, source))


if __name__ == "__main__":
    main()
