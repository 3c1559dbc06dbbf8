"""What the dense model may be given."""

from inspect import signature
from typing import Any

import pytest
import torch
from allennlp.common.checks import ConfigurationError
from allennlp.models import Model

from locate_label_allennlp.models import DenseLocateAndLabel
from tests.models.batches import model_of, tensors


def built(**settings: Any) -> DenseLocateAndLabel:
    model = model_of(DenseLocateAndLabel, 0, span_scorer={"type": "combined"}, **settings)
    assert isinstance(model, DenseLocateAndLabel)
    return model


@pytest.mark.parametrize(
    ("name", "refused", "allowed"),
    [
        ("max_seed_length", [0, -1], [1]),
        ("max_moves", [0, -1], [1]),
        ("positive_iou", [0.0, -0.5, 1.1], [0.01, 1.0]),
        ("regression_weight", [-0.1, float("nan")], [0.0]),
    ],
)
def test_limits(name: str, refused: list[float], allowed: list[float]) -> None:
    for number in refused:
        with pytest.raises(ConfigurationError, match=f"{name} is {number}; allowed is"):
            built(**{name: number})
    for number in allowed:
        built(**{name: number})


def test_its_name() -> None:
    assert Model.by_name("dense_locate_and_label") is DenseLocateAndLabel


def test_what_holds_without_being_said() -> None:
    parameters = signature(DenseLocateAndLabel.__init__).parameters
    names = ("max_seed_length", "positive_iou", "regression_weight", "max_moves")
    assert [parameters[name].default for name in names] == [10, 0.7, 0.05, 3]


def test_lengths_that_are_enumerated() -> None:
    assert [*built(max_seed_length=3).enumerated_lengths] == [1, 2, 3]


def test_scores_that_are_not_finite_are_an_error() -> None:
    model = built(regressor={"span_extractor": "outer_boundary"}).eval()
    words, _, _ = tensors([(5, [(0, 1, 0)])], 0)
    assert model.scored_spans(model.detect(words, None).candidates, 1)
    for weights in model.parameters():
        sound = weights.data.clone()
        weights.data.fill_(torch.nan)
        with pytest.raises(FloatingPointError, match="scores are not finite"):
            model.scored_spans(model.detect(words, None).candidates, 1)
        weights.data.copy_(sound)
