"""A BERT-like encoder as an ONNX graph, written straight from its checkpoint: no exporter, no torch.

Matrices are kept in blocks along their rows (ONNX Runtime's MatMulNBits), multiplied in eight-bit
integers with a scale for every block of the activations as well, so that one large activation spoils
only its own block (Dettmers et al. 2022, "LLM.int8()", show why it must not spoil a whole row).
Weights that came in four bits, as the packaged model's did, are found again exactly; what does not
fit four bits without loss gets eight, or stays in float32.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Weights = Mapping[str, NDArray[Any]]
Kept = Literal["blocks", "float32"]

BLOCK = 32
# MatMulNBits' accuracy level 4: activations in int8.
INT8 = 4
CONTRIB = "com.microsoft"
OPSET = 21


@dataclass(frozen=True)
class Shape:
    """What the graph needs to know of a checkpoint beside its tensors."""

    layers: int
    heads: int
    hidden: int
    epsilon: float
    # Rows of the position table that are never used: RoBERTa counts from the padding's number on.
    skipped_positions: int = 0


def blocks_of(matrix: NDArray[np.float32]) -> tuple[int, NDArray[np.uint8], NDArray[np.float32]] | None:
    """A matrix (rows, columns) as bits, codes (rows, blocks, bytes) and scales (rows, blocks) for MatMulNBits.

    Four bits where they give every weight back exactly, else eight; None where the columns are no whole blocks.
    A code stands for `scale × (code − 8)`, or − 128: Q4_0 and Q8_0 of ggml (ggml-quants.c).
    """
    rows, columns = matrix.shape
    if columns % BLOCK:
        return None
    blocks = matrix.reshape(rows, columns // BLOCK, BLOCK)
    scales, codes = _coded(blocks, 8)
    if np.array_equal(scales[..., None] * (codes - 8.0), blocks):
        low, high = codes[..., 0::2].astype(np.uint8), codes[..., 1::2].astype(np.uint8)
        return 4, (low | high << 4).astype(np.uint8), scales
    scales, codes = _coded(blocks, 127)
    return 8, (codes + 1).astype(np.uint8), scales


def _coded(blocks: NDArray[np.float32], middle: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The block's largest weight, whatever its sign, becomes code 0."""
    at = np.abs(blocks).argmax(axis=-1, keepdims=True)
    scales = np.take_along_axis(blocks, at, -1) / np.float32(-middle)
    safe = np.where(scales == 0, np.float32(1), scales)
    codes = np.clip(np.round(blocks / safe) + middle, 0, 2 * middle - (middle == 8))
    return scales[..., 0].astype(np.float32), codes.astype(np.float32)


