"""From question to quote, end to end, and the figures that the reader's weights and confidence are fitted on.

    python -m bench.answers read WEIGHTS --part aside --rows FILE [--count 150] [--sets cmrc,drcd,...]
    python -m bench.answers fit FILE

`read` asks every set's questions of a library of some hundreds of its paragraphs, many of them in other
languages, too, and writes what the reader saw: a JSON line a question.
`fit` chooses on those rows how a reading is scored and what its confidence is.
"""

import argparse
import json
from dataclasses import replace
from hashlib import sha1
from pathlib import Path

import numpy as np

from bench.answer_sets import libraries
from bench.reader import scorer_of
from corpus import Block, Document, Library
from embeddings import Encoder, load_encoder
from eval.metrics import holds
from rag import Assistant, Settings, index_documents
from rag.reader import to_read
from rag.reader.closeness import second_look
from rag.reader.data import Paragraph
from rag.reader.trained import CrossEncoder
from rag.words import is_unspaced

READ = 5


def documents(paragraphs: list[Paragraph]) -> list[Document]:
    return [Document(name_of(each), each.title, each.text, (Block("paragraph", 0, len(each.text)),)) for each in paragraphs]


def name_of(paragraph: Paragraph) -> str:
    return sha1(paragraph.text.encode()).hexdigest()[:16]


def kept_library(name: str, paragraphs: list[Paragraph], encoder: Encoder) -> Path:
    """A library of these paragraphs, embedded once and kept in bench/runs."""
    key = sha1("".join(map(name_of, paragraphs)).encode()).hexdigest()[:8]
    folder = Path(__file__).with_name("runs") / f"answers-{name}-{key}"
    folder.parent.mkdir(exist_ok=True)
    with Library.create(folder, encoder.name, encoder.dimension) as library:
        index_documents(documents(paragraphs), library, encoder)
    return folder


def read(given: argparse.Namespace) -> None:
    encoder = load_encoder()
    reader = CrossEncoder(scorer_of(given.weights), replace(Settings(), read=READ), True, second_look(encoder))
    wanted = set(given.sets.split(",")) if given.sets else set()
    with given.rows.open("w", encoding="utf8") as file:
        for name, (paragraphs, asked) in libraries(given.part, given.count, wanted).items():
            rows = _rows(name, paragraphs, asked, encoder, reader)
            file.writelines(json.dumps(each, ensure_ascii=False) + "\n" for each in rows)
            file.flush()
            print(f"{name}: {len(paragraphs)} paragraphs, {len(rows)} questions, found first "
                  f"{np.mean([each['gold'] == 0 for each in rows]):.3f}", flush=True)  # fmt: skip


def _rows(name, paragraphs, asked, encoder, reader):
    at = {each: name_of(each) for each in paragraphs}
    rows = []
    with Assistant.open(kept_library(name.split("→")[-1], paragraphs, encoder), encoder) as assistant:
        vectors = encoder.encode_queries([each.question for each in asked])
        found = [assistant.candidates(each.question, vector, 2 * READ + 1) for each, vector in zip(asked, vectors, strict=True)]
    for start in range(0, len(asked), 16):
        some = [(each.question, vector, candidates) for each, vector, candidates in
                list(zip(asked, vectors, found, strict=True))[start : start + 16]]  # fmt: skip
        for each, (_, _, candidates), readings in zip(asked[start : start + 16], some, reader.read_many(some), strict=True):
            names = [candidate.document.name for candidate in candidates]
            same = [number for number, name in enumerate(names) if name == at[each.paragraph]]
            gold = same[0] if same else -1
            words = tuple({each.paragraph.text[a:b] for a, b in each.answers})
            read_ = []
            for one in readings:
                document = candidates[one.candidate].document
                sentence = document.text[one.sentence.start : one.sentence.end]
                marked = document.text[one.answer.start : one.answer.end]
                read_.append([one.candidate, *one.evidence, int(holds(sentence, words)), int(marked in words), one.sentence.start, one.sentence.end])
            rows.append({
                "set": name, "cross": each.language != each.paragraph.language, "language": each.language, "question": each.question,
                "gold": gold, "same": same, "across": [candidate.far for candidate in candidates], "read": len(to_read(candidates, READ)), "answers": words, "scores": [candidate.score for candidate in candidates], "words": [candidate.words for candidate in candidates], "readings": read_,
                "spaced": [is_unspaced(candidate.document.text) is False for candidate in candidates],
            })  # fmt: skip
    return rows


