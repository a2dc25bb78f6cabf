"""What ten million passages, a hundred million and a billion take: memory, disk and time, reckoned from what one takes here.

    python -m bench.sizes [LIBRARY]      (that of `bench.scale` of 100,000 passages)

Bytes of a passage are those of the library's tables (SQLite's dbstat), terms those that passages of the same making have. What
is reckoned from them, and what is taken from elsewhere, stands in docs/scale.md.
"""

import random
import sqlite3
import sys
from pathlib import Path

import numpy as np

from bench.scale import DIMENSION, ENGLISH_EACH, FOLDER, SENTENCES, sentences
from rag.words import passage_terms

SIZES = (10_000_000, 100_000_000, 1_000_000_000)
TABLES = {"postings": "postings", "documents": "text", "vectors": "vectors"}
# Of a vector in HNSW: 2 M links of four bytes (Malkov and Yashunin, 2018, 4.2.3), M as `corpus.milvus` has it.
LINKS = 2 * 32 * 4
# Bytes of a term of a passage in a sparse index: its passage's number and its weight.
TERM = 8
# Milvus's DISKANN: codes an eighth of float32 in memory; on disk the vector and up to 56 links, in pages of 4 KB.
CODES, DISK_LINKS, PAGE = 0.125, 56 * 4, 4096
# Passages a second: two cores here (bench/README.md, 35 ms for 170 tokens), and one NVIDIA L4 (docs/scale.md).
CPU_RATE, GPU_RATE = 1000 / 35, 2600.0


def bytes_of_a_passage(library: Path) -> dict[str, float]:
    with sqlite3.connect(f"file:{library / 'library.sqlite'}?mode=ro", uri=True) as connection:
        count = connection.execute("SELECT count(*) FROM passages").fetchone()[0]
        rows = connection.execute("SELECT name, sum(pgsize) FROM dbstat WHERE aggregate = TRUE GROUP BY name").fetchall()
    found = dict.fromkeys([*TABLES.values(), "rest"], 0.0)
    for name, size in rows:
        found[TABLES.get(name, "rest")] += size / count
    return found


def terms_of_a_passage(passages: int = 300) -> tuple[float, float]:
    """Distinct words and character pairs, and of them the words, on average."""
    chance, kinds = random.Random(1), sentences()
    counted = []
    for number in range(passages):
        terms = passage_terms("".join(chance.choices(kinds[number % ENGLISH_EACH == ENGLISH_EACH - 1], k=SENTENCES)))
        counted.append((len(set(terms.words)) + len(set(terms.pairs)), len(set(terms.words))))
    both, words = np.mean(counted, axis=0)
    return float(both), float(words)


def vector_bytes() -> dict[str, tuple[float, float]]:
    """Of one vector: bytes of memory, and of disk beside the stored one."""
    floats, halves, small = 4 * DIMENSION, 2 * DIMENSION, DIMENSION
    node = floats + DISK_LINKS
    on_disk = PAGE / (PAGE // node)
    return {
        "FLAT float32": (floats, 0), "FLAT float16": (halves, 0), "HNSW float32": (floats + LINKS, 0), "HNSW float16": (halves + LINKS, 0),
        "HNSW_SQ8": (small + LINKS, 0), "IVF_SQ8": (small + 8, 0), "IVF_RABITQ": (DIMENSION / 8 + 8 + 8, 0),
        "IVF_RABITQ + SQ8": (DIMENSION / 8 + 8 + 8 + small, 0), "DISKANN": (CODES * floats, on_disk),
    }  # fmt: skip


def said(size: float) -> str:
    for unit in ("B", "KB", "MB", "GB", "TB", "PB"):
        if size < 1000 or unit == "PB":
            return f"{size:,.0f} {unit}" if size >= 10 else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError


def main(arguments: list[str]) -> None:
    library = Path(arguments[0]) if arguments else FOLDER / "library-100000"
    passage = bytes_of_a_passage(library)
    terms, words = terms_of_a_passage()
    print(f"a passage: {', '.join(f'{name} {size:,.0f} bytes' for name, size in passage.items())}; {terms:.0f} terms, {words:.0f} of them words")
    print("\n| | a passage | " + " | ".join(f"{size // 1_000_000:,} million" for size in SIZES) + " |\n" + "| --- " * 5 + "|")

    def row(name: str, one: float) -> None:
        print(f"| {name} | {said(one)} | " + " | ".join(said(one * size) for size in SIZES) + " |")

    row("folder library, on disk", sum(passage.values()))
    row("text", passage["text"])
    for name, (memory, disk) in vector_bytes().items():
        row(f"{name}, memory", memory)
        if disk:
            row(f"{name}, on disk", disk)
    row("terms (sparse index), memory", terms * TERM)
    row("BM25 words (sparse index), memory", words * TERM)
    for name, rate in (("embedding, hours of two cores", CPU_RATE), ("embedding, hours of one L4", GPU_RATE)):
        print(f"| {name} | – | " + " | ".join(f"{size / rate / 3600:,.0f}" if size / rate > 36_000 else f"{size / rate / 3600:.1f}" for size in SIZES) + " |")


if __name__ == "__main__":
    main(sys.argv[1:])
