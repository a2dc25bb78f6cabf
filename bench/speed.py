"""Speed beside what the tutorials show: sentence-transformers with FAISS, the same model, texts and machine.

    python -m bench.speed [--passages 10000] [--index 600] [--only index,query,answer,cold]

Each figure is a ratio to its baseline in the same run; the two are measured in turns, medians over the turns.
    index   passages a second of the whole command, against a script that encodes and adds them
    query   one question's vector, against SentenceTransformer.encode
    answer  a whole answer with quotes, warm, of a library of `--passages` passages of news, against the same
            assistant with the reader as torch runs it
    cold    `yinju ask` from the shell, against importing sentence-transformers and loading the model
The library of news is made once and kept in bench/runs.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from bench.news import NEWS, stories
from corpus import Block, Document, Library
from embeddings import Encoder, load_encoder
from embeddings.bundled import model_folder, packaged_weights
from rag import Assistant, index_documents

ROOT = Path(__file__).parents[1]
RUNS = Path(__file__).with_name("runs")
LONGEST = 250
TUTORIAL = """
import json, sys
import faiss
from sentence_transformers import SentenceTransformer
model = SentenceTransformer(sys.argv[1])
texts = json.load(open(sys.argv[2]))
vectors = model.encode(["passage: " + text for text in texts], normalize_embeddings=True)
index = faiss.IndexFlatIP(vectors.shape[1])
index.add(vectors)
faiss.write_index(index, sys.argv[3])
"""
LOADING = "import sys; from sentence_transformers import SentenceTransformer; SentenceTransformer(sys.argv[1])"
QUESTIONS = (
    "8月发布的规定从哪一天开始施行？", "这次活动在哪里举行？", "今年上半年的增长率是多少？", "谁出席了会议并讲话？", "事故造成了多少人受伤？",
    "为什么要修订这项办法？", "台风在什么地方登陆？", "新线路有多少个车站？", "哪家公司中标了这个项目？", "考试报名什么时候截止？",
    "比赛的冠军是谁？", "该市计划投资多少亿元？", "专家对高温天气有什么建议？", "这部电影的导演是谁？", "哪些地区将有暴雨？",
    "Who took part in the meeting?", "How many people were injured?", "When does the new rule take effect?",
)  # fmt: skip


def passages(count: int) -> list[str]:
    """Texts of about 250 characters, cut from the stories at sentence ends where that is possible."""
    found: list[str] = []
    for file in sorted(NEWS.glob("*.txt")):
        for story in stories(file):
            text = story["text"].strip()
            while text and len(found) < count:
                end = text.rfind("。", LONGEST // 2, LONGEST) + 1 or LONGEST
                found.append(text[:end])
                text = text[end:]
    return found


def documents(texts: Sequence[str]) -> list[Document]:
    return [Document(f"{n:06}", "", text, (Block("paragraph", 0, len(text)),)) for n, text in enumerate(texts)]


def run(*command: object) -> float:
    """Seconds of a command, the whole of it, without this machine's memory of vectors."""
    begun = time.perf_counter()
    environment = {**os.environ, "YINJU_NO_CACHE": "1", "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, *map(str, command)], capture_output=True, text=True, env=environment)
    if done.returncode:
        raise SystemExit(done.stderr)
    return time.perf_counter() - begun


def in_turns(ours: Callable[[], float], theirs: Callable[[], float], turns: int) -> tuple[float, float]:
    """Medians of both, measured one after the other."""
    pairs = [(ours(), theirs()) for _ in range(turns)]
    return float(np.median([each[0] for each in pairs])), float(np.median([each[1] for each in pairs]))


def timed(work: Callable[[], object]) -> float:
    """Seconds that it takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def index(count: int, turns: int) -> None:
    texts = passages(count)
    with tempfile.TemporaryDirectory() as folder:
        given, source = Path(folder) / "texts.json", Path(folder) / "texts"
        given.write_text(json.dumps(texts), "utf8")
        source.mkdir()
        for number, text in enumerate(texts):
            (source / f"{number:06}.txt").write_text(text, "utf8")
        counter = iter(range(1000))
        ours, theirs = in_turns(
            lambda: run("-m", "ui", "index", source, "--library", Path(folder) / f"library{next(counter)}"),
            lambda: run("-c", TUTORIAL, model_folder(), given, Path(folder) / "tutorial.faiss"), turns,
        )  # fmt: skip
    row("indexing, passages/s, whole command", count / ours, count / theirs, count / ours / (count / theirs), turns)


def query(turns: int) -> None:
    from sentence_transformers import SentenceTransformer

    encoder, model = load_encoder(), SentenceTransformer(str(model_folder()))
    def asked(encode: Callable[[str], object]) -> list[float]:
        return [timed(lambda: encode(question)) for question in QUESTIONS]  # noqa: B023

    # All questions by one, then all by the other: between two of its own, neither finds its memory and its cores taken.
    pairs = [
        (asked(lambda question: encoder.encode_queries([question])), asked(lambda question: model.encode("query: " + question, normalize_embeddings=True)))
        for _ in range(turns + 2)
    ][2:]
    ours, theirs = (np.concatenate([pair[which] for pair in pairs]) for which in (0, 1))
    row("one question's vector, ms, p50", 1000 * np.median(ours), 1000 * np.median(theirs), np.median(theirs) / np.median(ours), turns)


def answer(count: int, turns: int) -> None:
    with Assistant.open(news_library(count), load_encoder()) as assistant:
        ours_reader, theirs_reader = assistant.reader, torch_reader()
        taken: dict[str, list[float]] = {"ours": [], "theirs": []}
        for turn in range(turns + 1):
            for name, reader in (("ours", ours_reader), ("theirs", theirs_reader)):
                assistant.reader = reader
                found = [1000 * timed(lambda: assistant.ask(question)) for question in QUESTIONS]  # noqa: B023
                taken[name] += found if turn else []
    for share in (50, 95):
        ours, theirs = (float(np.percentile(taken[each], share)) for each in ("ours", "theirs"))
        row(f"a whole answer, ms, p{share}, {count:,} passages", ours, theirs, ours / theirs, turns)


def cold(turns: int) -> None:
    folder = news_library(1000)
    ours, theirs = in_turns(
        lambda: run("-m", "ui", "ask", QUESTIONS[0], "--library", folder), lambda: run("-c", LOADING, model_folder()), turns
    )
    row("cold: from the shell to an answer, s", ours, theirs, theirs / ours, turns)


def news_library(count: int) -> Path:
    folder = RUNS / f"speed-{count}"
    folder.parent.mkdir(exist_ok=True)
    encoder: Encoder = load_encoder(remember=True)
    with Library.create(folder, encoder.name, encoder.dimension) as library:
        index_documents(documents(passages(count)), library, encoder)
    return folder


def torch_reader():  # type: ignore[no-untyped-def]
    """The reader without any of this: float32, padded batches, torch."""
    import torch

    from rag.reader.network import Network, load_encoder
    from rag.reader.scoring import ENCODER, WEIGHTS, Scorer
    from rag.reader.trained import CrossEncoder
    from rag.reader.weights import load_weights
    from rag.reader.windows import batched

    network = Network(load_encoder(model_folder())).eval()
    base = {ENCODER + name: tensor for name, tensor in packaged_weights().items()}
    state = {name: torch.from_numpy(each) for name, each in load_weights(WEIGHTS, base).items()}
    network.load_state_dict(state, strict=False)

    class TorchScorer:
        tokenizer = Scorer.load().tokenizer

        def score(self, pairs):  # type: ignore[no-untyped-def]
            batch = batched(self.tokenizer, pairs)
            with torch.inference_mode():
                scores = network(*(torch.from_numpy(each) for each in (batch.ids, batch.attention, batch.passage))).numpy()
            starts = map(int, batch.starts)
            return [(row[at : at + len(pair[1])], float(row[0, 0])) for row, at, pair in zip(scores, starts, pairs, strict=True)]

    return CrossEncoder(TorchScorer(), thorough=True)  # type: ignore[arg-type]


def row(what: str, ours: float, theirs: float, ratio: float, turns: int) -> None:
    print(f"| {what} | {ours:.1f} | {theirs:.1f} | {ratio:.2f} | {turns} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=10_000)
    parser.add_argument("--index", type=int, default=600)
    parser.add_argument("--only", default="query,cold,index,answer")
    parser.add_argument("--turns", type=int, default=5)
    given = parser.parse_args()
    print("| what | Yinju | baseline | ratio | turns |\n| --- | --- | --- | --- | --- |", flush=True)
    for each in given.only.split(","):
        {
            "index": lambda: index(given.index, min(given.turns, 3)), "query": lambda: query(given.turns),
            "answer": lambda: answer(given.passages, min(given.turns, 3)), "cold": lambda: cold(given.turns),
        }[each]()  # fmt: skip


if __name__ == "__main__":
    main()
