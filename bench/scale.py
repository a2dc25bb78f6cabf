"""What grows as a library grows: time of a search, memory, opening, adding one document; and what an index misses.

    python -m bench.scale [PASSAGES...]     (1000 10000 100000 1000000)

Passages are six sentences of the shared news (of SQuAD 2 in each tenth document), drawn at random: about 210
characters. Their vectors are perturbed ones of real sentences: that of one sentence and half the difference of
two others', of unit length. Questions are CMRC's, a third of them in English, with the vectors the model gives them.
"Processors" is what the search takes of both together, which a busy machine lengthens less. "Recall" is how many of the ten best are those that the same fusion finds over all vectors exactly; memory is
that of the process after all questions less that before the library was opened.

What is built and embedded stays in bench/runs/scale: a run that was stopped goes on. Of all sizes, the table is written
to bench/scale.md, which `python -m bench.growth` draws.
"""

import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np

from bench.fusion_sets import ENGLISH, RUNS, SHARED
from corpus import Document, Library, Passage
from corpus.document import Block, passage_id
from corpus.rows import Prepared, document_hash, text_key
from embeddings import load_encoder
from embeddings.encoder import BUNDLED
from embeddings.index import Flags, Ids, VectorIndex, Vectors
from eval import read_questions
from rag import index_paths
from rag.adapter import load_adapter
from rag.lexical import weights_of
from rag.posting import bring_up
from rag.search import Search
from rag.settings import Settings
from rag.vectors import save_index
from rag.words import Terms, passage_terms
from ui.allocation import keep_freed_memory

FOLDER = RUNS / "scale"
TABLE = Path(__file__).with_name("scale.md")
SIZES = (1_000, 10_000, 100_000, 1_000_000)
SENTENCES, OF_DOCUMENT, ENGLISH_EACH = 6, 10, 10
# Real sentences whose vectors are perturbed; questions asked, and of how many what is missed is counted.
REAL, QUESTIONS, EXACTLY = 4000, 150, 60
# Texts whose words are looked at where all vectors are gone through: those with so many of the best cosines.
DEEP = 20_000
STORE, EMBED = 100, 250
DIMENSION = 384


class PerturbedEncoder:
    """Gives passages perturbed vectors, at once: adding is measured without embedding."""

    name, dimension, max_tokens = BUNDLED, DIMENSION, 512

    def __init__(self, real: Vectors) -> None:
        self._real = real
        self._chance = np.random.default_rng(int(time.time()))

    def count_tokens(self, text: str) -> int:
        return len(text) * 2 // 3

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return perturbed(self._real, len(texts), self._chance)

    encode_passages = encode_queries


class Exact:
    """All vectors, multiplied with every question: what an index may miss, this does not."""

    def __init__(self, library: Library) -> None:
        some = list(library.vectors.chunks())
        self.ids: Ids = np.concatenate([numbers for numbers, _ in some])
        self._rows = np.concatenate([rows for _, rows in some]).astype(np.float32)

    def __len__(self) -> int:
        return len(self.ids)

    def vectors(self, ids: Ids) -> Vectors:
        return self._rows[np.searchsorted(self.ids, ids)]

    def products(self, ids: Ids, query: Vectors) -> Vectors:
        given: Vectors = self.vectors(ids) @ query
        return given

    def scan(self, query: Vectors, count: int, among: Flags | None = None, apart: bool | None = None) -> tuple[Ids, Vectors]:
        cosines = self._rows @ query
        if among is not None:
            cosines[~among[self.ids]] = -2
        # More than words could lift into the ten best.
        best = np.argpartition(-cosines, min(DEEP, len(cosines) - 1))[:DEEP]
        best = best[cosines[best] > -2]
        return self.ids[best], cosines[best]


def perturbed(real: Vectors, count: int, chance: np.random.Generator) -> Vectors:
    """Vectors (count, dimension) of unit length near real ones, in the directions in which real ones differ."""
    one, two, three = chance.integers(0, len(real), (3, count))
    rows = real[one] + np.float32(0.5) * (real[two] - real[three])
    return np.ascontiguousarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def sentences() -> tuple[list[str], list[str]]:
    """The news' Chinese ones, and English ones of SQuAD 2."""
    texts = [line for file in sorted((SHARED / "news").glob("*.txt")) for line in file.read_text("utf8").splitlines()]
    chinese = [each for text in texts for each in re.split(r"(?<=[。！？])", text) if 10 < len(each) < 120]
    squad = read_questions(SHARED / "squad2" / "squad2_part.json").corpus
    english = [f"{each} " for document in squad for each in re.split(r"(?<=[.!?]) ", document.text) if 20 < len(each) < 300]
    return list(dict.fromkeys(chinese)), list(dict.fromkeys(english))