def score(row, by, without=False):
    """Readings, best first, by the weights of a passage's own score and of closeness: (score, best, mass, passage's score, hit,
    exact, candidate, start, end, closeness)."""
    read_ = [each for each in row["readings"] if not (without and each[0] in row["same"])]
    scored = [(m + by[0] * row["scores"][c] + by[1] * near, b, m, row["scores"][c], hit, exact, c, s, e, near) for c, b, m, near, hit, exact, s, e in read_]
    return sorted(scored, reverse=True)


def fit(given: argparse.Namespace) -> None:
    rows = [json.loads(line) for line in given.rows.read_text("utf8").splitlines()]
    rows = [each for each in rows if each["readings"]]
    groups = sorted({(each["set"], each["cross"]) for each in rows})
    print("| closeness | passage | all | " + " | ".join(name + ("×" if cross else "") for name, cross in groups) + " |")
    table = []
    for close in (0.0, 20.0, 35.0, 50.0, 65.0, 80.0):
        for passage in (0.0, 20.0, 35.0, 50.0, 75.0, 100.0, 150.0):
            by = (passage, close)
            hits = [score(each, by)[0][4] for each in rows]
            by_group = [np.mean([hit for hit, each in zip(hits, rows, strict=True) if (each["set"], each["cross"]) == group]) for group in groups]
            table.append((float(np.mean(by_group)), close, passage, by_group))
    for mean, close, passage, by_group in sorted(table, key=lambda each: -each[0])[:12]:
        print(f"| {close} | {passage} | {mean:.3f} | " + " | ".join(f"{each:.3f}" for each in by_group) + " |")
    _, close, passage, _ = max(table, key=lambda each: each[0])
    by = (given.passage if given.passage is not None else passage, given.close if given.close is not None else close)
    print("chosen", by)
    for key, test in (("exact", lambda each: score(each, by)[0][5]), ("recall@1 by passages", lambda each: each["gold"] == 0),
                      ("recall@1 by reader", lambda each: score(each, by)[0][6] in each["same"])):
        print(key, " ".join(f"{name}{'×' if cross else ''} {np.mean([test(each) for each in rows if (each['set'], each['cross']) == (name, cross)]):.3f}" for name, cross in groups))
    _beside(rows, by)
    _further(rows, by)
    _confidence(rows, by)


def _figures(row, by, without):
    """What confidence may be made of, for the first reading; None where nothing was read."""
    scored = score(row, by, without)
    if not scored:
        return None
    first = scored[0]
    left = [value for number, value in enumerate(row["scores"]) if not (without and number in row["same"])][2:5]
    other = next((each for each in scored if each[6] != first[6]), None)
    return {
        "mass": first[2], "best": first[1], "words": row["words"][first[6]], "lead": first[3] - (sum(left) / len(left) if left else 0.0),
        "close": first[9], "across": float(row["across"][first[6]]), "spaced": float(row["spaced"][first[6]]), "apart": min(first[2] - other[2], 12.0) if other else 12.0,
    }  # fmt: skip


