"""Training and archives, as the `allennlp` command makes and reads them."""

import json
from pathlib import Path

import pytest
import torch
from allennlp.commands.train import train_model
from allennlp.common import Params
from allennlp.models import load_archive

from locate_label_allennlp.models import ProposerRegressor
from tests.models.tiny_experiment import train_in_two_processes

FIXTURES = Path(__file__).parents[2] / "fixtures"
CONFIG = FIXTURES / "configs" / "tiny_proposer_regressor.jsonnet"
CORPUS = FIXTURES / "formats" / "nested.jsonl"
BY_HEART = {
    "trainer.num_epochs": 60,
    "trainer.optimizer.lr": 0.01,
    "data_loader.batch_size": 2,
    "model.word_encoder.dropout": 0.0,
    "model.proposer.dropout": 0.0,
    "model.regressor.dropout": 0.0,
    "model.prediction_head.dropout": 0.0,
}


def train(folder, overrides):
    train_model(Params.from_file(str(CONFIG), json.dumps(overrides)), folder)
    return json.loads((folder / "metrics.json").read_text())


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder that a training has filled, and the metrics at its end."""
    folder = tmp_path_factory.mktemp("trained") / "model"
    return folder, train(folder, BY_HEART)


def test_learns_a_handful_of_sentences_by_heart(trained):
    _, metrics = trained
    assert metrics["best_validation_micro_f1"] == 1.0


def test_an_archive_finds_the_entities_it_learned(trained):
    folder, _ = trained
    archive = load_archive(folder / "model.tar.gz")
    assert isinstance(archive.model, ProposerRegressor)
    instances = list(archive.validation_dataset_reader.read(str(CORPUS)))
    found = archive.model.eval().forward_on_instances(instances)
    lines = [json.loads(line) for line in CORPUS.read_text("utf-8").splitlines()]
    for output, line in zip(found, lines, strict=True):
        predicted = [(e.start, e.end, e.type) for e in output["entities"]]
        gold = [(e["start"], e["end"], e["type"]) for e in line.get("entities", [])]
        assert predicted == sorted(gold)
    # Another copy of the model is no other.
    again = load_archive(folder / "model.tar.gz").model.eval().forward_on_instances(instances)
    assert again == found


def test_a_loaded_model_is_the_saved_one(trained):
    folder, _ = trained
    weights = torch.load(folder / "best.th")
    loaded = load_archive(folder / "model.tar.gz").model.state_dict()
    assert weights.keys() == loaded.keys()
    assert all(torch.equal(weights[name], loaded[name]) for name in weights)


def test_two_processes(tmp_path):
    # Sentences of one word, without entities and with many: all parameters take part in each step.
    overrides = {"trainer.num_epochs": 25, "trainer.optimizer.lr": 0.01}
    metrics = train_in_two_processes("tiny_proposer_regressor", tmp_path, overrides)
    assert metrics["epoch"] == 24
    assert metrics["best_validation_micro_f1"] > 0
