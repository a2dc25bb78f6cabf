"""Does the server's memory stay where it is, over ten thousand questions?

    python -m bench.soak [--people 8] [--questions 10000] [--warm 1000] [--every 250] [--read 1]

`yinju serve` as a process of its own over the sentences of the sample corpus, a document each. Half of the people are in the page, as a
browser is: they load it, keep its heartbeat open, ask ten questions, open a source after each, and close it; half call the
endpoint for programs. No question is asked twice, and each must be answered, or said to have no answer, without an error.

RSS is what the process holds; USS the part that it shares with nobody; anonymous what is no file. Exit status 1 where the median RSS
of the last tenth is more than `--most` per cent above that of the first tenth after the questions that are not counted.
"""

import argparse
import asyncio
import json
import re
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import httpx

from bench.load import VISIT, Server
from corpus import Block, Document, Library, read
from corpus.sentences import sentences
from embeddings import load_encoder
from rag import Settings, index_documents
from rag.settings import save_settings

SAMPLE = Path(__file__).parents[1] / "corpus" / "sample"
# Ways to ask about two things; with the things they make more questions than are ever asked.
ASKED = ("{a}和{b}有什么关系？", "{a}是什么时候的事，{b}呢？", "关于{a}，文件怎么说{b}？", "What is said of {a} and {b}?", "How many {a} are there, and why {b}?",
         "{a}？{b}？", "Who decided on {a} because of {b}?", "{a}と{b}について何と書いてある？")  # fmt: skip
# Seconds after the last question, in which sessions that are over are forgotten.
REST = 45


@dataclass(frozen=True)
class Sample:
    """What the process holds after so many questions and seconds, in MB."""

    questions: int
    seconds: float
    rss: float
    uss: float
    anonymous: float
    threads: int


def sample_of(process: int, questions: int, began: float) -> Sample:
    """Of the process of that number. Raises OSError or KeyError where it has ended."""
    folder = Path(f"/proc/{process}")
    sizes = {name: int(kb) / 1000 for name, kb in re.findall(r"(\w+):\s+(\d+) kB", (folder / "smaps_rollup").read_text())}
    threads = int((folder / "status").read_text().split("Threads:")[1].split()[0])
    return Sample(
        questions, time.monotonic() - began, sizes["Rss"], sizes["Private_Clean"] + sizes["Private_Dirty"], sizes["Anonymous"], threads
    )


def sample(server: Server, questions: int, began: float) -> Sample:
    found = sample_of(server.process.pid, questions, began)
    print(
        f"| {found.questions:,} | {found.seconds:.0f} | {found.rss:.1f} | {found.uss:.1f} | {found.anonymous:.1f} | {found.threads} |",
        flush=True,
    )
    return found


def documents() -> list[Document]:
    """Every sentence of the sample corpus as a document: short to read, so that ten thousand questions take no day."""
    found = []
    for file in sorted(each for each in SAMPLE.glob("*/*") if each.is_file()):
        text = read(file).text
        whole = (text[each.start : each.end].strip() for each in sentences(text))
        found += [
            Document(f"{file.stem}-{number}", "", each, (Block("paragraph", 0, len(each)),)) for number, each in enumerate(whole) if len(each) > 8
        ]
    return found


def sentence_library(folder: Path, read: int) -> list[str]:
    """A library of those documents, of which so many passages are read for an answer; their texts."""
    encoder, every = load_encoder(), documents()
    with Library.create(folder, encoder.name, encoder.dimension) as made:
        index_documents(every, made, encoder)
        save_settings(made, Settings(read=read))
    return [each.text for each in every]


def questions_of(texts: Sequence[str]) -> Iterator[str]:
    """Without end, none twice, each about two things that the texts name."""
    drawn, asked = Random(7), set[str]()
    while True:
        question = drawn.choice(ASKED).format(a=_thing(drawn.choice(texts), drawn), b=_thing(drawn.choice(texts), drawn))
        if question not in asked:
            asked.add(question)
            yield question


def _thing(text: str, drawn: Random) -> str:
    words = text.split()
    if len(words) > 4:
        at = drawn.randrange(len(words) - 2)
        return " ".join(words[at : at + drawn.randint(1, 3)]).strip(".,;:!?")
    at = drawn.randrange(max(1, len(text) - 6))
    return text[at : at + drawn.randint(2, 6)]


