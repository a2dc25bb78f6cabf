"""A BERT-like encoder as an ONNX graph, written straight from its checkpoint: no exporter, no torch.

One text at a time: nothing is padded and nothing masked, and texts are computed beside one another by as many threads
(`embeddings.engine`). How a matrix is multiplied is for `Products` to say: in float32 here, in eight bits in
`embeddings.eight_bits`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Weights = Mapping[str, NDArray[Any]]
# Names with their types and sizes; a size that is not fixed has a name, or none.
Sizes = Mapping[str, tuple[str, Sequence[int | str | None]]]

BLOCK = 32
CONTRIB = "com.microsoft"
OPSET = 21
# Inputs whose large channels may be smoothed, and the matrices that they are multiplied with.
SMOOTHED = {
    "three": ("attention.self.query", "attention.self.key", "attention.self.value"),
    "wide": ("intermediate.dense",),
}


@dataclass(frozen=True)
class Shape:
    """What the graph needs to know of a checkpoint beside its tensors."""

    layers: int
    heads: int
    hidden: int
    epsilon: float
    # Rows of the position table that are never used: RoBERTa counts from the padding's number on.
    skipped_positions: int = 0

    def positions(self, weights: Weights) -> int:
        return len(weights["embeddings.position_embeddings.weight"]) - self.skipped_positions


@dataclass(frozen=True)
class Operand:
    """What a matrix is multiplied with: the node that gives it, its name, and the scales of its codes, if it is codes."""

    value: str
    name: str
    scale: str = ""
    middle: int = 0


class Products(Protocol):
    """How activations are multiplied with a matrix."""

    def operand(self, graph: "Graph", given: str, name: str, gelu: bool) -> Operand:
        """`given` (tokens, in) made ready for its products; `gelu` where it comes out of that function."""

    def product(self, graph: "Graph", given: Operand, name: str, weight: NDArray[np.float32]) -> str:
        """`given @ weight.T`; the weight's shape is (out, in)."""


class Float32:
    """Products as the checkpoint has them."""

    def operand(self, graph: "Graph", given: str, name: str, gelu: bool) -> Operand:
        return Operand(graph.node("Identity", [given], name), name)

    def product(self, graph: "Graph", given: Operand, name: str, weight: NDArray[np.float32]) -> str:
        return graph.node("MatMul", [given.value, graph.tensor(f"{name}.weight", weight.T)], f"{name}.product")


