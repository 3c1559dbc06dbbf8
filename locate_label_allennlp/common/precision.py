"""With how many bits to calculate."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any, Optional

import torch
from allennlp.common.checks import ConfigurationError

_TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
_ALLOWED = ("auto", "fp32", *_TYPES)


def check_precision(precision: str) -> str:
    """`precision`, if it is one; a `ConfigurationError` if not."""
    if precision not in _ALLOWED:
        raise ConfigurationError(f"precision is {precision!r}; allowed are {_ALLOWED}")
    return precision


def lower_precision(precision: str, device: torch.device) -> Optional[torch.dtype]:
    """
    The type for matrix products on a device, or `None` for float32. `"auto"` is bfloat16 on a GPU
    that has it, float16 on one that has not, and float32 elsewhere.
    """
    if precision != "auto":
        return _TYPES.get(precision)
    if device.type != "cuda":
        return None
    # Where bfloat16 is only emulated it is slow.
    has_bfloat16 = torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if has_bfloat16 else torch.float16


def at_precision(precision: str, device: torch.device) -> "AbstractContextManager[Any]":
    """The context in which a model calculates on a device."""
    dtype = lower_precision(precision, device)
    if dtype is None and not torch.is_autocast_enabled(device.type):
        return nullcontext()
    return torch.autocast(device.type, dtype, enabled=dtype is not None)