class Visitor:
    """A browser on the page: loads it, has its heartbeat open while it is there, and closes it."""

    def __init__(self, server: Server, config: dict[str, object]) -> None:
        self._server = server
        self._events = config["dependencies"]
        self._ids = {each["props"].get("elem_id"): each["id"] for each in config["components"]}  # type: ignore[attr-defined]
        self._session = ""
        self._beating: asyncio.Task[None] | None = None

    async def come(self) -> None:
        self._session = secrets.token_hex(6)
        (await self._server.client.get("/", headers={"Accept": "text/html"})).raise_for_status()
        (await self._server.client.get("/config")).raise_for_status()
        self._beating = asyncio.create_task(self._beat())
        load = self._event("load")
        await self._call(load, [None] * len(load["inputs"]))

    async def ask(self, question: str) -> str:
        """The talk as it stands after the answer."""
        submit = self._event("submit", "yinju-box")
        told = await self._call(submit, [question, *[None] * (len(submit["inputs"]) - 1)])
        opened = self._event("click", "yinju-talk")
        await self._call(opened, [None] * len(opened["inputs"]), {"do": "open", "turn": 0, "number": 0})
        return str(told[2])

    async def leave(self) -> None:
        if self._beating is not None:
            self._beating.cancel()
            with suppress(asyncio.CancelledError):
                await self._beating

    async def _beat(self) -> None:
        async with self._server.client.stream("GET", f"/gradio_api/heartbeat/{self._session}", timeout=None) as beats:
            async for _ in beats.aiter_lines():
                pass

    def _event(self, what: str, where: str = "") -> dict[str, object]:
        found: dict[str, object] = next(
            each for each in self._events  # type: ignore[attr-defined]
            if any(kind == what and (not where or target == self._ids[where]) for target, kind in each["targets"])
        )  # fmt: skip
        return found

    async def _call(self, event: dict[str, object], data: list[object], told: object = None) -> list[object]:
        targets = event["targets"]
        assert isinstance(targets, list)
        body = {"data": data, "fn_index": event["id"], "session_hash": self._session, "trigger_id": targets[0][0], "event_data": told}
        (await self._server.client.post("/gradio_api/queue/join", json=body)).raise_for_status()
        async with self._server.client.stream("GET", "/gradio_api/queue/data", params={"session_hash": self._session}) as stream:
            async for line in stream.aiter_lines():
                message = json.loads(line[5:]) if line.startswith("data:") else {}
                if message.get("msg") == "process_completed":
                    if not message["success"]:
                        raise ValueError(str(message["output"])[:200])
                    data = message["output"]["data"]
        return data


class Crowd:
    """People who ask one after the other, until so many questions are asked."""

    def __init__(self, server: Server, questions: Iterator[str], config: dict[str, object]) -> None:
        self._server = server
        self._questions = questions
        self._config = config
        self.done = 0
        self.wrong: list[str] = []
        self.visits = 0

    async def ask(self, people: int, until: int) -> None:
        await asyncio.gather(*(self._in_page(until) if number % 2 else self._as_program(until) for number in range(people)))

    async def _as_program(self, until: int) -> None:
        while self.done < until:
            self.done += 1
            question = next(self._questions)
            try:
                answer = await self._server.by_program(question)
                if answer["question"] != question:
                    self.wrong.append(f"another answer to {question}")
            except (httpx.HTTPError, KeyError, IndexError, ValueError, TypeError) as error:
                self.wrong.append(f"{type(error).__name__}: {error}")

    async def _in_page(self, until: int) -> None:
        while self.done < until:
            visitor = Visitor(self._server, self._config)
            try:
                await visitor.come()
                self.visits += 1
                for _ in range(VISIT):
                    if self.done >= until:
                        break
                    self.done += 1
                    shown = await visitor.ask(next(self._questions))
                    if "<section" not in shown:
                        self.wrong.append(f"no answer shown: {shown[:200]}")
            except (httpx.HTTPError, KeyError, IndexError, ValueError) as error:
                self.wrong.append(f"{type(error).__name__}: {error}")
            finally:
                await visitor.leave()


async def measure(given: argparse.Namespace, library: Path, texts: Sequence[str]) -> int:
    server = Server(library, given.people)
    samples: list[Sample] = []
    began = time.monotonic()
    try:
        crowd = Crowd(server, questions_of(texts), (await server.client.get("/config")).json())
        print("| questions | s | RSS, MB | USS, MB | anonymous, MB | threads |\n" + "| --- " * 6 + "|")
        sample(server, 0, began)
        for until in range(given.every, given.warm + given.questions + 1, given.every):
            await crowd.ask(given.people, until)
            found = sample(server, until, began)
            if until >= given.warm:
                samples.append(found)
            if given.minutes and time.monotonic() - began > 60 * given.minutes:
                break
        await asyncio.sleep(REST)
        print(f"and {REST} s later:")
        sample(server, crowd.done, began)
    finally:
        await server.client.aclose()
        server.process.terminate()
        server.process.wait(30)
    few = max(1, len(samples) // 10)
    print(f"{crowd.done - given.warm:,} questions after {given.warm:,}, {crowd.visits} visits of the page; {len(crowd.wrong)} wrong")
    for each in crowd.wrong[:5]:
        print(f"    {each}", file=sys.stderr)
    grown = {}
    for name in ("rss", "uss", "anonymous"):
        first, last = (statistics.median(getattr(each, name) for each in some) for some in (samples[: few + 1], samples[-few - 1 :]))
        grown[name] = 100 * (last / first - 1)
        print(f"{name}: {first:.1f} MB at first, {last:.1f} MB at last: {grown[name]:+.2f} %")
    return int(grown["rss"] > given.most or bool(crowd.wrong))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--questions", type=int, default=10_000)
    parser.add_argument("--warm", type=int, default=1000)
    parser.add_argument("--every", type=int, default=250)
    parser.add_argument("--most", type=float, default=2.0)
    parser.add_argument("--read", type=int, default=1, help="passages that are read for an answer, which takes most of its time")
    parser.add_argument("--minutes", type=float, help="stop after so long, whatever was asked")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        texts = sentence_library(Path(folder) / "library", given.read)
        sys.exit(asyncio.run(measure(given, Path(folder) / "library", texts)))


if __name__ == "__main__":
    main()
