"""The reader given the right paragraph: does the sentence it chooses hold the answer, and do its words match?

    python -m bench.reader WEIGHTS [--part aside|measure] [--count 200] [--exercises FOLDER]

For each set: the best sentence by the reader (hit), its marked words against the gold ones (exact, F1),
and how well its log-odds tell the right paragraph from a near one (AUROC). A checkpoint of
rag.reader.train serves as WEIGHTS, too.
"""

import argparse
import json
import sys
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
from sklearn.metrics import roc_auc_score

from corpus import Block, Document, Passage, split_sentences
from eval.metrics import holds
from rag.reader.data import Asked, Paragraph, exercise_files, read_exercises, read_squad
from rag.reader.pack import pack_checkpoint
from rag.reader.reading import Candidate
from rag.reader.scoring import Scorer
from rag.reader.train import SETS, neighbours
from rag.reader.trained import CrossEncoder

SHARED = Path(__file__).parents[2] / "shared" / "datasets"


def candidate(paragraph: Paragraph) -> Candidate:
    text = paragraph.text
    document = Document("one", paragraph.title, text, (Block("paragraph", 0, len(text)),))
    return Candidate(Passage(hash(text), document.id, 0, len(text)), document, tuple(split_sentences(document)), 0.0)


def scorer_of(weights: Path) -> Scorer:
    if weights.suffix == ".safetensors":
        return Scorer.load(weights)
    with TemporaryDirectory() as folder:
        packed = Path(folder) / "reader.safetensors"
        pack_checkpoint(weights, packed)
        return Scorer.load(packed)


def measure(name: str, asked: list[Asked], near: dict[Paragraph, list[Paragraph]], reader: CrossEncoder) -> list[dict[str, object]]:
    """One row a question: hit, exact, F1, log-odds of the right paragraph and of a near one."""
    random = Random(3)
    given = []
    for each in asked:
        gold = {each.paragraph.text[start:end] for start, end in each.answers}
        others = [other for other in near.get(each.paragraph, []) if not any(words in other.text for words in gold)]
        given.append((each, gold, others[:3]))
    vector = np.zeros(1, np.float32)
    right = reader.read_many([(each.question, vector, [candidate(each.paragraph)]) for each, _, _ in given])
    wrong = reader.read_many([(each.question, vector, [candidate(random.choice(others))] if others else []) for each, _, others in given])
    rows = []
    for (each, gold, _), readings, missing in zip(given, right, wrong, strict=True):
        text = each.paragraph.text
        best = readings[0]
        sentence = text[best.sentence.start : best.sentence.end]
        marked = text[best.answer.start : best.answer.end] if best.answer else ""
        rows.append({
            "set": name, "question": each.question, "gold": sorted(gold), "sentence": sentence, "marked": marked,
            "hit": holds(sentence, tuple(gold)), "exact": marked in gold,
            "f1": max(_f1(marked, words) for words in gold),
            "right": best.evidence[1], "wrong": missing[0].evidence[1] if missing else None,
            "by best": _hit(readings, 0, text, gold), "by mass": _hit(readings, 1, text, gold),
        })  # fmt: skip
    return rows


def _hit(readings, at, text, gold):
    best = max(readings, key=lambda each: each.evidence[at]).sentence
    return holds(text[best.start : best.end], tuple(gold))


def _f1(marked: str, gold: str) -> float:
    a, b = list(marked.replace(" ", "")), list(gold.replace(" ", ""))
    common = sum(min(a.count(each), b.count(each)) for each in set(a))
    return 2 * common / (len(a) + len(b)) if common else 0.0


def exercises(folder: Path, part: str) -> dict[str, list[Asked]]:
    """Our own texts' questions, by the language of question and text."""
    sets: dict[str, list[Asked]] = {}
    for each in read_exercises(exercise_files(folder).texts, part):
        if each.answers:
            text = each.paragraph.language
            sets.setdefault(text if each.language == text else f"other→{text}", []).append(each)
    return sets


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--part", default="aside")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--exercises", type=Path)
    parser.add_argument("--rows", type=Path, help="write what was read here, a JSON line a question")
    given = parser.parse_args()
    reader = CrossEncoder(scorer_of(given.weights))
    sets: dict[str, tuple[list[Asked], dict[Paragraph, list[Paragraph]]]] = {}
    for name, (patterns, language, _) in SETS.items():
        files = sorted(file for pattern in patterns for file in SHARED.glob(pattern))
        asked = [each for each in read_squad(files, language, given.part) if each.answers]
        near = neighbours(list(dict.fromkeys(each.paragraph for each in asked)))
        sets[name] = Random(5).sample(asked, min(given.count, len(asked))), near
    if given.exercises:
        for name, asked in exercises(given.exercises, given.part).items():
            paragraphs = list(dict.fromkeys(each.paragraph for each in asked))
            sets[name] = asked[: given.count], {each: [other for other in paragraphs if other != each] for each in paragraphs}
    print("| set | questions | hit | by best words | by mass | exact | F1 | AUROC |\n| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, (asked, near) in sets.items():
        rows = measure(name, asked, near, reader)
        pairs = [(1, each["right"]) for each in rows] + [(0, each["wrong"]) for each in rows if each["wrong"] is not None]
        auroc = roc_auc_score(*zip(*pairs, strict=True)) if len({label for label, _ in pairs}) > 1 else float("nan")
        means = [float(np.mean([each[key] for each in rows])) for key in ("hit", "by best", "by mass", "exact", "f1")]
        print(f"| {name} | {len(rows)} | " + " | ".join(f"{each:.3f}" for each in [*means, auroc]) + " |", flush=True)
        if given.rows:
            with given.rows.open("a", encoding="utf8") as file:
                file.writelines(json.dumps(each, ensure_ascii=False, default=str) + "\n" for each in rows)


if __name__ == "__main__":
    sys.exit(main())
