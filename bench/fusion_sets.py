"""The question sets that fusion is fitted and measured on, indexed, with every figure of every passage.

Of each set some hundreds of paragraphs are the corpus: those of the measuring fifth, and others. The
questions of the others are for fitting, those of the fifth for measuring; both are asked of all.
Libraries and the vectors of questions are kept in bench/runs.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus import Document, Library
from embeddings import Encoder
from eval import read_questions
from eval.question import Question
from rag import index_documents
from rag.lexical import EITHER, PAIRS, WORDS, StoredLexical
from rag.reader.data import part_of
from rag.translation import translations
from rag.vectors import open_index
from rag.words import question_terms
from ui.terminal import progress_bar

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "datasets"
RUNS = ROOT / "bench" / "runs"
# Name, file, and how many at most: paragraphs of the measuring fifth, others, questions of each.
SETS = (
    ("CMRC", "cmrc2018/cmrc2018_dev.json", 220, 380, 200),
    ("DRCD", "drcd/DRCD_dev.json", 150, 150, 100),
    ("SQuAD2", "squad2/squad2_part.json", 60, 60, 100),
    ("JaQuAD", "jaquad/jaquad_train_0000.json", 50, 50, 100),
)
# Our own English questions on paragraphs of CMRC: the paragraph's SHA-1 (its head) and the question.
ENGLISH = Path(__file__).with_name("english_on_chinese.tsv")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Figures:
    """Of each question (q) and passage (p): cosine, BM25 of words, pairs and translations (q × p); the highest BM25 (q × 3).

    `right` (q × p) says which passages are of a document that answers; `measuring` which questions are for that.
    """

    cosine: Floats
    words: Floats
    pairs: Floats
    translated: Floats
    highest: Floats
    right: NDArray[np.bool_]
    measuring: NDArray[np.bool_]


def corpus_of(file: Path, measured_count: int, other_count: int, count: int) -> tuple[list[Document], list[Question], set[str]]:
    """The paragraphs, `count` answerable questions of either part, and the names of the paragraphs for measuring."""
    asked = read_questions(file)
    measured = [each for each in asked.corpus if part_of(each.text) == "measure"][:measured_count]
    others = [each for each in asked.corpus if part_of(each.text) != "measure"][:other_count]
    names = {each.name for each in (*measured, *others)}
    questions = [each for each in asked.questions if each.answerable and each.documents and each.documents[0] in names]
    held = {each.name for each in measured}
    sides = [[each for each in questions if (each.documents[0] in held) == side] for side in (True, False)]
    chosen = [each for side in sides for each in random.Random(1).sample(side, min(count, len(side)))]
    return [*measured, *others], chosen, held


def english_questions(documents: Sequence[Document]) -> list[Question]:
    """Written by us for this project, each of one paragraph of CMRC, to be asked in another language than the text."""
    names = {sha1(each.text.encode()).hexdigest()[:10]: each.name for each in documents}
    rows = [line.split("\t") for line in ENGLISH.read_text("utf8").splitlines()]
    return [Question(str(number), text, documents=(names[head],)) for number, (head, text) in enumerate(rows) if head in names]


def library_of(name: str, documents: Sequence[Document], encoder: Encoder) -> Path:
    folder = RUNS / f"fusion-{name.lower()}-library"
    RUNS.mkdir(exist_ok=True)
    with Library.create(folder, encoder.name, encoder.dimension) as library, progress_bar(f"Indexing {name}") as bar:
        index_documents(documents, library, encoder, bar)
    return folder


def vectors_of(name: str, texts: Sequence[str], encoder: Encoder) -> NDArray[np.float32]:
    """The vectors of questions, kept from one run to the next."""
    file = RUNS / f"fusion-{name.lower()}-{sha1(chr(0).join(texts).encode()).hexdigest()[:12]}.npy"
    if file.is_file():
        return np.load(file, allow_pickle=False)
    rows = encoder.encode_queries(texts)
    np.save(file, rows)
    return rows


def number_of_passages(library: Library, ids: Sequence[int]) -> NDArray[np.int64]:
    """The number of each passage's text."""
    documents = {each.document_id for each in library.passages(ids)}
    numbers, passages = library.passages_of(sorted(documents))
    found = dict(zip(passages.tolist(), numbers.tolist(), strict=True))
    return np.array([found[each] for each in ids], np.int64)


def figures(folder: Path, questions: Sequence[Question], vectors: NDArray[np.float32], measured: set[str]) -> Figures:
    """Every passage's figures for every question: a small library can be looked at whole."""
    with Library.open(folder) as library, library.reading():
        opened = open_index(library)
        lexical = StoredLexical(library.postings, opened.alive)
        ids = [int(each) for each in library.passage_ids()]
        numbers = number_of_passages(library, ids)
        rows = opened.index.vectors(numbers)
        names = np.array([library.name_of(each.document_id) for each in library.passages(ids)])
        found = []
        for each in questions:
            terms = question_terms(each.question)
            found.append(lexical.search((WORDS, terms.words), (PAIRS, terms.pairs), (EITHER, translations(each.question))))
    return Figures(
        (vectors @ rows.T).astype(float),
        *(np.array([each[at].texts[numbers] for each in found], float) for at in range(3)),
        np.array([[each.highest for each in three] for three in found]),
        np.array([np.isin(names, each.documents) for each in questions]),
        np.array([each.documents[0] in measured for each in questions]),
    )
