"""A checkpoint of training as the weights that ship: python -m rag.reader.pack CHECKPOINT [FILE] [--mean WEIGHTS --share S]

With `--mean`, S of the checkpoint and the rest of the weights that its training began from: such a mean mostly generalises
better than either (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models", CVPR, section 3).
"""

import argparse
from pathlib import Path

from embeddings.bundled import packaged_weights
from rag.reader.checkpoint import load_checkpoint
from rag.reader.scoring import ENCODER, WEIGHTS
from rag.reader.weights import load_weights, save_weights


def pack_checkpoint(checkpoint: Path, file: Path, mean: Path | None = None, share: float = 1.0) -> None:
    """Raises ModelError where `mean` is damaged or made for another encoder."""
    _, found, _ = load_checkpoint(checkpoint)
    trained = {name: tensor.float().numpy() for name, tensor in found.items()}
    base = {ENCODER + name: tensor for name, tensor in packaged_weights().items()}
    if mean is not None:
        before = load_weights(mean, base)
        trained = {name: share * tensor + (1 - share) * before[name] for name, tensor in trained.items()}
    save_weights(file, trained, base)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("file", type=Path, nargs="?", default=WEIGHTS)
    parser.add_argument("--mean", type=Path, metavar="WEIGHTS")
    parser.add_argument("--share", type=float, default=0.5)
    given = parser.parse_args()
    pack_checkpoint(given.checkpoint, given.file, given.mean, given.share if given.mean else 1.0)
    print(f"{given.file}: {given.file.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
