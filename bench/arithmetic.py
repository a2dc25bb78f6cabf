"""What this machine could do at best, beside what the engine does: products of eight-bit numbers, and reading memory.

    python -m bench.arithmetic

"Peak" is ONNX Runtime's own product of a matrix of the network's largest size, for so many tokens at once, on one thread; the
engine computes a text that comes alone on all cores. A text has two operations for each of the layers' weights and token, and four for each pair of its tokens and number of a layer's states.
To embed a short question at least every weight is read once.
"""

from collections.abc import Callable

import numpy as np

from bench.speed import timed
from embeddings import load_encoder
from embeddings.bundled import packaged_engine
from embeddings.eight_bits import codes_of, sums_saturate
from embeddings.engine import session_of
from embeddings.graph import CONTRIB, Graph, model_of
from embeddings.onnx import read_recipe

WIDE = 4
TIMES = 40
# Of what one question and one passage of about 250 characters have.
TOKENS = (12, 170)
READ_MB = 256


def seconds(work: Callable[[], object], times: int = TIMES) -> float:
    """The median time of some work, warm."""
    for _ in range(5):
        work()
    return float(np.median([timed(work) for _ in range(times)]))


def peak(tokens: int, hidden: int) -> float:
    """Operations a second of one product (tokens, hidden) × (hidden, 4 hidden) in eight bits."""
    graph = Graph()
    codes, scales = codes_of(np.random.default_rng(0).normal(size=(WIDE * hidden, hidden)).astype(np.float32), sums_saturate())
    one, middle = graph.tensor("one", np.array(1, np.float32)), graph.tensor("middle", np.array(128, np.uint8))
    graph.node("MatMulIntegerToFloat", ["codes", graph.tensor("weight", codes.T), one, graph.tensor("scales", scales), middle], "given", CONTRIB)
    model = model_of(graph, {"codes": ("uint8", ["n", hidden])}, {"given": ("float32", ["n", WIDE * hidden])})
    session = session_of(model.SerializeToString())
    given = np.random.default_rng(1).integers(0, 256, (tokens, hidden)).astype(np.uint8)
    return 2 * tokens * hidden * WIDE * hidden / seconds(lambda: session.run(None, {"codes": given}))


def bandwidth() -> float:
    """Bytes a second that one thread reads from memory, far more than any cache holds."""
    numbers = np.ones(READ_MB * 2**20 // 8)
    return numbers.nbytes / seconds(numbers.sum, 10)


def main() -> None:
    shape = read_recipe(packaged_engine()).shape
    weights = shape.layers * 12 * shape.hidden**2
    encoder = load_encoder()
    reading = bandwidth()
    print(f"{weights / 1e6:.1f} million weights in {shape.layers} layers; memory {reading / 1e9:.1f} GB/s: {1000 * weights / reading:.1f} ms to read them once")
    print("| tokens | operations | peak of a thread | at that peak | measured, all cores, tokenizing too | of one thread's peak |\n|" + " --- |" * 6)
    for tokens in TOKENS:
        text = "桥" * (tokens - 6)
        count = encoder.count_tokens("query: " + text) + 2
        operations = 2 * count * weights + 4 * shape.layers * count**2 * shape.hidden
        most = peak(count, shape.hidden)
        taken = seconds(lambda text=text: encoder.encode_queries([text]))  # type: ignore[misc]
        print(f"| {count} | {operations / 1e9:.2f} G | {most / 1e9:.0f} GOP/s | {1000 * operations / most:.1f} ms | {1000 * taken:.1f} ms | {operations / most / taken:.2f} |")


if __name__ == "__main__":
    main()
