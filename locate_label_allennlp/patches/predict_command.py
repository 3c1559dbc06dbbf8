"""The command `allennlp predict`."""

import argparse
from collections.abc import Iterator
from typing import Any

from locate_label_allennlp.patches.finder import patches


@patches("allennlp.commands.predict")
def predict_whole_documents(module: Any) -> Iterator[None]:
    """
    AllenNLP's command reads lines alone, takes one at a time, does not say which is wrong, and
    loses what a corpus knows of its documents. Models of other packages are predicted with as
    before. The command's options are made before plugins are loaded, so that none can add any.
    """
    yield
    add_subparser = module.Predict.add_subparser

    def with_more_options(self: Any, parser: Any) -> argparse.ArgumentParser:
        from locate_label_allennlp.commands.predict import add_options

        subparser: argparse.ArgumentParser = add_subparser(self, parser)
        add_options(subparser)
        return subparser

    module.Predict.add_subparser = with_more_options
