"""The libraries of the extra `bulk`, imported where they are used."""

import os
from typing import Any

from locate_label_allennlp.common.extras import import_extra

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
    return import_extra(name, "bulk")