def questions() -> list[str]:
    chinese = [each.question for each in read_questions(SHARED / "cmrc2018" / "cmrc2018_dev.json").questions]
    english = [line.split("\t")[1] for line in ENGLISH.read_text("utf8").splitlines()]
    chance = random.Random(1)
    some = chance.sample(english, min(QUESTIONS // 3, len(english)))
    found = [*some, *chance.sample(chinese, QUESTIONS - len(some))]
    chance.shuffle(found)
    return found


def embedded(name: str, texts: Sequence[str], as_questions: bool) -> Vectors:
    """The model's vectors of texts, kept piece by piece."""
    pieces = []
    for at in range(0, len(texts), EMBED):
        file = FOLDER / f"{name}-{at}.npy"
        if not file.is_file():
            encoder = load_encoder()
            some = texts[at : at + EMBED]
            np.save(file, encoder.encode_queries(some) if as_questions else encoder.encode_passages(some))
            print(f"{name}: {at + len(some):,} of {len(texts):,} embedded", file=sys.stderr, flush=True)
        pieces.append(np.load(file, allow_pickle=False))
    return np.concatenate(pieces)


def real_vectors() -> Vectors:
    return embedded("real", random.Random(5).sample(sentences()[0], REAL), False)


def grow(folder: Path, size: int, real: Vectors) -> None:
    """A library of so many passages; one that is there already is added to."""
    with Library.create(folder, BUNDLED, DIMENSION) as library, library.writing():
        bring_up(library)
        if library.vectors.marks().last < size:
            kinds = sentences()
            cut = [[passage_terms(each) for each in some] for some in kinds]
            began = time.monotonic()
            while (done := library.vectors.marks().last) < size:
                _put(library, range(done // OF_DOCUMENT, min(done // OF_DOCUMENT + STORE, size // OF_DOCUMENT)), kinds, cut, real)
                if done % 10_000 == 0:
                    print(f"{done:,} of {size:,} passages stored, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        library.drop_unused()
        save_index(library)


def _put(
    library: Library, numbers: range, kinds: Sequence[Sequence[str]], cut: Sequence[Sequence[Terms]], real: Vectors
) -> None:
    """Store documents of these numbers, with all their texts in one segment: sooner than one by one."""
    terms, documents = [], []
    for number in numbers:
        chance = random.Random(number)
        kind = number % ENGLISH_EACH == ENGLISH_EACH - 1
        chosen = [chance.choices(range(len(kinds[kind])), k=SENTENCES) for _ in range(OF_DOCUMENT)]
        documents.append(_document(f"{number}.txt", ["".join(kinds[kind][each] for each in some) for some in chosen]))
        for some in chosen:
            parts = [cut[kind][each] for each in some]
            words = tuple(word for part in parts for word in part.words)
            terms.append(weights_of(Terms(words, tuple(pair for part in parts for pair in part.pairs), not kind)))
    keys = [key for each in documents for key in each.keys]
    with library.changing():
        library.put_texts(keys, perturbed(real, len(keys), np.random.default_rng(numbers[0])), terms)
        for each in documents:
            library.put(each, None)


def _document(name: str, texts: Sequence[str]) -> Prepared:
    ends = np.cumsum([len(each) for each in texts])
    spans = [(int(end) - len(text), int(end)) for text, end in zip(texts, ends, strict=True)]
    document = Document(name, name, "".join(texts), tuple(Block("paragraph", *span) for span in spans))
    passages = [
        Passage(passage_id(document.id, start, end, text), document.id, start, end)
        for (start, end), text in zip(spans, texts, strict=True)
    ]
    return Prepared(document, document_hash(document), (), passages, [text_key(each) for each in texts])


def measure(folder: Path) -> str:
    """A row of the table; to be run in a process of its own."""
    asked = questions()
    vectors = embedded("questions", asked, True)
    adapter, settings = load_adapter(BUNDLED), Settings()
    keep_freed_memory()  # as the page does
    _warm()
    before = _memory()
    began = time.perf_counter()
    with Library.open(folder) as library:
        search = Search(library, adapter)
        opened = time.perf_counter() - began
        for each, vector in list(zip(asked, vectors, strict=True))[:20]:
            search.hits(each, vector, 10, settings)
        times, worked, found = [], [], []
        for each, vector in zip(asked, vectors, strict=True):
            began, work = time.perf_counter(), time.process_time()
            search.catch_up()
            found.append([hit.id for hit in search.hits(each, vector, 10, settings)])
            times.append(time.perf_counter() - began)
            worked.append(time.process_time() - work)
        memory = _memory() - before
        added = list(_added(library, search))
        count, passages = len(search.opened.index), library.passage_count()
        recall = _recall(library, search, asked[:EXACTLY], vectors[:EXACTLY], settings)
    p50, p95 = np.percentile(times, (50, 95)) * 1000
    work50, work95 = np.percentile(worked, (50, 95)) * 1000
    return (
        f"| {passages:,} | {type(search.opened.index).__name__} of {count:,} | {p50:.1f} ms | {p95:.1f} ms | {work50:.1f} ms | {work95:.1f} ms | {recall:.3f} | {memory:.0f} MB "
        f"| {opened:.2f} s | {np.median(added):.2f} s | {max(added):.2f} s |"
    )


def _added(library: Library, search: Search) -> Iterator[float]:
    """Seconds for one document of ten passages, from a file to the first question after it, some times."""
    encoder = PerturbedEncoder(real_vectors())
    some, _ = sentences()
    with tempfile.TemporaryDirectory(prefix="yinju-bench-") as scratch:
        for number in range(10):
            file = Path(scratch) / f"added {number} {time.time_ns()}.txt"
            file.write_text("\n\n".join("".join(random.choices(some, k=SENTENCES)) for _ in range(OF_DOCUMENT)), "utf8")
            began = time.perf_counter()
            index_paths([file], library, encoder)
            search.catch_up()
            yield time.perf_counter() - began


def _recall(library: Library, search: Search, asked: Sequence[str], vectors: Vectors, settings: Settings) -> float:
    found = [[hit.id for hit in search.hits(each, vector, 10, settings)] for each, vector in zip(asked, vectors, strict=True)]
    opened = search.opened
    search.opened = replace(opened, index=cast(VectorIndex, Exact(library)))
    expected = [[hit.id for hit in search.hits(each, vector, 10, settings)] for each, vector in zip(asked, vectors, strict=True)]
    search.opened = opened
    return float(np.mean([len(set(some) & set(right)) / len(right) for some, right in zip(found, expected, strict=True)]))


def _warm() -> None:
    """Load what any library loads: dictionaries, stemmers."""
    from rag.translation import translations
    from rag.words import question_terms

    for each in ("市长会见了谁？", "Who met the mayor Liu Shaoqi?"):
        question_terms(each), translations(each)


def _memory() -> float:
    """Megabytes that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def main(arguments: Sequence[str]) -> None:
    if not SHARED.is_dir():
        print(f"nothing measured: {SHARED} is not there")
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    if arguments[:1] == ["measure"]:
        print(measure(Path(arguments[1])), flush=True)
        return
    real = real_vectors()
    embedded("questions", questions(), True)
    head = "| passages | index | search p50 | p95 | processors p50 | their p95 | recall@10 | memory | opening | adding, median | most |\n|" + " --- |" * 11
    rows = [head]
    print(head, flush=True)
    for size in map(int, arguments or SIZES):
        folder = FOLDER / f"library-{size}"
        grow(folder, size, real)
        measured = subprocess.run([sys.executable, "-m", "bench.scale", "measure", str(folder)], check=True, stdout=subprocess.PIPE, text=True)
        rows.append(measured.stdout.strip())
        print(rows[-1], flush=True)
    if not arguments:
        TABLE.write_text("# A library that grows\n\n`python -m bench.scale`; written by the command.\n\n" + "\n".join(rows) + "\n", "utf8")


if __name__ == "__main__":
    main(sys.argv[1:])
