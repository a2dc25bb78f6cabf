"""The reader's weights, as small as they ship: what training changed of the bundled encoder, in eight bits.

A trained matrix differs little from the one it began as, so the difference is kept, each row as
int8 with one float16 scale: within a 250th of the row's largest change, far closer than eight bits of
the matrix itself. Small tensors (biases, norms, heads) are kept whole. One safetensors file.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from corpus.errors import ModelError

SCALE = ".scale"


def pack(trained: Mapping[str, Tensor], base: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors to store: differences to `base` where it has a tensor of that name, or the tensor itself."""
    packed: dict[str, Tensor] = {}
    for name, tensor in trained.items():
        change = tensor - base[name] if name in base else tensor
        if change.ndim < 2 or name not in base:
            packed[name] = change.contiguous()
            continue
        scale = (change.abs().amax(dim=1, keepdim=True) / 127).half().clamp(min=1e-7)
        packed[name] = torch.round(change / scale.float()).clamp(-127, 127).to(torch.int8)
        packed[name + SCALE] = scale
    return packed


def unpack(packed: Mapping[str, Tensor], base: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The trained tensors again. Raises ModelError where they are not made for `base`."""
    trained: dict[str, Tensor] = {}
    for name, tensor in packed.items():
        if name.endswith(SCALE):
            continue
        change = tensor.float() * packed[name + SCALE].float() if name + SCALE in packed else tensor.float()
        if name in base and base[name].shape != change.shape:
            raise ModelError(f"the reader's weights are made for another encoder ({name}); reinstall yinju")
        trained[name] = base[name] + change if name in base else change
    return trained


def save_weights(file: Path, trained: Mapping[str, Tensor], base: Mapping[str, Tensor]) -> None:
    from safetensors.torch import save_file

    save_file(pack(trained, base), file, metadata={"format": "pt"})


def load_weights(file: Path, base: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Raises ModelError where the file is damaged or made for another encoder."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        packed = load_file(file)
    except (OSError, SafetensorError) as reason:
        raise ModelError(f"the reader's weights {file} cannot be read ({reason}); reinstall yinju") from None
    return unpack(packed, base)
