"""With how many bits to calculate."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any, Mapping, Optional

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
    The type for matrix products on a device, or `None` for float32. `"auto"` is bfloat16 on a
    device that calculates with it itself; where it is only emulated, it is slow: then `"auto"` is
    float16 on a GPU, and float32 elsewhere.
    """
    if precision != "auto":
        return _TYPES.get(precision)
    if device.type == "cuda":
        has_bfloat16 = torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if has_bfloat16 else torch.float16
    if device.type == "cpu" and cpu_has_bfloat16():
        return torch.bfloat16
    return None


def cpu_has_bfloat16() -> bool:
    """Whether the processor has instructions for matrix products in bfloat16 (AVX-512 or AMX)."""
    # Older releases of torch do not say.
    known: Mapping[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(known.get("avx512_bf16") or known.get("amx_bf16"))


def at_precision(precision: str, device: torch.device) -> "AbstractContextManager[Any]":
    """The context in which a model calculates on a device."""
    dtype = lower_precision(precision, device)
    if dtype is None and not torch.is_autocast_enabled(device.type):
        return nullcontext()
    return torch.autocast(device.type, dtype, enabled=dtype is not None)
