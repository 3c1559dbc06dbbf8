"""What the `allennlp` command logs."""

import logging
import os
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

from locate_label_allennlp.patches.errors import runs_allennlp
from locate_label_allennlp.patches.finder import patches

# They log every key of the config and every parameter of the model.
_LOG_EACH_THING = ("allennlp.common.params", "allennlp.nn.initializers")
# Functions that log every parameter or every tensor of a batch, and how these lines begin.
_LISTINGS = {
    "allennlp.common.util": {"log_frozen_and_tunable_parameter_names": ""},
    "allennlp.training.callbacks.console_logger": {"on_batch": "", "_log_fields": ""},
    "allennlp.training.optimizers": {"make_parameter_groups": "Group "},
}


@patches("allennlp.common.logging")
def log_lines_that_matter(module: Any) -> Iterator[None]:
    """
    AllenNLP logs hundreds of lines before the first sentence is predicted. Of its command warnings
    alone are shown, but of a training its progress, too: that sets its own level when it begins.
    `ALLENNLP_LOG_LEVEL=INFO` and `ALLENNLP_DEBUG=1`, AllenNLP's own switches, bring all of them.
    """
    yield
    asked_for = os.environ.get("ALLENNLP_LOG_LEVEL") or os.environ.get("ALLENNLP_DEBUG")
    if asked_for or not runs_allennlp(sys.argv[0]):
        return
    logging.getLogger().setLevel(logging.WARNING)
    for name in _LOG_EACH_THING:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name, listings in _LISTINGS.items():
        logging.getLogger(name).addFilter(partial(_is_no_listing, listings))


def _is_no_listing(listings: dict[str, str], record: logging.LogRecord) -> bool:
    beginning = listings.get(record.funcName)
    return beginning is None or not str(record.msg).startswith(beginning)
