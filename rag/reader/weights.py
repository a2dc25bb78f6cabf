"""The reader's weights, as small as they ship: what training changed of the bundled encoder, in eight bits.

A trained matrix differs little from the one it began as, so the difference is kept, each row as
int8 with one float16 scale: within a 250th of the row's largest change, far closer than eight bits of
the matrix itself. Small tensors (biases, norms, heads) are kept whole. One safetensors file.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.errors import ModelError

SCALE = ".scale"
Tensors = Mapping[str, NDArray[Any]]


def pack(trained: Tensors, base: Tensors) -> dict[str, NDArray[Any]]:
    """The tensors to store: differences to `base` where it has a tensor of that name, or the tensor itself."""
    packed: dict[str, NDArray[Any]] = {}
    for name, tensor in trained.items():
        change = tensor - base[name] if name in base else tensor
        if change.ndim < 2 or name not in base:
            packed[name] = np.ascontiguousarray(change)
            continue
        scale = (np.abs(change).max(axis=1, keepdims=True) / 127).astype(np.float16).clip(min=np.float16(1e-7))
        packed[name] = np.round(change / scale.astype(np.float32)).clip(-127, 127).astype(np.int8)
        packed[name + SCALE] = scale
    return packed


def unpack(packed: Tensors, base: Tensors) -> dict[str, NDArray[np.float32]]:
    """The trained tensors again. Raises ModelError where they are not made for `base`."""
    trained: dict[str, NDArray[np.float32]] = {}
    for name, tensor in packed.items():
        if name.endswith(SCALE):
            continue
        change = tensor.astype(np.float32)
        if name + SCALE in packed:
            change *= packed[name + SCALE].astype(np.float32)
        if name in base and base[name].shape != change.shape:
            raise ModelError(f"the reader's weights are made for another encoder ({name}); reinstall yinju")
        trained[name] = base[name] + change if name in base else change
    return trained


def save_weights(file: Path, trained: Tensors, base: Tensors) -> None:
    from safetensors.numpy import save_file

    save_file(pack(trained, base), file, metadata={"format": "np"})


def load_weights(file: Path, base: Tensors) -> dict[str, NDArray[np.float32]]:
    """Raises ModelError where the file is damaged or made for another encoder."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        packed = load_file(file)
    except (OSError, SafetensorError) as reason:
        raise ModelError(f"the reader's weights {file} cannot be read ({reason}); reinstall yinju") from None
    return unpack(packed, base)
