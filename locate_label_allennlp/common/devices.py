"""Where to calculate."""

import re
from typing import Union

import torch
from allennlp.common.checks import ConfigurationError

Device = Union[str, int, torch.device, None]


def cuda_device_of(device: Device) -> int:
    """
    AllenNLP's number of a device: that of a GPU, or -1 for the CPU.

    # Parameters

    device : `Union[str, int, torch.device]`, optional
        `"cpu"`, `"cuda"`, `"cuda:1"`, such a device of PyTorch, or the number itself. `None` is the
        first GPU where there is one.
    """
    if device is None:
        return 0 if torch.cuda.is_available() else -1
    if isinstance(device, int) and not isinstance(device, bool) and device >= -1:
        return device
    name = re.fullmatch(r"cpu|cuda(?::(\d+))?", str(device))
    if name is None:
        raise ConfigurationError(
            f"device is {device!r}; allowed are 'cpu', 'cuda', 'cuda:0' and so on, or the number "
            "of a GPU"
        )
    return -1 if name[0] == "cpu" else int(name[1] or 0)
