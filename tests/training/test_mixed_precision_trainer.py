import json
import math
from pathlib import Path

import pytest
import torch
from allennlp.commands.train import train_model
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.training import GradientDescentTrainer, Trainer

from locate_label_allennlp.training import mixed_precision_trainer as module
from locate_label_allennlp.training.mixed_precision_trainer import MixedPrecisionTrainer


class Linear(torch.nn.Module):
    def __init__(self, precision):
        super().__init__()
        self.precision = precision
        self.weight = torch.nn.Parameter(torch.ones(2))


@pytest.fixture
def given(monkeypatch):
    """What AllenNLP's trainer is given."""
    given = {}
    monkeypatch.setattr(
        GradientDescentTrainer,
        "__init__",
        lambda self, model, *arguments, **options: given.update(options, arguments=arguments),
    )
    return given


@pytest.mark.parametrize(
    ("precision", "use_amp"), [("fp32", False), ("bf16", False), ("auto", False), ("fp16", True)]
)
@pytest.mark.parametrize("asked", [{}, {"use_amp": False}], ids=str)
def test_gradients_are_scaled_for_float16_alone(precision, use_amp, asked, given):
    MixedPrecisionTrainer(Linear(precision), "optimizer", num_epochs=3, **asked)
    assert given == {"arguments": ("optimizer",), "num_epochs": 3, "use_amp": use_amp}


def test_what_it_decides_itself_is_not_to_be_given():
    with pytest.raises(ConfigurationError, match=r"use_amp is given.*model\.precision"):
        MixedPrecisionTrainer(Linear("auto"), use_amp=True)


def test_models_that_know_no_precision_are_refused():
    with pytest.raises(ConfigurationError, match=r"not for a Linear; .* 'gradient_descent'"):
        MixedPrecisionTrainer(torch.nn.Linear(1, 1))


@pytest.mark.parametrize(
    ("dtype", "use_amp"), [(torch.float16, True), (torch.bfloat16, False), (None, False)]
)
def test_the_device_decides(dtype, use_amp, given, monkeypatch):
    asked = []
    monkeypatch.setattr(module, "lower_precision", lambda *args: asked.append(args) or dtype)
    MixedPrecisionTrainer(Linear("auto"))
    assert given["use_amp"] == use_amp
    assert asked == [("auto", torch.device("cpu"))]


@pytest.mark.parametrize("precision", ["auto", "bf16"])
def test_training_from_a_config(precision, fixtures: Path, tmp_path, monkeypatch):
    trainers = []
    run = MixedPrecisionTrainer.train
    monkeypatch.setattr(
        MixedPrecisionTrainer, "train", lambda self: trainers.append(self) or run(self)
    )
    overrides = {"trainer.type": "mixed_precision", "model.precision": precision}
    config = fixtures / "configs" / "tiny.jsonnet"
    model = train_model(Params.from_file(str(config), json.dumps(overrides)), tmp_path / "model")
    (trainer,) = trainers
    assert trainer.model is model
    assert trainer._scaler is None
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text())
    assert metrics["epoch"] == 1
    assert math.isfinite(metrics["training_loss"])
    # With dropout and float32 it learns just as with AllenNLP's own trainer.
    if precision == "auto":
        train_model(Params.from_file(str(config)), tmp_path / "other")
        other = json.loads((tmp_path / "other" / "metrics.json").read_text())
        assert metrics["training_loss"] == other["training_loss"]


def test_by_name():
    assert Trainer.by_name("mixed_precision").__self__ is MixedPrecisionTrainer
