"""Where training stands, as safetensors: weights, the optimiser's state, and the step. Nothing in it is code.

    python -m rag.reader.train ... --work FOLDER
"""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file

NETWORK, OPTIMISER = "network:", "optimiser:"


def save_checkpoint(file: Path, step: int, network: dict[str, torch.Tensor], optimiser: dict[str, Any]) -> None:
    """`network` is a state by name; `optimiser` what `state_dict` of one gives: tensors of each parameter, and groups of numbers."""
    tensors = {NETWORK + name: tensor.contiguous() for name, tensor in network.items()}
    for number, state in optimiser["state"].items():
        tensors |= {f"{OPTIMISER}{number}:{name}": tensor.contiguous() for name, tensor in state.items()}
    save_file(tensors, file, {"step": str(step), "groups": json.dumps(optimiser["param_groups"])})


def load_checkpoint(file: Path) -> tuple[int, dict[str, torch.Tensor], dict[str, Any]]:
    """The step, the network and the optimiser as they were saved. Raises SafetensorError where the file is none."""
    network: dict[str, torch.Tensor] = {}
    state: dict[int, dict[str, torch.Tensor]] = {}
    with safe_open(file, framework="pt") as saved:
        told = saved.metadata()
        for key in saved.keys():  # noqa: SIM118 (it is no dictionary)
            if key.startswith(NETWORK):
                network[key.removeprefix(NETWORK)] = saved.get_tensor(key)
            else:
                _, number, name = key.split(":")
                state.setdefault(int(number), {})[name] = saved.get_tensor(key)
    return int(told["step"]), network, {"state": state, "param_groups": json.loads(told["groups"])}
