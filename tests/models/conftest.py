"""The tiny experiment, as the tests of models use it."""

from typing import Any, Callable, Dict

import pytest
import torch

from tests.models.tiny_experiment import Experiment

WINDOW = {
    "dataset_reader.context": "window",
    "dataset_reader.min_context_wordpieces": 8,
    "dataset_reader.max_context_wordpieces": 60,
}
EVERY_SPAN = {
    "model.filter_threshold": 0.0,
    "model.decoder": {"type": "none", "score_threshold": 0.0},
}


class TinyExperiment(Experiment):
    """The tiny config with the tiny encoder; its corpus is ready for the model, which predicts."""

    def __init__(self, overrides: Dict[str, Any]) -> None:
        super().__init__("tiny", overrides)
        for instance in self.corpus:
            self.reader.apply_token_indexers(instance)
        self.model.eval()

    def every_span_is_an_entity(self) -> None:
        with torch.no_grad():
            self.model._classifier._output.bias[0] = -100


@pytest.fixture
def tiny(tiny_bert: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., TinyExperiment]:
    """Makes tiny experiments of overrides of their config."""
    monkeypatch.setenv("ENCODER", tiny_bert)
    return lambda *overrides: TinyExperiment(
        {name: value for each in overrides for name, value in each.items()}
    )


@pytest.fixture
def window() -> Dict[str, Any]:
    """What makes sentences share the window in which they are read."""
    return WINDOW


@pytest.fixture
def every_span() -> Dict[str, Any]:
    """What lets every seed pass and every candidate become an entity."""
    return EVERY_SPAN
