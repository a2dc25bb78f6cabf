"""Products in eight-bit integers: every token's activations with a scale of their own, every row of weights too.

One large activation then spoils at most its own token (Dettmers et al. 2022, "LLM.int8()", arXiv:2208.07339, section
2.1: vector-wise quantisation). Where some channels are always large, part of their size goes over to the weights first
(Xiao et al. 2023, "SmoothQuant", arXiv:2211.10438, equation 4, α = 0.5).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.engine import session_of
from embeddings.graph import CONTRIB, SMOOTHED, Graph, Operand, Shape, Weights, encoder_model, model_of

Largest = Mapping[str, NDArray[np.float32]]

MIDDLE, TOP = 128, 127
# GELU gives nothing below −0.17 (Hendrycks & Gimpel 2016, arXiv:1606.08415): few codes are kept for that side.
LOW, LOWEST = 32, 0.17
# No token's scale is zero.
LEAST = 1e-9
TRIED, TRIED_TOKENS = 10, 60


@dataclass(frozen=True)
class EightBits:
    """`pairs`: see `codes_of`; `smooth` are the channels' factors for the inputs that have some."""

    pairs: bool = False
    smooth: Largest = field(default_factory=dict)

    def operand(self, graph: Graph, given: str, name: str, gelu: bool) -> Operand:
        """Codes (tokens, in) uint8 of `given` (tokens, in), and their scales (tokens, 1)."""
        if name in self.smooth:
            given = graph.node("Mul", [given, graph.tensor(f"{name}.smooth", 1 / self.smooth[name])], f"{name}.smoothed")
        size = given if gelu else graph.node("Abs", [given], f"{name}.size")
        axis, flat = graph.shared("axis", np.array([1], np.int64)), graph.shared("flat", np.array([-1], np.int64))
        largest = graph.node("ReduceMax", [size, axis], f"{name}.largest", keepdims=1)
        middle, above = (LOW, 255 - LOW) if gelu else (MIDDLE, 255 - MIDDLE)
        least = graph.shared(f"least.{middle}", np.array([LOWEST * above / LOW if gelu else LEAST], np.float32))
        unit = graph.shared(f"unit.{middle}", np.array([1 / above], np.float32))
        scale = graph.node("Mul", [graph.node("Max", [largest, least], f"{name}.most"), unit], f"{name}.scale")
        inputs = [given, graph.node("Reshape", [scale, flat], f"{name}.scales"), self._middles(graph, middle)]
        codes = graph.node("QuantizeLinear", inputs, f"{name}.codes", axis=0)
        return Operand(codes, name, scale, middle)

    def product(self, graph: Graph, given: Operand, name: str, weight: NDArray[np.float32]) -> str:
        codes, scales = codes_of(weight * self.smooth.get(given.name, np.float32(1)), self.pairs)
        one = graph.shared("one", np.array(1, np.float32))
        middle = graph.shared(f"middle.{given.middle}", np.array(given.middle, np.uint8))
        stored = [graph.tensor(f"{name}.weight", codes.T), one, graph.tensor(f"{name}.scales", scales), middle]
        raw = graph.node("MatMulIntegerToFloat", [given.value, *stored], f"{name}.raw", CONTRIB)
        return graph.node("Mul", [raw, given.scale], f"{name}.product")

    def _middles(self, graph: Graph, middle: int) -> str:
        """The same middle for every token: QuantizeLinear wants one beside each scale."""
        name = f"middles.{middle}"
        if not graph.has(name):
            graph.node("Expand", [graph.shared(f"{name}.one", np.array([middle], np.uint8)), graph.tokens()], name)
        return name


def codes_of(matrix: NDArray[np.float32], pairs: bool = False) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """A matrix (rows, an even number of columns) as codes (rows, columns) and scales (rows,): a code stands for
    `scale × code`.

    `pairs`: two neighbouring codes of one sign come to 128 at most, so that what they give with any two bytes fits in
    sixteen bits. Large weights are rarely neighbours: it costs a third of what seven bits for every weight cost.
    """
    largest = np.abs(matrix).max(axis=1)
    if pairs:
        twos = matrix.reshape(len(matrix), -1, 2)
        largest = np.maximum(largest, [np.maximum(sign * twos, 0).sum(axis=2).max(axis=1) for sign in (1, -1)]).max(axis=0)
    scales = np.maximum(largest, np.float32(LEAST)) / np.float32(TOP)
    return np.clip(np.round(matrix / scales[:, None]), -TOP, TOP).astype(np.int8), scales.astype(np.float32)


def eight_bit_model(weights: Weights, shape: Shape) -> Any:
    """`encoder_model` with products in eight bits, as exact as this machine's instructions allow."""
    return encoder_model(weights, shape, EightBits(sums_saturate(), smoothing(weights, shape)))


def smoothing(weights: Weights, shape: Shape) -> dict[str, NDArray[np.float32]]:
    """Factors of the channels of every smoothed input: its activations are divided by them, its weights multiplied."""
    factors = {}
    for name, largest in _largest_inputs(weights, shape).items():
        layer, kind = name.rsplit(".", 1)
        above = np.max([np.abs(weights[f"{layer}.{each}.weight"]).max(axis=0) for each in SMOOTHED[kind]], axis=0)
        raw = np.sqrt(np.maximum(largest, 1e-5) / np.maximum(above, 1e-5))
        factors[name] = (raw / np.exp(np.log(raw).mean())).astype(np.float32)
    return factors


def _largest_inputs(weights: Weights, shape: Shape) -> dict[str, NDArray[np.float32]]:
    """The largest activation of every channel, over texts of tokens drawn at random: which channels are always large
    depends little on the text (factors from real texts in ten languages gave vectors no nearer to float32's)."""
    inputs = {f"encoder.layer.{layer}.{kind}" for layer in range(shape.layers) for kind in SMOOTHED}
    model = encoder_model(weights, shape, shown=sorted(inputs))
    session = session_of(model.SerializeToString())
    draw = np.random.default_rng(0)
    largest: dict[str, NDArray[np.float32]] = {}
    for _ in range(TRIED):
        ids = draw.integers(0, len(weights["embeddings.word_embeddings.weight"]), (1, min(TRIED_TOKENS, shape.positions(weights))))
        for name, states in zip(sorted(inputs), session.run(sorted(inputs), {"ids": ids}), strict=True):
            found = np.abs(states).max(axis=0)
            largest[name] = np.maximum(largest.get(name, np.float32(0)), found)
    return largest


def sums_saturate() -> bool:
    """Whether this machine adds the products of two neighbours in sixteen bits, which any eight-bit codes overflow.

    So do processors with AVX2 but without VNNI (onnxruntime.ai, "Quantize ONNX models", on U8S8 and saturation).
    """
    graph = Graph()
    weight = graph.tensor("weight", np.full((64, 16), 127, np.int8))
    graph.node("MatMulInteger", ["codes", weight], "sums")
    model = model_of(graph, {"codes": ("uint8", ["n", 64])}, {"sums": ("int32", ["n", 16])})
    (sums,) = session_of(model.SerializeToString()).run(None, {"codes": np.full((4, 64), 255, np.uint8)})
    return bool((sums != 255 * 127 * 64).any())
