"""A checkpoint of training as the weights that ship: python -m rag.reader.pack CHECKPOINT [FILE]"""

import sys
from pathlib import Path

import torch

from embeddings.bundled import packaged_weights
from rag.reader.scoring import ENCODER, WEIGHTS
from rag.reader.weights import save_weights


def pack_checkpoint(checkpoint: Path, file: Path) -> None:
    trained = torch.load(checkpoint, weights_only=True)["network"]
    base = {ENCODER + name: tensor for name, tensor in packaged_weights().items()}
    save_weights(file, {name: tensor.float().numpy() for name, tensor in trained.items()}, base)


if __name__ == "__main__":
    target = Path(sys.argv[2]) if len(sys.argv) > 2 else WEIGHTS
    pack_checkpoint(Path(sys.argv[1]), target)
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB")
