"""Fit the confidence and the baseline reader's weights on the training part of the shared sets.

    python -m bench.confidence [QUESTIONS_PER_SET]

Each question is asked of its set's paragraphs once with its own paragraph there and once with it
taken away; half of them where every paragraph is a document, half where the paragraphs of an article
are one, under its title. Prints the logistic regression, and on the measuring fifth its AUROC and
what each threshold answers.
"""

import random
import sys
import tempfile
from itertools import product
from pathlib import Path

import numpy as np

from corpus import Block, Document, Library
from embeddings import load_encoder
from eval import read_questions
from eval.metrics import holds
from rag import Assistant, index_documents
from rag.reader import Candidate, Reading
from rag.reader.baseline import figures
from rag.reader.data import part_of

SHARED = Path(__file__).parents[2] / "shared" / "datasets"
SETS = ("cmrc2018/cmrc2018_dev.json", "drcd/DRCD_dev.json", "jaquad/jaquad_train_0003.json", "squad2/squad2_part.json")
PARAGRAPHS = 50
# Of a reading: shared words, its cosine, its passage's cosine, its kind, and whether it holds a gold answer.
Figures = tuple[float, float, float, bool, bool]


def main() -> None:
    if not SHARED.is_dir():
        print(f"nothing measured: {SHARED} is not there")
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    encoder = load_encoder()
    rows: list[list[float]] = []
    labels: list[bool] = []
    measuring: list[bool] = []
    reads: list[tuple[bool, list[Figures]]] = []
    for name, whole in product(SETS, (False, True)):
        asked = read_questions(SHARED / name)
        chance = random.Random(1)
        corpus = chance.sample(asked.corpus, min(PARAGRAPHS, len(asked.corpus)))
        if whole:
            titles = list(dict.fromkeys(each.title for each in corpus))[: PARAGRAPHS // 4]
            corpus = [each for each in asked.corpus if each.title in titles][: 2 * PARAGRAPHS]
        texts = {each.name: each.text for each in corpus}
        questions = [q for q in asked.questions if q.documents and q.documents[0] in texts]
        indexed = _articles(corpus) if whole else list(corpus)
        with tempfile.TemporaryDirectory() as folder:
            with Library.create(folder, encoder.name, encoder.dimension) as library:
                index_documents(indexed, library, encoder)
            with Assistant.open(folder, encoder) as assistant:
                for q in chance.sample(questions, min(count // 2, len(questions))):
                    gold = texts[q.documents[0]]
                    held = part_of(gold) == "measure"
                    vector = encoder.encode_queries([q.question])[0]
                    candidates = assistant.candidates(q.question, vector, 12)
                    without = [each for each in candidates if not _holds(each, gold)][:5]
                    for answerable, pool in ((True, candidates[:5]), (False, without)):
                        if not pool:
                            continue
                        readings = assistant.reader.read(q.question, vector, pool)
                        rows.append(list(figures(q.question, pool, readings)))
                        labels.append(answerable)
                        measuring.append(held)
                        if answerable:
                            reads.append((held, [_figures(each, pool, q.answers) for each in readings]))
        print(f"{name}: {len(rows)} rows", file=sys.stderr, flush=True)
    np.savez(Path(tempfile.gettempdir()) / "confidence.npz", rows=rows, labels=labels, measuring=measuring)
    _weights(reads)
    _fit(np.array(rows), np.array(labels), np.array(measuring))


def _articles(paragraphs: list[Document]) -> list[Document]:
    """Paragraphs of one title as one document, the title its heading."""
    grouped: dict[str, list[Document]] = {}
    for each in paragraphs:
        grouped.setdefault(each.title, []).append(each)
    found = []
    for number, (title, group) in enumerate(grouped.items()):
        text, blocks = title, [Block("heading", 0, len(title), 1)]
        for each in group:
            blocks.append(Block("paragraph", len(text) + 2, len(text) + 2 + len(each.text)))
            text += "\n\n" + each.text
        found.append(Document(f"{number:04}", title, text, tuple(blocks)))
    return found


def _holds(candidate: Candidate, paragraph: str) -> bool:
    """Whether a passage has words of the paragraph."""
    passage = candidate.document.text[candidate.passage.start : candidate.passage.end]
    return paragraph in passage or passage in paragraph or paragraph[:60] in passage or paragraph[-60:] in passage


def _figures(reading: Reading, pool: list[Candidate], answers: tuple[str, ...]) -> Figures:
    candidate = pool[reading.candidate]
    text = candidate.document.text[reading.sentence.start : reading.sentence.end]
    cosine, words, kind = reading.evidence
    return words, cosine, candidate.score, bool(kind), holds(text, answers)


def _weights(reads: list[tuple[bool, list[Figures]]]) -> None:
    table = []
    for words, passage, kind in product((0.0, 0.05, 0.1, 0.15, 0.2, 0.3), (0.0, 0.5, 1.0, 2.0), (0.0, 0.01, 0.02, 0.04)):
        hits: dict[bool, list[bool]] = {True: [], False: []}
        for held, read in reads:
            hits[held].append(max(read, key=lambda f: words * f[0] + f[1] + passage * f[2] + kind * f[3])[4])
        table.append((float(np.mean(hits[False])), float(np.mean(hits[True])), words, passage, kind))
    print("| hit@1, training | hit@1, measuring | words | passage | kind |\n| --- | --- | --- | --- | --- |")
    for trained, measured, words, passage, kind in sorted(table, reverse=True)[:25]:
        print(f"| {trained:.3f} | {measured:.3f} | {words} | {passage} | {kind} |")


def _fit(rows: np.ndarray, labels: np.ndarray, measuring: np.ndarray) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    model = LogisticRegression(C=1e3, max_iter=5000).fit(rows[~measuring], labels[~measuring])
    print("intercept", model.intercept_, "weights", model.coef_)
    sure = model.predict_proba(rows)[:, 1]
    print("AUROC, measuring part:", roc_auc_score(labels[measuring], sure[measuring]))
    for at, name in enumerate(rows.T):
        print(f"feature {at} alone:", roc_auc_score(labels[measuring], name[measuring]))
    for threshold in (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5):
        answered = sure[measuring] >= threshold
        yes, no = answered[labels[measuring]].mean(), answered[~labels[measuring]].mean()
        print(f"threshold {threshold}: answers {yes:.3f} of the answerable, {no:.3f} of the others")


if __name__ == "__main__":
    main()
