"""Files of weights: those of PyTorch, and safetensors, which hold tensors alone."""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

SAFE_WEIGHTS = "model.safetensors"
"""The weights of a model folder."""


def is_safe(path: Any) -> bool:
    """Whether it is the name of a file of safetensors."""
    return Path(path).suffix == Path(SAFE_WEIGHTS).suffix


def read_weights(path: Any) -> Any:
    """
    What a file of weights holds, on the CPU. Nothing but tensors is unpickled, and of safetensors
    nothing at all.
    """
    if is_safe(path):
        return load_file(path)
    # Mapped into memory: no weight is read before it is used.
    return torch.load(path, map_location="cpu", mmap=True, weights_only=True)
