"""
What is wrong with data or a config is said in one line by the `allennlp` command, once this plugin
is loaded. `ALLENNLP_DEBUG=1`, AllenNLP's own switch, brings the traceback back.
"""

import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Callable, Optional, Type

from allennlp.common import logging as allennlp_logging
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.data.document import CorpusError

Hook = Callable[[Type[BaseException], BaseException, Optional[TracebackType]], Any]


def in_one_line(otherwise: Hook) -> Hook:
    """A `sys.excepthook` for errors of the user's files; all others go to `otherwise`."""

    def hook(
        kind: Type[BaseException], error: BaseException, traceback: Optional[TracebackType]
    ) -> None:
        is_user_s = isinstance(error, (ConfigurationError, CorpusError))
        if is_user_s and not os.environ.get("ALLENNLP_DEBUG"):
            print(f"allennlp: error: {error}", file=sys.stderr)
        else:
            otherwise(kind, error, traceback)

    return hook


def runs_allennlp(program: str) -> bool:
    """Whether `program`, the path of what is running, is `allennlp` or `python -m allennlp`."""
    path = Path(program)
    return path.stem == "allennlp" or path.parts[-2:] == ("allennlp", "__main__.py")


def _prepare_global_logging(*arguments: Any, **options: Any) -> None:
    """Training puts a hook of AllenNLP's in place, which logs the traceback."""
    prepare_global_logging(*arguments, **options)
    sys.excepthook = in_one_line(sys.excepthook)


prepare_global_logging = allennlp_logging.prepare_global_logging
if runs_allennlp(sys.argv[0]):
    sys.excepthook = in_one_line(sys.excepthook)
    allennlp_logging.prepare_global_logging = _prepare_global_logging
