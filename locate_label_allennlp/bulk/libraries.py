"""The libraries of the extra `bulk`, imported where they are used."""

import importlib
import os
from typing import Any

from allennlp.common.checks import ConfigurationError

SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",  # Else Ray reports its use to its makers.
    "RAY_BACKEND_LOG_LEVEL": "fatal",
}
"""What Ray finds in the environment, unless it is set there already."""


def library(name: str) -> Any:
    """
    A module of Ray or PyArrow.

    # Raises

    `ConfigurationError` that says how to install it.
    """
    for variable, value in SETTINGS.items():
        os.environ.setdefault(variable, value)
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise ConfigurationError(
            f'{package} is missing; allowed is to install it: pip install "ray[data]" pyarrow, '
            "or this package with its extra, locate-label-allennlp[bulk]"
        ) from error
