"""Questions and passages through the network: many pairs at once, of about one length each time."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from embeddings.bundled import model_folder
from rag.reader.network import Network, load_encoder
from rag.reader.spans import Scores
from rag.reader.weights import load_weights
from rag.reader.windows import Tokens, batched

# Tokens at once: more only waits longer for the longest.
TOGETHER = 2048
WEIGHTS = Path(__file__).with_name("reader.safetensors")


class Scorer:
    """The trained network with its tokenizer. May be used by many threads."""

    def __init__(self, network: Network, tokenizer: Any) -> None:
        self.network = network.eval()
        self.tokenizer = tokenizer

    @classmethod
    def load(cls, weights: Path = WEIGHTS) -> "Scorer":
        """Raises ModelError where the weights are missing, damaged, or made for another encoder."""
        from transformers import AutoTokenizer

        folder = model_folder()
        network = Network(load_encoder(folder))
        network.load_state_dict(load_weights(weights, network.encoder_state()), strict=False)
        return cls(network, AutoTokenizer.from_pretrained(folder))

    def score(self, pairs: Sequence[tuple[Tokens, Tokens]]) -> list[tuple[Scores, float]]:
        """For each question and passage: scores of the passage's tokens, shape (tokens, 2), and the null score."""
        order = sorted(range(len(pairs)), key=lambda number: -len(pairs[number][0]) - len(pairs[number][1]))
        scored: list[tuple[Scores, float]] = [(np.zeros((0, 2), np.float32), 0.0)] * len(pairs)
        at = 0
        while at < len(order):
            longest = len(pairs[order[at]][0]) + len(pairs[order[at]][1])
            chosen = order[at : at + max(1, TOGETHER // max(longest, 1))]
            at += len(chosen)
            batch = batched(self.tokenizer, [pairs[number] for number in chosen])
            with torch.inference_mode():
                given = (torch.from_numpy(each) for each in (batch.ids, batch.attention, batch.passage))
                scores = self.network(*given).float().numpy()
            for row, number in enumerate(chosen):
                start = int(batch.starts[row])
                scored[number] = scores[row, start : start + len(pairs[number][1])], float(scores[row, 0, 0])
        return scored


@cache
def packaged_scorer() -> Scorer:
    """The one that ships, loaded once a process. Raises ModelError as `Scorer.load` does."""
    return Scorer.load()
