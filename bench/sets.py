"""The question sets that no one here wrote, and our own: asked, measured, and put into one table.

    python -m bench.sets [--limit N]     (N questions a set, spread over it; all by default)
    python -m bench.sets --speed [N]     (N questions of CMRC one by one, then together)

All paragraphs of a set are its corpus; only questions of the measuring fifth are asked (a paragraph
whose SHA-1 is divisible by five). Our own sample set is asked whole.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha1
from pathlib import Path

from corpus import Library
from embeddings import Encoder, load_encoder
from eval import QuestionSet, read_questions, run
from rag import Assistant, index_documents, index_paths
from ui.terminal import progress_bar

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "datasets"
SAMPLE = ROOT / "corpus" / "sample"
RUNS = ROOT / "bench" / "runs"
SETS = (
    ("CMRC 2018 dev", "cmrc2018/cmrc2018_dev.json"),
    ("DRCD dev", "drcd/DRCD_dev.json"),
    ("SQuAD 2.0 part", "squad2/squad2_part.json"),
    ("JaQuAD, a thousand", "jaquad/jaquad_train_0000.json"),
)
SHOWN = ("retrieval.recall@1", "retrieval.recall@10", "retrieval.mrr@10", "quotes.hit@1", "quotes.hit@3", "quotes.exact@1",
         "quotes.f1@1", "abstention.auroc", "abstention.answered_when_answerable", "abstention.answered_when_not")  # fmt: skip


def main(arguments: Sequence[str]) -> None:
    RUNS.mkdir(exist_ok=True)
    encoder = load_encoder()
    if arguments[:1] == ["--speed"]:
        _speed(encoder, int(arguments[1]) if len(arguments) > 1 else 300)
        return
    limit = int(arguments[1]) if arguments[:1] == ["--limit"] else None
    print("| set | questions | " + " | ".join(each.split(".")[1] for each in SHOWN) + " |\n|" + " --- |" * (2 + len(SHOWN)))
    for name, asked, assistant in _opened(encoder):
        chosen = replace(asked, questions=_spread(asked.questions, limit))
        with progress_bar(name) as bar:
            done = run(chosen, assistant, RUNS / f"{_slug(name)}-{limit or 'all'}", progress=bar, overwrite=True)
        print(f"| {name} | {len(chosen.questions)} | " + " | ".join(_shown(done.metrics, each) for each in SHOWN) + " |", flush=True)


def _opened(encoder: Encoder) -> Iterator[tuple[str, QuestionSet, Assistant]]:
    """Each set that is there, with its corpus indexed."""
    for name, file in SETS:
        if not (SHARED / file).is_file():
            print(f"{name} is not measured: {SHARED / file} is not there", file=sys.stderr)
            continue
        asked = fifth(SHARED / file)
        folder = RUNS / f"{_slug(name)}-library"
        with Library.create(folder, encoder.name, encoder.dimension) as library, progress_bar(f"Indexing {name}") as bar:
            index_documents(asked.corpus, library, encoder, bar)
        with Assistant.open(folder, encoder) as assistant:
            yield name, asked, assistant
    folder = RUNS / "sample-library"
    with Library.create(folder, encoder.name, encoder.dimension) as library:
        index_paths([SAMPLE], library, encoder)
    with Assistant.open(folder, encoder) as assistant:
        yield "our sample", read_questions(SAMPLE / "questions.jsonl"), assistant


def fifth(path: Path) -> QuestionSet:
    """The set with the questions (not the paragraphs) of the measuring fifth."""
    content = json.loads(path.read_text("utf8"))
    for article in content["data"]:
        for paragraph in article["paragraphs"]:
            if int(sha1(paragraph["context"].encode()).hexdigest(), 16) % 5:
                paragraph["qas"] = []
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / path.name
        file.write_text(json.dumps(content), "utf8")
        return read_questions(file)


def _speed(encoder: Encoder, count: int) -> None:
    """The same questions one by one and together: the same answers, in how much time."""
    sets = _opened(encoder)  # held, for its end closes the library
    name, asked, assistant = next(sets)
    questions = [each.question for each in asked.questions[:count]]
    assistant.ask_many(questions[:8], 50)
    began = time.perf_counter()
    single = [assistant.ask(each, 50) for each in questions]
    middle = time.perf_counter()
    together = [answer for at in range(0, len(questions), 64) for answer in assistant.ask_many(questions[at : at + 64], 50)]
    ended = time.perf_counter()
    same = sum(a.quotes[:1] == b.quotes[:1] or [q.text for q in a.quotes] == [q.text for q in b.quotes] for a, b in zip(single, together, strict=True))
    apart = max(abs(a.confidence - b.confidence) for a, b in zip(single, together, strict=True))
    one, many = (1000 * seconds / len(questions) for seconds in (middle - began, ended - middle))
    print(f"{name}, {len(questions)} questions: {one:.0f} ms one by one, {many:.0f} ms together, {one / many:.1f} times faster; "
          f"{same} with equal quotes, confidence at most {apart:.1e} apart")  # fmt: skip


def _spread(questions: Sequence[object], limit: int | None) -> tuple:  # type: ignore[type-arg]
    if limit is None or len(questions) <= limit:
        return tuple(questions)
    return tuple(questions[len(questions) * at // limit] for at in range(limit))


def _shown(metrics: object, name: str) -> str:
    group, key = name.split(".")
    value = metrics[group][key]  # type: ignore[index]
    return "—" if value is None else f"{value:.3f}"


def _slug(name: str) -> str:
    return "".join(each if each.isalnum() else "-" for each in name.lower())


if __name__ == "__main__":
    main(sys.argv[1:])
