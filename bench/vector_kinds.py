"""Kinds of index that Milvus has, in FAISS here: bytes of a vector, CPU time of a search, and what is missed.

    python -m bench.vector_kinds [--vectors 50000] [--kinds FLAT,HNSW,...]

The vectors are those of the library of `bench.scale` of a million passages (384 dimensions), the questions its questions. An
index is built as one segment of Milvus is, and searched with the first of some efforts (`ef` of a graph, `nprobe` of lists) with
which 95 of 100 of the ten nearest by exact products are among the ten found, or the last. Bytes are those of the index
written to a file. Milvus searches its segments with the same algorithms (its Knowhere is made of FAISS and others), but not with this
program; vectors that are perturbed at random lie harder for lists than real ones.
"""

import argparse
import time

import faiss
import numpy as np

from bench.scale import DIMENSION, FOLDER, embedded, questions
from corpus import Library
from embeddings.index import Vectors

LIBRARY = FOLDER / "library-1000000"
# The number of lists is 4 √n, as Milvus's documentation has it.
M, EF_CONSTRUCTION, LISTS_BY_ROOT = 16, 200, 4
EFFORTS = (32, 128, 512)
COUNT, REPEATS, ENOUGH = 10, 3, 0.95


def stored(count: int) -> Vectors:
    """The first vectors of the library (count, dimension), as float32."""
    found, total = [], 0
    with Library.open(LIBRARY) as library:
        for _, rows in library.vectors.chunks():
            found.append(rows.astype(np.float32))
            total += len(rows)
            if total >= count:
                break
    return np.concatenate(found)[:count]


def made(kind: str, count: int) -> faiss.Index:
    """An empty index of this kind for so many vectors."""
    lists, product = int(LISTS_BY_ROOT * count**0.5), faiss.METRIC_INNER_PRODUCT
    return {
        "FLAT": lambda: faiss.index_factory(DIMENSION, "Flat", product),
        "HNSW": lambda: faiss.index_factory(DIMENSION, f"HNSW{M},Flat", product),
        "HNSW_SQ8": lambda: faiss.index_factory(DIMENSION, f"HNSW{M},SQ8", product),
        "IVF_SQ8": lambda: faiss.index_factory(DIMENSION, f"IVF{lists},SQ8", product),
        "IVF_RABITQ": lambda: faiss.index_factory(DIMENSION, f"RR{DIMENSION},IVF{lists},RaBitQ", product),
        "IVF_RABITQ + SQ8": lambda: faiss.index_factory(DIMENSION, f"RR{DIMENSION},IVF{lists},RaBitQ,Refine(SQ8)", product),
    }[kind]()


def set_effort(index: faiss.Index, kind: str, effort: int) -> None:
    if kind.startswith("HNSW"):
        index.hnsw.efSearch = effort
    elif "IVF" in kind:
        faiss.extract_index_ivf(faiss.downcast_index(index.base_index) if "+" in kind else index).nprobe = effort


def searched(index: faiss.Index, asked: Vectors) -> tuple[np.ndarray, list[float]]:
    """What is found (questions × COUNT), and milliseconds of CPU of each search, on one thread."""
    found, times = [], []
    for _ in range(REPEATS):
        found = []
        for each in asked:
            began = time.process_time()
            _, ids = index.search(each[None], COUNT)
            times.append((time.process_time() - began) * 1000)
            found.append(ids[0])
    return np.array(found), times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=int, default=50_000)
    parser.add_argument("--kinds", default="FLAT,HNSW,HNSW_SQ8,IVF_SQ8,IVF_RABITQ,IVF_RABITQ + SQ8")
    given = parser.parse_args()
    rows, asked = stored(given.vectors), embedded("questions", questions(), True)
    exact = faiss.index_factory(DIMENSION, "Flat", faiss.METRIC_INNER_PRODUCT)
    exact.add(rows)
    _, right = exact.search(np.ascontiguousarray(asked, np.float32), COUNT)
    print("| index | bytes a vector | effort | search p50 | p95 | recall@10 | building |\n" + "| --- " * 7 + "|", flush=True)
    for kind in given.kinds.split(","):
        index, began = made(kind, len(rows)), time.perf_counter()
        if kind.startswith("HNSW"):
            index.hnsw.efConstruction = EF_CONSTRUCTION
        index.train(rows)
        index.add(rows)
        built = time.perf_counter() - began
        if "+" in kind:
            index.k_factor = 4
        bytes_ = len(faiss.serialize_index(index)) / len(rows)
        # A query node searches for many at once, each on a core of its own.
        threads = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1)
        for effort in EFFORTS if kind != "FLAT" else (0,):
            set_effort(index, kind, effort)
            found, times = searched(index, np.ascontiguousarray(asked, np.float32))
            recall = float(np.mean([len(set(some) & set(best)) / COUNT for some, best in zip(found.tolist(), right.tolist(), strict=True)]))
            if recall >= ENOUGH:
                break
        faiss.omp_set_num_threads(threads)
        p50, p95 = np.percentile(times, (50, 95))
        print(f"| {kind} | {bytes_:,.0f} | {effort or '–'} | {p50:.2f} ms | {p95:.2f} ms | {recall:.3f} | {built:.0f} s |", flush=True)


if __name__ == "__main__":
    main()
