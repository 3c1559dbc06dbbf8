"""Libraries that one feature needs, imported where they are used."""

import importlib
from typing import Any

from allennlp.common.checks import ConfigurationError


def import_extra(module: str, extra: str) -> Any:
    """
    # Parameters

    module : `str`
    extra : `str`
        That of `pyproject.toml` which has it, and of `requirements-EXTRA.txt`.

    # Raises

    `ConfigurationError` that says how to install it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"{error.name} is missing, which the extra {extra!r} has: in a clone of the repository "
            f"pip install -r requirements-{extra}.txt, else "
            f'pip install "locate-label-allennlp[{extra}]"'
        ) from error
