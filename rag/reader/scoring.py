"""Questions and passages through the network: many pairs at once.

The network is the encoder of `rag.reader.network`, as a graph of `embeddings.graph` written once into the user's
cache; its heads are two small products on what comes out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha1
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus.errors import ModelError
from embeddings.bundled import packaged_engine, packaged_weights
from embeddings.cache import folder_in_cache
from embeddings.eight_bits import eight_bit_model
from embeddings.engine import Engine, States
from embeddings.onnx import GRAPH, RECIPE, VERSION, read_recipe, read_tokenizer, write_engine
from embeddings.pieces import TokenizerLike, read_or_mend
from rag.reader.spans import Scores
from rag.reader.weights import Tensors, load_weights, save_weights
from rag.reader.windows import Specials, Tokens, row_of

WEIGHTS = Path(__file__).with_name("reader.safetensors")
HEADS = "heads.safetensors"
# The encoder's tensors in the weights' file, where heads are beside them.
ENCODER = "encoder."


@dataclass(frozen=True)
class Heads:
    """Linear heads: of every token as first and last (2, hidden), and of the first for "not here" (1, hidden)."""

    spans: NDArray[np.float32]
    spans_bias: NDArray[np.float32]
    null: NDArray[np.float32]
    null_bias: NDArray[np.float32]


class Scorer:
    """The trained network with its tokenizer. May be used by many threads."""

    def __init__(self, engine: Engine, heads: Heads, tokenizer: TokenizerLike) -> None:
        self.tokenizer = tokenizer
        self._engine, self._heads = engine, heads
        self._specials = Specials.of(tokenizer)

    @classmethod
    def load(cls, weights: Path = WEIGHTS, engine: Engine | None = None) -> "Scorer":
        """Raises ModelError as `network_folder` does. `engine` is the one of these weights, where it is open already."""
        engine = engine or network(weights)
        file = engine.file.with_name(HEADS)

        def read() -> Heads:
            heads = load_weights(file, {})
            return Heads(heads["spans.weight"], heads["spans.bias"], heads["null.weight"], heads["null.bias"])

        return cls(engine, read_or_mend(file.parent, read), read_tokenizer(packaged_engine()))

    def score(self, pairs: Sequence[tuple[Tokens, Tokens]]) -> list[tuple[Scores, float]]:
        """For each question and passage: scores of the passage's tokens, shape (tokens, 2), and the null score."""
        rows = [row_of(self._specials, question, passage) for question, passage in pairs]
        scored: list[tuple[Scores, float]] = [(np.zeros((0, 2), np.float32), 0.0)] * len(pairs)

        def take(states: States, number: int) -> None:
            if states.shape[1:] != self._heads.null.shape[1:]:
                raise self._engine.damaged("what comes out has another size")
            end = len(states) - 1
            inside = states[end - len(pairs[number][1]) : end]
            null = self._heads.null @ states[0] + self._heads.null_bias
            scored[number] = inside @ self._heads.spans.T + self._heads.spans_bias, float(null[0])

        self._engine.each(rows, take)
        return scored


def network_folder(weights: Path = WEIGHTS) -> Path:
    """The folder of the network's graph and heads in the user's cache, written on first use (80 MB, some seconds).

    Raises ModelError where the weights are missing, damaged, or made for another encoder, or the disk is full.
    """
    try:
        key = sha1(weights.read_bytes()).hexdigest()[:12]
    except OSError as reason:
        raise ModelError(f"the reader's weights {weights} cannot be read ({reason}); reinstall yinju") from None
    # Other weights of this version may be in use as well.
    older = [f"reader-{version}-*" for version in range(1, VERSION)]
    return folder_in_cache(f"reader-{VERSION}-{key}", RECIPE, lambda folder: _write(weights, folder), older)


def _write(weights: Path, folder: Path) -> None:
    base = packaged_weights()
    trained = load_weights(weights, {ENCODER + name: tensor for name, tensor in base.items()})
    encoder = {name.removeprefix(ENCODER): tensor for name, tensor in trained.items() if name.startswith(ENCODER)}
    recipe = read_recipe(packaged_engine())
    write_engine(folder, eight_bit_model(base | encoder, recipe.shape), recipe)
    heads: Tensors = {name: tensor for name, tensor in trained.items() if not name.startswith(ENCODER)}
    save_weights(folder / HEADS, heads, {})


def network(weights: Path = WEIGHTS) -> Engine:
    """The engine of a network, not open yet. Raises ModelError as `network_folder` does."""
    return Engine(network_folder(weights) / GRAPH)


@cache
def packaged_network() -> Engine:
    """The one that ships, the same for who begins to open it and who reads. Raises ModelError as `network` does."""
    return network()


@cache
def packaged_scorer() -> Scorer:
    """The one that ships, loaded once a process. Raises ModelError as `Scorer.load` does."""
    return Scorer.load(engine=packaged_network())
