"""Follow-ups: how many of the answers that the self-contained question gets does the follow-up get?

    python -m bench.conversations ask [WEIGHTS] --rows FILE [--every N]
    python -m bench.conversations fit FILE

204 conversations of two to four turns that we wrote about paragraphs of the shared sets
(bench/conversations.jsonl; the paragraphs by their SHA-1). Every turn is asked after the questions before
it, alone, and in its self-contained form, of a library of its set's paragraphs; `fit` chooses the margins on those
that are not about paragraphs for measuring.
"""

import argparse
import json
from dataclasses import replace
from hashlib import sha1
from itertools import product
from pathlib import Path

import numpy as np

from bench.answers import kept_library
from bench.reader import SHARED, scorer_of
from embeddings import load_encoder
from eval.metrics import holds
from rag import Answer, Assistant
from rag.conversation import PLAIN, POINTING_BACK, STANDING_ALONE, chosen, forms, plain, turn
from rag.reader.data import Paragraph, part_of
from rag.reader.train import SETS
from rag.reader.trained import CrossEncoder

PARAGRAPHS = 250
FOLDERS = {"cmrc2018": "cmrc", "drcd": "drcd", "squad2": "squad", "jaquad": "jaquad"}


def paragraphs(name: str) -> dict[str, Paragraph]:
    patterns, language, _ = SETS[FOLDERS[name]]
    found = {}
    for file in sorted(file for pattern in patterns for file in SHARED.glob(pattern)):
        for article in json.loads(file.read_text("utf8"))["data"]:
            for each in article["paragraphs"]:
                found[sha1(each["context"].encode()).hexdigest()] = Paragraph(each["context"], article.get("title", ""), language)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    asking = commands.add_parser("ask")
    asking.add_argument("weights", type=Path, nargs="?", help="other weights than those of the package")
    asking.add_argument("--rows", type=Path, required=True)
    asking.add_argument("--every", type=int, default=1, help="only every Nth conversation")
    asking.set_defaults(run=ask)
    fitting = commands.add_parser("fit")
    fitting.add_argument("rows", type=Path)
    fitting.set_defaults(run=fit)
    given = parser.parse_args()
    given.run(given)


def ask(given: argparse.Namespace) -> None:
    encoder = load_encoder()
    reader = CrossEncoder(scorer_of(given.weights)) if given.weights else None
    conversations = [json.loads(line) for line in Path(__file__).with_name("conversations.jsonl").read_text("utf8").splitlines()]
    conversations = conversations[:: given.every]
    rows = []
    for name in FOLDERS:
        every = paragraphs(name)
        here = [each for each in conversations if each["set"] == name]
        needed = {turn.get("paragraph", each["paragraph"]) for each in here for turn in each["turns"]}
        chosen = [every[each] for each in sorted(needed)] + [each for key, each in every.items() if key not in needed]
        folder = kept_library(f"conversations-{name}", chosen[: max(PARAGRAPHS, len(needed))], encoder)
        with Assistant.open(folder, encoder) as assistant:
            if reader:
                assistant.reader = reader
            for each in here:
                rows += [row | {"part": part_of(every[each["paragraph"]].text)} for row in _asked(assistant, each)]
        print(f"{name}: {len(here)} conversations", flush=True)
    given.rows.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in rows), "utf8")
    _table(rows, POINTING_BACK, STANDING_ALONE, PLAIN)


def _asked(assistant: Assistant, conversation: dict) -> list[dict]:
    """The later turns of a conversation: a row each, with every form that was tried."""
    rows: list[dict] = []
    history: list[Answer] = []
    for number, each in enumerate(conversation["turns"]):
        tried = forms(each["question"], [turn(answer) for answer in history])
        answers = assistant.ask_many(tried, 5, threshold=0.0)
        sure = [answers[0].confidence, *assistant.glances(tried[1:])]
        taken = chosen(each["question"], sure)
        if number:
            (alone,) = assistant.ask_many([each["alone"]], 5, threshold=0.0)
            rows.append({
                "language": conversation["language"], "needs": each["needs"], "question": each["question"], "meant": each["alone"],
                "answers": each["answers"], "alone": _hit(alone, each), "sure": alone.confidence, "taken": taken,
                "forms": [[form, likely, _hit(answer, each), answer.quotes[0].text if answer.quotes else "", answer.confidence]
                          for form, likely, answer in zip(tried, sure, answers, strict=True)],
            })  # fmt: skip
        history.append(replace(answers[taken], question=each["question"], understood=tried[taken] if taken else None))
    return rows


def _hit(answer: Answer, turn: dict) -> int:
    return int(bool(answer.quotes) and holds(answer.quotes[0].text, tuple(turn["answers"])))


def fit(given: argparse.Namespace) -> None:
    """Margins on the conversations about paragraphs that are not for measuring, and what they give on those that are.

    What came before a turn is as it was understood when it was asked.
    """
    rows = [json.loads(line) for line in given.rows.read_text("utf8").splitlines()]
    fitting = [each for each in rows if each["part"] != "measure"]
    found = []
    for back, alone, plain_ in product((-6, -4, -3, -2, -1, 0), (0, 0.5, 1, 1.5, 2, 3, 4), (0.2, 0.35, 0.5, 0.65, 0.8)):
        needs, others = (np.mean([_after(each, back, alone, plain_) for each in fitting if each["needs"] == kind]) for kind in (True, False))
        cost = np.mean([len(each["forms"]) if _read(each, plain_) else 1 for each in fitting])
        found.append((needs, others, -cost, back, alone, plain_))
    print("| follow-ups | self-contained | forms read | pointing back | standing alone | plain |\n|" + " --- |" * 6)
    for needs, others, cost, *by in sorted(found, key=lambda each: -(each[0] + 2 * each[1] + each[2] / 100))[:15]:
        print(f"| {needs:.3f} | {others:.3f} | {-cost:.2f} | " + " | ".join(map(str, by)) + " |")
    for kind in ("measure", "others"):
        print(f"\n{kind}")
        _table([each for each in rows if (each["part"] == "measure") == (kind == "measure")], POINTING_BACK, STANDING_ALONE, PLAIN)


def _read(row: dict, least: float) -> bool:
    """Whether other forms than the question alone are read."""
    return not plain(row["question"], row["forms"][0][1], least)


def _after(row: dict, back: float, alone: float, plain_: float) -> int:
    if not _read(row, plain_):
        return row["forms"][0][2]
    return row["forms"][chosen(row["question"], [each[1] for each in row["forms"]], back, alone)][2]


def _table(rows: list[dict], back: float, alone: float, plain_: float) -> None:
    print("| language | turns | self-contained | follow-up, no history | follow-up, with history | recovered |\n|" + " --- |" * 6)
    for language in ("zh", "en", "ja", None):
        some = [each for each in rows if each["needs"] and language in (None, each["language"])]
        if some:
            full, bare, after = (np.mean([value(each) for each in some]) for value in (
                lambda each: each["alone"], lambda each: each["forms"][0][2], lambda each: _after(each, back, alone, plain_)))  # fmt: skip
            print(f"| {language or 'all'} | {len(some)} | {full:.3f} | {bare:.3f} | {after:.3f} | {after / full:.3f} |")
    some = [each for each in rows if not each["needs"]]
    print(f"self-contained later turns ({len(some)}): alone {np.mean([each['alone'] for each in some]):.3f}, "
          f"with history {np.mean([_after(each, back, alone, plain_) for each in some]):.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
