"""Parameters out of an archive, for a model that may know more words and types."""

from typing import Any

import torch
from allennlp.common.checks import ConfigurationError
from allennlp.nn import Initializer
from allennlp.nn.initializers import PretrainedModelInitializer
from overrides import overrides


@Initializer.register("archive")
class ArchiveInitializer(PretrainedModelInitializer):
    """
    `PretrainedModelInitializer`, except that a parameter may be larger than that of the archive, as
    those are of which words or types have a part each. What is new comes last in an extended
    vocabulary, and keeps the numbers that it has.

    # Raises

    `ConfigurationError` if the archive is of another model.
    """

    @overrides(check_signature=False)
    def __call__(self, tensor: torch.Tensor, parameter_name: str, **options: Any) -> None:
        known = self.weights.get(self.parameter_name_overrides.get(parameter_name, parameter_name))
        if known is None or not _fits(known, tensor):
            has = "none" if known is None else f"one of size {tuple(known.size())}"
            raise ConfigurationError(
                f"parameter {parameter_name!r} is of size {tuple(tensor.size())}, and the archive "
                f"has {has}; allowed is an archive of the same model, with no more words and types"
            )
        tensor.data[tuple(slice(size) for size in known.size())] = known


def _fits(known: torch.Tensor, tensor: torch.Tensor) -> bool:
    return known.dim() == tensor.dim() and all(
        size <= limit for size, limit in zip(known.size(), tensor.size(), strict=True)
    )