class Graph:
    """Nodes and tensors as they are added; every node's output is named after it."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.tensors: dict[str, Any] = {}

    def node(self, kind: str, inputs: list[str], name: str, domain: str = "", **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, domain=domain, **attributes))
        return name

    def tensor(self, name: str, value: NDArray[Any], bits: int | None = None) -> str:
        from onnx import TensorProto, helper, numpy_helper

        if bits is None:
            self.tensors[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        else:
            kind, shape = TensorProto.UINT4, (*value.shape[:-1], value.shape[-1] * 2)
            self.tensors[name] = helper.make_tensor(name, kind, shape, value.tobytes(), raw=True)
        return name

    def shared(self, name: str, value: NDArray[Any]) -> str:
        """A tensor that many nodes use, kept once."""
        return name if name in self.tensors else self.tensor(name, value)

    def has(self, name: str) -> bool:
        return any(each.name == name for each in self.nodes)

    def tokens(self) -> str:
        """How many tokens the text has, shape (1,)."""
        return "tokens" if self.has("tokens") else self.node("Shape", ["ids"], "tokens", start=1, end=2)

    def looked_up(self, ids: str, name: str, table: NDArray[np.float32]) -> str:
        """Rows of a table by number, in four bits where the table came in four bits."""
        coded = four_bits_of(table)
        if coded is None:
            return self.node("Gather", [self.tensor(f"{name}.table", table), ids], name)
        codes, scales = coded
        packed = self.tensor(f"{name}.codes", codes, bits=4)
        middle = self.tensor(f"{name}.middle", np.full((len(table), -(-scales.shape[1] // 2)), 0x88, np.uint8), bits=4)
        inputs = [packed, ids, self.tensor(f"{name}.scales", scales), middle]
        return self.node(
            "GatherBlockQuantized", inputs, name, CONTRIB, gather_axis=0, quantize_axis=1, block_size=BLOCK, bits=4
        )


def four_bits_of(matrix: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float32]] | None:
    """A matrix (rows, columns) as codes (rows, columns / 2), two in a byte, and scales (rows, blocks).

    None where four bits do not give every weight back exactly. A code stands for `scale × (code − 8)`: Q4_0 of ggml
    (ggml-quants.c), where a block's largest weight, whatever its sign, becomes code 0.
    """
    rows, columns = matrix.shape
    if columns % BLOCK:
        return None
    blocks = matrix.reshape(rows, columns // BLOCK, BLOCK)
    scales = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=-1, keepdims=True), -1) / np.float32(-8)
    codes = np.clip(np.round(blocks / np.where(scales == 0, np.float32(1), scales)) + 8, 0, 15)
    if not np.array_equal(scales * (codes - 8), blocks):
        return None
    low, high = codes[..., 0::2].astype(np.uint8), codes[..., 1::2].astype(np.uint8)
    return (low | high << 4).astype(np.uint8).reshape(rows, columns // 2), scales[..., 0].astype(np.float32)


def encoder_model(weights: Weights, shape: Shape, products: Products | None = None, shown: Sequence[str] = ()) -> Any:
    """An onnx ModelProto: `ids` (1, tokens) int64 of one text to `states` (tokens, hidden) float32.

    `weights` are a BertModel's, by the names that transformers gives them. `shown`: nodes that are given out as well.
    """
    graph = Graph()
    states = _embedded(graph, weights, shape)
    for layer in range(shape.layers):
        states = _layer(graph, weights, shape, f"encoder.layer.{layer}", states, products or Float32())
    graph.node("Identity", [states], "states")
    given_out: Sizes = {"states": ("float32", ["tokens", shape.hidden]), **{name: ("float32", ["tokens", None]) for name in shown}}
    return model_of(graph, {"ids": ("int64", [1, "tokens"])}, given_out)


def model_of(graph: Graph, given: Sizes, given_out: Sizes) -> Any:
    """The graph as an onnx ModelProto; inputs and outputs with their types and sizes."""
    from onnx import helper

    def values(sizes: Sizes) -> list[Any]:
        types = {name: helper.np_dtype_to_tensor_dtype(np.dtype(kind)) for name, (kind, _) in sizes.items()}
        return [helper.make_tensor_value_info(name, types[name], size) for name, (_, size) in sizes.items()]

    made = helper.make_graph(graph.nodes, "encoder", values(given), values(given_out), list(graph.tensors.values()))
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)]
    return helper.make_model(made, opset_imports=opsets, ir_version=10)


def _embedded(graph: Graph, weights: Weights, shape: Shape) -> str:
    words = graph.looked_up("ids", "words", weights["embeddings.word_embeddings.weight"])
    # The kind of token (first or second text) is always the first here, so that its row is part of the position's.
    places = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    table = graph.tensor("positions", places[shape.skipped_positions :])
    zero = graph.shared("zero", np.zeros(1, np.int64))
    rows = graph.node("Slice", [table, zero, graph.tokens(), zero], "places")
    return _normal(graph, weights, "embeddings.LayerNorm", graph.node("Add", [_flat(graph, words, shape), rows], "embedded"), shape)


def _flat(graph: Graph, given: str, shape: Shape) -> str:
    return graph.node("Reshape", [given, graph.shared("rows", np.array([-1, shape.hidden], np.int64))], f"{given}.rows")


def _normal(graph: Graph, weights: Weights, name: str, given: str, shape: Shape) -> str:
    inputs = [given, *(graph.tensor(f"{name}.{each}", weights[f"{name}.{each}"]) for each in ("weight", "bias"))]
    return graph.node("LayerNormalization", inputs, name, axis=-1, epsilon=shape.epsilon)


def _layer(graph: Graph, weights: Weights, shape: Shape, layer: str, states: str, products: Products) -> str:
    def product(given: Operand, name: str) -> str:
        return products.product(graph, given, f"{layer}.{name}", weights[f"{layer}.{name}.weight"])

    def bias(*names: str) -> str:
        return graph.tensor(f"{layer}.{names[0]}.bias", np.concatenate([weights[f"{layer}.{each}.bias"] for each in names]))

    def added(given: str, name: str, states: str, normal: str) -> str:
        # Two additions and a norm are several times quicker than ONNX Runtime's SkipLayerNormalization.
        whole = graph.node("Add", [given, bias(name)], f"{layer}.{name}.whole")
        return _normal(graph, weights, f"{layer}.{normal}", graph.node("Add", [whole, states], f"{layer}.{normal}.sum"), shape)

    three = products.operand(graph, states, f"{layer}.three", False)
    size = graph.shared("text", np.array([1, -1, shape.hidden], np.int64))
    parts = [graph.node("Reshape", [product(three, each), size], f"{layer}.{each}.text") for each in SMOOTHED["three"]]
    seen = graph.node("MultiHeadAttention", [*parts, bias(*SMOOTHED["three"])], f"{layer}.seen", CONTRIB, num_heads=shape.heads)
    attended = products.operand(graph, _flat(graph, seen, shape), f"{layer}.attended", False)
    states = added(product(attended, "attention.output.dense"), "attention.output.dense", states, "attention.output.LayerNorm")
    wide = product(products.operand(graph, states, f"{layer}.wide", False), "intermediate.dense")
    curved = graph.node("BiasGelu", [wide, bias("intermediate.dense")], f"{layer}.gelu", CONTRIB)
    narrow = product(products.operand(graph, curved, f"{layer}.narrow", True), "output.dense")
    return added(narrow, "output.dense", states, "output.LayerNorm")
