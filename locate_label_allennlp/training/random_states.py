"""The states of all random numbers that a training draws."""

import random
from typing import Any, Dict

import numpy
import torch


def random_states() -> Dict[str, Any]:
    """Those of Python, NumPy, PyTorch and every GPU, in what PyTorch stores and loads safely."""
    name, keys, *rest = numpy.random.get_state(legacy=True)
    return {
        "python": random.getstate(),
        "numpy": (name, torch.tensor(numpy.asarray(keys).tolist()), *rest),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def set_random_states(states: Dict[str, Any]) -> None:
    """Draws go on as they would have when `random_states` was called."""
    name, keys, *rest = states["numpy"]
    random.setstate(states["python"])
    numpy.random.set_state((name, keys.numpy().astype(numpy.uint32), *rest))
    torch.set_rng_state(states["torch"])
    for device, state in enumerate(states["cuda"][: torch.cuda.device_count()]):
        torch.cuda.set_rng_state(state, device)
