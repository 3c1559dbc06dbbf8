"""Models that are not trained, in folders like that of a training."""

from pathlib import Path
from typing import Any, Callable, Dict

import torch
from allennlp.common import Params
from allennlp.data import DatasetReader, Vocabulary
from allennlp.models import Model

Weights = Dict[str, torch.Tensor]


def write_untrained(
    folder: Path, fixtures: Path, settings: Dict[str, Any], change: Callable[[Weights], Any]
) -> Path:
    """
    The model of `fixtures/configs/tiny.jsonnet` with other `settings` in its config, without a
    filter's threshold, and with random weights, which `change` may change in place.
    """
    params = Params.from_file(str(fixtures / "configs" / "tiny.jsonnet"))
    for name, value in {"filter_threshold": 0.0, **settings}.items():
        params["model"][name] = value
    params.to_file(str(folder / "config.json"))
    reader = DatasetReader.from_params(params["dataset_reader"])
    vocab = Vocabulary.from_instances(reader.read(params["train_data_path"]))
    vocab.save_to_files(str(folder / "vocabulary"))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        weights = Model.from_params(params["model"], vocab=vocab).state_dict()
    change(weights)
    torch.save(weights, folder / "best.th")
    return folder


def never_none(weights: Weights) -> None:
    """Every span gets a type."""
    weights["_classifier._output.bias"][0] = -100.0
