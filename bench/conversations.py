"""Follow-ups: how many of the answers that the self-contained question gets does the follow-up get?

    python -m bench.conversations [WEIGHTS] [--part aside|measure|all] [--rows FILE]

134 conversations of two to four turns that we wrote about paragraphs of the shared sets
(bench/conversations.jsonl; the paragraphs by their SHA-1). Every turn is asked after the questions before
it, alone, and in its self-contained form, of a library of its set's paragraphs.
"""

import argparse
import json
from hashlib import sha1
from pathlib import Path

import numpy as np

from bench.answers import kept_library
from bench.reader import SHARED, scorer_of
from embeddings import load_encoder
from eval.metrics import holds
from rag import Assistant
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
    parser.add_argument("weights", type=Path, nargs="?")
    parser.add_argument("--part", default="all")
    parser.add_argument("--rows", type=Path)
    given = parser.parse_args()
    encoder = load_encoder()
    reader = CrossEncoder(scorer_of(given.weights)) if given.weights else None
    conversations = [json.loads(line) for line in Path(__file__).with_name("conversations.jsonl").read_text("utf8").splitlines()]
    rows = []
    for name in FOLDERS:
        every = paragraphs(name)
        here = [each for each in conversations if each["set"] == name]
        needed = {turn.get("paragraph", each["paragraph"]) for each in here for turn in each["turns"]}
        if given.part != "all":
            here = [each for each in here if (part_of(every[each["paragraph"]].text) == "measure") == (given.part == "measure")]
        chosen = [every[each] for each in sorted(needed)] + [each for key, each in every.items() if key not in needed]
        folder = kept_library(f"conversations-{name}", chosen[: max(PARAGRAPHS, len(needed))], encoder)
        with Assistant.open(folder, encoder) as assistant:
            if reader:
                assistant.reader = reader
            for each in here:
                rows += _asked(assistant, each)
        print(f"{name}: {len(here)} conversations", flush=True)
    if given.rows:
        given.rows.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in rows), "utf8")
    print("| language | turns | alone, self-contained | follow-up, no history | follow-up, with history | recovered |\n| --- | --- | --- | --- | --- | --- |")
    for language in ("zh", "en", "ja", None):
        some = [each for each in rows if each["needs"] and language in (None, each["language"])]
        full, bare, after = (np.mean([each[key] for each in some]) for key in ("alone", "bare", "after"))
        print(f"| {language or 'all'} | {len(some)} | {full:.3f} | {bare:.3f} | {after:.3f} | {after / full:.3f} |")
    some = [each for each in rows if not each["needs"]]
    print(f"self-contained later turns ({len(some)}): alone {np.mean([each['alone'] for each in some]):.3f}, "
          f"with history {np.mean([each['after'] for each in some]):.3f}")  # fmt: skip


def _asked(assistant: Assistant, conversation: dict) -> list[dict]:
    """The later turns of a conversation: a row each."""
    rows, history = [], []
    for number, turn in enumerate(conversation["turns"]):
        (after,) = assistant.ask_many([turn["question"]], 5, threshold=0.0, histories=[history])
        if number:
            alone, bare = assistant.ask_many([turn["alone"], turn["question"]], 5, threshold=0.0)
            hits = {key: int(bool(each.quotes) and holds(each.quotes[0].text, tuple(turn["answers"]))) for key, each in (("alone", alone), ("bare", bare), ("after", after))}
            rows.append({"language": conversation["language"], "needs": turn["needs"], "question": turn["question"], "meant": turn["alone"],
                         "understood": after.understood, "quote": after.quotes[0].text if after.quotes else "", "answers": turn["answers"], **hits})  # fmt: skip
        history.append(after)
    return rows


if __name__ == "__main__":
    main()
