"""Sizes that a config tells once: all others follow from the parts before."""

from typing import Any, TypeVar

from allennlp.common import Lazy
from allennlp.common.checks import ConfigurationError

T = TypeVar("T")


def construct(name: str, part: Lazy[T], **sizes: Any) -> T:
    """
    Builds a part of a component, which follows in size from other parts.

    # Parameters

    name : `str`
        The part's key in the config.
    part : `Lazy[T]`
    sizes : `Any`
        By their names in the part's constructor.

    # Raises

    `ConfigurationError`
        If the config gives one of the sizes: AllenNLP would take that one, whether right or wrong.
    """
    given: Any = part._params
    for size, value in sizes.items():
        if not isinstance(given, str) and size in given:
            raise ConfigurationError(
                f"{name}.{size} is {given[size]}, but it is not for a config to give: here it is "
                f"{value} in any case; leave the key out"
            )
    return part.construct(**sizes)