def _confidence(rows, by) -> None:
    """Logistic regressions on several of the figures, cross-validated over questions, each question asked twice:
    with its paragraph and without."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import GroupKFold, cross_val_predict

    given = [(number, without, found, bool(score(row, by, without)[0][4]) and not without)
             for number, row in enumerate(rows) for without in (False, True) if (found := _figures(row, by, without))]  # fmt: skip
    groups = np.array([number for number, *_ in given])
    away = np.array([without for _, without, *_ in given])
    across = np.array([rows[number]["cross"] for number in groups])
    y = np.array([label for *_, label in given])
    print("| figures | AUROC right | taken away | the same, across languages | ECE | answered at 0.2, of those taken away | right when answered | intercept, weights |")
    for names in (("mass", "words", "lead", "spaced"), ("mass", "words", "lead", "spaced", "close"),
                  ("mass", "words", "lead", "spaced", "close", "across"), ("mass", "words", "lead", "spaced", "close", "across", "apart")):  # fmt: skip
        x = np.array([[found[name] for name in names] for _, _, found, _ in given])
        model = LogisticRegression(C=10, max_iter=5000)
        sure = cross_val_predict(model, x, y, groups=groups, cv=GroupKFold(5), method="predict_proba")[:, 1]
        model.fit(x, y)
        bins = np.minimum((sure * 10).astype(int), 9)
        ece = sum(abs(sure[bins == b].mean() - y[bins == b].mean()) * (bins == b).mean() for b in range(10) if (bins == b).any())
        answered = sure >= 0.2
        figures = [roc_auc_score(y, sure), roc_auc_score(~away, sure), roc_auc_score(~away[across], sure[across]) if across.any() else float("nan"), ece]
        print(f"| {', '.join(names)} | " + " | ".join(f"{each:.3f}" for each in figures) + f" | {answered[~away].mean():.3f}, {answered[away].mean():.3f} | {y[answered].mean():.3f} | {model.intercept_[0]:.3f}, {np.round(model.coef_[0], 3).tolist()} |")
        if names == ("mass", "words", "lead", "spaced", "close", "across"):
            kept = sure
            by_set = {name: [] for name, _ in sorted({(rows[number]["set"], 0) for number in groups})}
            for number, one, off in zip(groups, sure, away, strict=True):
                by_set[rows[number]["set"]].append((one, off))
            for name, some in by_set.items():
                values, off = np.array([each[0] for each in some]), np.array([each[1] for each in some])
                print(f"| {name} | AUROC {roc_auc_score(~off, values):.3f} | answered at 0.2 {np.mean(values[~off] >= 0.2):.3f} | of those taken away {np.mean(values[off] >= 0.2):.3f} |")
    print("| threshold | language | answered | of those taken away | right when answered |")
    for threshold in (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5):
        for language, of in (("the text's", ~across), ("another", across)):
            answered = kept[of] >= threshold
            print(f"| {threshold} | {language} | {answered[~away[of]].mean():.3f} | {answered[away[of]].mean():.3f} | {y[of][answered].mean():.3f} |")


def _beside(rows, by) -> None:
    """What quotes hold, and how long the first is in Chinese, where sentences within a margin of the best are quoted with it."""
    print("| beside | " + " | ".join(f"hit@{n}" for n in (1, 2, 3)) + " | mean characters, Chinese |")
    for margin in (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0):
        hits, lengths = [], []
        for row in rows:
            scored = score(row, by)
            quoted, found = [], []
            for top, _, _, _, hit, _, of, start, end, _ in scored:
                if any(c == of and a <= start < b for c, a, b in quoted):
                    continue
                here = sorted((s, e, value, h) for value, _, _, _, h, _, c, s, e, _ in scored if c == of)
                at = next(n for n, each in enumerate(here) if each[0] == start)
                first, last = start, end
                for beside in (at - 1, at + 1):
                    if 0 <= beside < len(here) and here[beside][2] >= top - margin and margin:
                        left, right = min(first, here[beside][0]), max(last, here[beside][1])
                        if right - left <= 220:
                            first, last, hit = left, right, hit or here[beside][3]
                quoted.append((of, first, last))
                found.append(hit)
                if len(found) == 3:
                    break
            hits.append([any(found[:n]) for n in (1, 2, 3)])
            if "cmrc" in row["set"] or "drcd" in row["set"]:
                lengths.append(quoted[0][2] - quoted[0][1])
        print(f"| {margin} | " + " | ".join(f"{np.mean([each[n] for each in hits]):.3f}" for n in range(3)) + f" | {np.mean(lengths or [0]):.1f} |")


def _further(rows, by) -> None:
    """What three quotes hold, and how many there are, where those far below the first are left out."""
    print("| further | hit@3 | quotes | further quotes that hold the answer |")
    for margin in (2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0):
        hits, counts, right = [], [], []
        for row in rows:
            scored = score(row, by)[:3]
            kept = [each for each in scored if each[0] >= scored[0][0] - margin]
            hits.append(any(each[4] for each in kept))
            counts.append(len(kept))
            right += [each[4] for each in kept[1:]]
        print(f"| {margin} | {np.mean(hits):.3f} | {np.mean(counts):.2f} | {np.mean(right or [0]):.3f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    reading = commands.add_parser("read")
    reading.add_argument("weights", type=Path)
    reading.add_argument("--part", default="aside")
    reading.add_argument("--count", type=int, default=150)
    reading.add_argument("--sets", default="")
    reading.add_argument("--rows", type=Path, required=True)
    reading.set_defaults(run=read)
    fitting = commands.add_parser("fit")
    fitting.add_argument("rows", type=Path)
    fitting.add_argument("--close", type=float)
    fitting.add_argument("--passage", type=float)
    fitting.set_defaults(run=fit)
    given = parser.parse_args()
    given.run(given)


if __name__ == "__main__":
    main()
