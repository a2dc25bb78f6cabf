"""A checkpoint of training as the weights that ship: python -m rag.reader.pack CHECKPOINT [FILE]"""

import sys
from pathlib import Path

import torch

from embeddings.bundled import model_folder
from rag.reader.network import Network, load_encoder
from rag.reader.scoring import WEIGHTS
from rag.reader.weights import save_weights


def pack_checkpoint(checkpoint: Path, file: Path) -> None:
    trained = torch.load(checkpoint, weights_only=True)["network"]
    save_weights(file, trained, Network(load_encoder(model_folder())).encoder_state())


if __name__ == "__main__":
    target = Path(sys.argv[2]) if len(sys.argv) > 2 else WEIGHTS
    pack_checkpoint(Path(sys.argv[1]), target)
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB")
