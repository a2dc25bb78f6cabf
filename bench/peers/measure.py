"""One of those compared: its indexing, its answers, and what they are worth."""

import json
import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.answers import name_of
from bench.peers.shape import Document, Models
from corpus.sentences import sentences
from eval.metrics import holds
from rag.reader.data import Asked

ROOT = Path(__file__).parents[2]
COLD = 3


@dataclass(frozen=True)
class Measured:
    versions: str
    questions: int
    rate: float
    cold: float
    p50: float
    p95: float
    indexing: float
    answering: float
    recall: float
    hit: float
    sentences: float
    characters: float


@dataclass(frozen=True)
class Peer:
    """One of those compared: `python` has its packages, `scratch` is an empty folder."""

    name: str
    python: Path
    models: Models
    scratch: Path

    def run(self, command: str, given: Any) -> tuple[list[Any], float, float]:
        """The lines that the worker prints, the seconds to the first of them and to its end.

        Raises RuntimeError where it fails.
        """
        content, errors = self.scratch / "given.json", self.scratch / "errors"
        content.write_text(json.dumps(given), "utf8")
        # Nothing is asked of the network, nothing is remembered of an earlier run.
        environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HAYSTACK_TELEMETRY_ENABLED": "False", "YINJU_NO_CACHE": "1"}
        folder = self.scratch / "library"
        words = ["-m", "bench.peers.worker", self.name, command, folder, content, self.models.encoder, self.models.reader]
        begun = time.perf_counter()
        with errors.open("w", encoding="utf8") as file, subprocess.Popen(
            [self.python, *words], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=file, text=True
        ) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline()]
            first = time.perf_counter() - begun
            lines += process.stdout.readlines()
        whole = time.perf_counter() - begun
        if process.returncode:
            raise RuntimeError(errors.read_text("utf8").strip()[-2000:])
        return [json.loads(line) for line in lines], first, whole


def measure(peer: Peer, documents: Sequence[Document], asked: Sequence[Asked]) -> Measured:
    (built,), _, indexing = peer.run("build", [astuple(each) for each in documents])
    questions = [each.question for each in asked]
    colds = [peer.run("ask", questions[:1])[1] for _ in range(COLD)]
    *answers, ended = peer.run("ask", questions)[0]
    texts = {each.name: each.text for each in documents}
    waits = [wait for _, _, wait in answers[1:]] or [float("nan")]
    recalled, hits, around, lengths = [], [], [], []
    for each, (name, quote, _) in zip(asked, answers, strict=True):
        golds = {each.paragraph.text[start:end] for start, end in each.answers}
        recalled.append(name == name_of(each.paragraph))
        hits.append(holds(quote, golds))
        around.append(holds(widened(quote, texts.get(name, "")), golds))
        lengths.append(len(quote))
    return Measured(
        ended["versions"], len(asked), len(documents) / indexing, float(np.median(colds)),
        float(np.percentile(waits, 50)), float(np.percentile(waits, 95)), built["peak"], ended["peak"],
        float(np.mean(recalled)), float(np.mean(hits)), float(np.mean(around)), float(np.mean(lengths)),
    )  # fmt: skip


def widened(quote: str, text: str) -> str:
    """The whole sentences that the quote touches where it first stands in the passage; itself where it is not there."""
    start = text.find(quote)
    if not quote or start < 0:
        return quote
    touched = [each for each in sentences(text) if each.start < start + len(quote) and each.end > start]
    return text[touched[0].start : touched[-1].end] if touched else quote
