"""Bars for what lasts."""

import sys
from typing import Any

from allennlp.common import logging as common_logging
from allennlp.common.tqdm import Tqdm


def shows_progress() -> bool:
    """Whether anybody looks: on a terminal, or with `--file-friendly-logging`."""
    return sys.stderr.isatty() or bool(common_logging.FILE_FRIENDLY_LOGGING)


def progress_bar(*arguments: Any, silent: bool = False, **options: Any) -> Any:
    """
    A bar of tqdm on standard error, if anybody looks. (tqdm's own `disable=None` cannot tell:
    AllenNLP writes its bars through an object that does not know what it writes to.)
    """
    return Tqdm.tqdm(*arguments, disable=silent or not shows_progress(), **options)
