"""Do the answers of a library in Milvus agree with those of the same library in a folder?

    python -m bench.milvus [--limit N] [--only "NAME;NAME"]        (100 questions a set, of `bench.sets`)

Each set's library is copied into Milvus Lite (`yinju copy`; nothing is embedded again), and both are asked the same questions.
`same` is the share of questions whose first passage, and first quote, are the same characters of the same document.
The waits are those of Milvus Lite, a search in Python inside the same process: they say nothing of a Milvus server.
"""

import json
import sys
from collections.abc import Sequence
from typing import Any

from bench.sets import RUNS, SETS, opened, slug
from corpus.store import create_store
from embeddings import load_encoder
from eval import run
from eval.run import ANSWERS
from rag import Assistant
from rag.copying import copy_library
from ui.terminal import progress_bar

FIGURES = (("retrieval", "recall@1"), ("retrieval", "mrr@10"), ("quotes", "hit@1"), ("quotes", "hit@3"))


def main(arguments: Sequence[str]) -> None:
    given = dict(zip(arguments[::2], arguments[1::2], strict=True))
    limit = int(given.get("--limit", 100))
    chosen = given["--only"].split(";") if "--only" in given else [each.name for each in SETS]
    encoder = load_encoder()
    names = [each for _, each in FIGURES]
    print("| set | questions | " + " | ".join(f"{each}, folder / Milvus" for each in names) + " | same passage / quote | p50 wait, ms |")
    print("|" + " --- |" * (4 + len(names)))
    for name, asked, assistant in opened(encoder, limit, [each for each in SETS if each.name in chosen]):
        address = f"milvus-lite:{RUNS / f'milvus-{slug(name)}'}"
        with create_store(address, encoder.name, encoder.dimension) as library, progress_bar(f"Copying {name}") as bar:
            copy_library(assistant.library, library, bar)
        with Assistant.open(address, encoder) as other:
            metrics, answers = zip(*(_asked(asked, each, f"agree-{slug(name)}-{kind}") for kind, each in (("folder", assistant), ("milvus", other))), strict=True)
        figures = [f"{metrics[0][group].get(each, float('nan')):.3f} / {metrics[1][group].get(each, float('nan')):.3f}" for group, each in FIGURES]
        same = [sum(one[part] == two[part] for one, two in zip(*answers, strict=True)) / len(answers[0]) for part in (0, 1)]
        waits = " / ".join(f"{each['latency_ms']['p50']:.0f}" for each in metrics)
        print(f"| {name} | {len(answers[0])} | {' | '.join(figures)} | {same[0]:.3f} / {same[1]:.3f} | {waits} |", flush=True)


def _asked(asked: Any, assistant: Assistant, folder: str) -> tuple[dict[str, Any], list[tuple[Any, Any]]]:
    """What a run measured, and of each question the places of its first passage and quote."""
    done = run(asked, assistant, RUNS / folder, overwrite=True)
    lines = [json.loads(line) for line in (RUNS / folder / ANSWERS).read_text("utf8").splitlines()]
    return dict(done.metrics), [(_place(each["passages"]), _place(each["quotes"])) for each in lines]


def _place(found: Sequence[dict[str, Any]]) -> tuple[str, int, int] | None:
    return (found[0]["document"], found[0]["start"], found[0]["end"]) if found else None


if __name__ == "__main__":
    main(sys.argv[1:])