class Graph:
    """Nodes and tensors as they are added; every node's output is named after it."""

    def __init__(self, kept: Kept) -> None:
        self.kept = kept
        self.nodes: list[Any] = []
        self.tensors: list[Any] = []
        self._shared: dict[str, str] = {}

    def node(self, kind: str, inputs: list[str], name: str, domain: str = "", outputs: int = 1, **attributes: Any) -> str:
        from onnx import helper

        names = [name, *(f"{name}.{number}" for number in range(1, outputs))]
        self.nodes.append(helper.make_node(kind, inputs, names, name=name, domain=domain, **attributes))
        return name

    def tensor(self, name: str, value: NDArray[Any], bits: int | None = None) -> str:
        from onnx import TensorProto, helper, numpy_helper

        if bits is None:
            self.tensors.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        else:
            kind, shape = TensorProto.UINT4, (*value.shape[:-1], value.shape[-1] * 2)
            self.tensors.append(helper.make_tensor(name, kind, shape, value.tobytes(), raw=True))
        return name

    def linear(self, given: str, name: str, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
        """`given @ weight.T + bias`; the weight's shape is (out, in)."""
        wide, narrow = weight.shape
        coded = blocks_of(weight) if self.kept == "blocks" else None
        offset = self.tensor(f"{name}.bias", bias)
        if coded is None:
            product = self.node("MatMul", [given, self.tensor(f"{name}.weight", weight.T)], f"{name}.product")
            return self.node("Add", [product, offset], name)
        bits, codes, scales = coded
        inputs = [given, self.tensor(f"{name}.codes", codes), self.tensor(f"{name}.scales", scales.reshape(-1))]
        return self.node(
            "MatMulNBits", [*inputs, "", "", offset], name, CONTRIB,
            K=narrow, N=wide, bits=bits, block_size=BLOCK, accuracy_level=INT8,
        )  # fmt: skip

    def looked_up(self, ids: str, name: str, table: NDArray[np.float32]) -> str:
        """Rows of a table by number."""
        coded = blocks_of(table) if self.kept == "blocks" else None
        if coded is None or coded[0] != 4:
            return self.node("Gather", [self.tensor(f"{name}.table", table), ids], name)
        _, codes, scales = coded
        rows, columns = table.shape
        packed = self.tensor(f"{name}.codes", codes.reshape(rows, columns // 2), bits=4)
        middle = self.tensor(f"{name}.middle", np.full((rows, -(-scales.shape[1] // 2)), 0x88, np.uint8), bits=4)
        inputs = [packed, ids, self.tensor(f"{name}.scales", scales), middle]
        return self.node(
            "GatherBlockQuantized", inputs, name, CONTRIB, gather_axis=0, quantize_axis=1, block_size=BLOCK, bits=4
        )


def encoder_model(weights: Weights, shape: Shape, kept: Kept) -> Any:
    """An onnx ModelProto: `ids` and `attention` (n, tokens) int64 to `states` (n, tokens, hidden) float32.

    `weights` are a BertModel's, by the names that transformers gives them.
    """
    from onnx import TensorProto, helper

    graph = Graph(kept)
    states = _embedded(graph, weights, shape)
    mask = graph.node("Cast", ["attention"], "mask", to=TensorProto.INT32)
    for layer in range(shape.layers):
        states = _layer(graph, weights, shape, layer, states, mask)
    graph.node("Identity", [states], "states")
    size = ["n", "tokens"]
    made = helper.make_graph(
        graph.nodes, "encoder",
        [helper.make_tensor_value_info(name, TensorProto.INT64, size) for name in ("ids", "attention")],
        [helper.make_tensor_value_info("states", TensorProto.FLOAT, [*size, shape.hidden])],
        graph.tensors,
    )  # fmt: skip
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)]
    return helper.make_model(made, opset_imports=opsets, ir_version=10)


def _embedded(graph: Graph, weights: Weights, shape: Shape) -> str:
    words = graph.looked_up("ids", "words", weights["embeddings.word_embeddings.weight"])
    # The kind of token (first or second text) is always the first here, so that its row is part of the position's.
    places = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    table = graph.tensor("positions", places[shape.skipped_positions :])
    size = graph.node("Shape", ["ids"], "tokens", start=1, end=2)
    start, axis = graph.tensor("zero", np.zeros(1, np.int64)), graph.tensor("axis", np.zeros(1, np.int64))
    rows = graph.node("Slice", [table, start, size, axis], "places")
    return _normal(graph, weights, "embeddings.LayerNorm", graph.node("Add", [words, rows], "embedded"), shape)


def _normal(graph: Graph, weights: Weights, name: str, given: str, shape: Shape) -> str:
    inputs = [given, *(graph.tensor(f"{name}.{each}", weights[f"{name}.{each}"]) for each in ("weight", "bias"))]
    return graph.node("LayerNormalization", inputs, name, axis=-1, epsilon=shape.epsilon)


def _layer(graph: Graph, weights: Weights, shape: Shape, layer: int, states: str, mask: str) -> str:
    inside = f"encoder.layer.{layer}"

    def pair(name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return weights[f"{inside}.{name}.weight"], weights[f"{inside}.{name}.bias"]

    three = [pair(f"attention.self.{each}") for each in ("query", "key", "value")]
    together = [np.concatenate(each) for each in zip(*three, strict=True)]
    joined = graph.linear(states, f"{inside}.three", *together)
    graph.node("Split", [joined], f"{inside}.parts", outputs=3, axis=-1, num_outputs=3)
    parts = [f"{inside}.parts", f"{inside}.parts.1", f"{inside}.parts.2"]
    seen = graph.node(
        "MultiHeadAttention", [*parts, "", mask], f"{inside}.seen", CONTRIB, num_heads=shape.heads
    )
    attended = graph.linear(seen, f"{inside}.attended", *pair("attention.output.dense"))
    states = _added(graph, weights, f"{inside}.attention.output.LayerNorm", attended, states, shape)
    wide = graph.node(
        "Gelu", [graph.linear(states, f"{inside}.wide", *pair("intermediate.dense"))], f"{inside}.gelu", CONTRIB
    )
    narrow = graph.linear(wide, f"{inside}.narrow", *pair("output.dense"))
    return _added(graph, weights, f"{inside}.output.LayerNorm", narrow, states, shape)


def _added(graph: Graph, weights: Weights, name: str, given: str, states: str, shape: Shape) -> str:
    inputs = [graph.tensor(f"{name}.{each}", weights[f"{name}.{each}"]) for each in ("weight", "bias")]
    return graph.node("SkipLayerNormalization", [given, states, *inputs], name, CONTRIB, epsilon=shape.epsilon)
