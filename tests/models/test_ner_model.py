"""What all models have in common."""

import json
from pathlib import Path

import pytest
import torch
from allennlp.commands.train import train_model
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError

from tests.allennlp_command import error_line, run_allennlp
from tests.models.tiny_experiment import Experiment, sentence

FIXTURES = Path(__file__).parents[2] / "fixtures"


def test_an_archive_of_version_0_1_0_says_so(tmp_path):
    overrides = {"trainer.num_epochs": 1}
    config = FIXTURES / "configs" / "tiny_proposer_regressor.jsonnet"
    train_model(Params.from_file(str(config), json.dumps(overrides)), tmp_path / "model")
    weights = tmp_path / "model" / "best.th"
    state = torch.load(weights)
    del state["_archive_version"]
    torch.save(state, weights)
    corpus = FIXTURES / "formats" / "nested.jsonl"
    output = run_allennlp("evaluate", "model", corpus, cwd=tmp_path, fails=True)
    assert "only version 0.1.0 can read it" in error_line(output)


def test_candidates_are_for_evaluation(tiny):
    experiment = tiny()
    experiment.model.train()
    with pytest.raises(ValueError, match="training mode makes no candidates"):
        experiment.model.candidates(**experiment.batch(experiment.corpus))


def test_in_training_no_candidates_are_made(tiny):
    experiment = tiny()
    batch = experiment.batch(experiment.corpus)
    calls = []
    experiment.model._filter.register_forward_hook(lambda *call: calls.append(1))
    assert experiment.model.train()(**batch).keys() == {"loss"}
    assert len(calls) == 1
    assert experiment.model.eval()(**batch).keys() == {"loss", "entities"}
    assert len(calls) == 3


def test_scores_that_are_not_finite_are_an_error(tiny):
    experiment = tiny()
    experiment.model.eval()
    with torch.no_grad():
        experiment.model._classifier._feedforward._linear_layers[0].bias.fill_(torch.nan)
    instances = [experiment.reader.text_to_instance([sentence(5)], 0, False)]
    with pytest.raises(FloatingPointError, match="the model's scores are not finite"):
        experiment.model.forward_on_instances(instances)


@pytest.mark.parametrize("name", ["tiny_proposer_regressor", "tiny_biaffine_span"])
def test_sentences_too_long_for_a_quadratic_model(name):
    experiment = Experiment(name, max_words=4)
    experiment.model.eval()
    instances = [experiment.reader.text_to_instance([sentence(size)], 0, False) for size in (4, 5)]
    assert len(experiment.model.forward_on_instances(instances[:1])) == 1
    with pytest.raises(ConfigurationError, match=r"corpus\.jsonl:5: 5 words, .* allowed are 4"):
        experiment.model.forward_on_instances(instances)
    assert Experiment(name).model._max_words == 2000


def test_a_linear_model_has_no_limit(tiny):
    assert tiny().model._max_words is None
    assert Experiment("tiny_exhaustive_span").model._max_words is None
