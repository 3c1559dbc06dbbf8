"""The tiny experiment, as the tests of models use it."""

import json
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest
import torch
from allennlp.common import Params
from allennlp.data import Batch, DatasetReader, Instance, Vocabulary
from allennlp.models import Model

WINDOW = {
    "dataset_reader.context": "window",
    "dataset_reader.min_context_wordpieces": 8,
    "dataset_reader.max_context_wordpieces": 60,
}
EVERY_SPAN = {
    "model.filter_threshold": 0.0,
    "model.decoder": {"type": "none", "score_threshold": 0.0},
}


class TinyExperiment:
    """
    The tiny config with the tiny encoder: reader, corpus, vocabulary, and a model that is not
    trained.

    # Parameters

    overrides : `Dict[str, Any]`
        Of the config, by dotted names.
    """

    def __init__(self, config: Path, overrides: Dict[str, Any]) -> None:
        self.params = Params.from_file(str(config), json.dumps(overrides))
        self.reader = DatasetReader.from_params(self.params["dataset_reader"].duplicate())
        self.corpus = list(self.reader.read(self.params["train_data_path"]))
        for instance in self.corpus:
            self.reader.apply_token_indexers(instance)
        self.vocab = Vocabulary.from_instances(self.corpus)
        torch.manual_seed(0)
        self.model = Model.from_params(
            vocab=self.vocab, params=self.params["model"].duplicate()
        ).eval()

    def batch(self, instances: List[Instance]) -> Dict[str, Any]:
        batch = Batch(instances)
        batch.index_instances(self.vocab)
        return batch.as_tensor_dict()

    def every_span_is_an_entity(self) -> None:
        with torch.no_grad():
            self.model._classifier._output.bias[0] = -100


@pytest.fixture
def tiny(
    fixtures: Path, tiny_bert: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., TinyExperiment]:
    """Makes tiny experiments of overrides of their config."""
    monkeypatch.setenv("ENCODER", tiny_bert)
    config = fixtures / "configs" / "tiny.jsonnet"
    return lambda *overrides: TinyExperiment(
        config, {name: value for each in overrides for name, value in each.items()}
    )


@pytest.fixture
def window() -> Dict[str, Any]:
    """What makes sentences share the window in which they are read."""
    return WINDOW


@pytest.fixture
def every_span() -> Dict[str, Any]:
    """What lets every seed pass and every candidate become an entity."""
    return EVERY_SPAN
