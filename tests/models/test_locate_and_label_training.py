"""Training, archives and configs, as the `allennlp` command makes and reads them."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from allennlp.commands.train import train_model
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.models import load_archive

from locate_label_allennlp.data.document import Sentence
from locate_label_allennlp.models import LocateAndLabel

CONFIG = Path(__file__).parents[2] / "fixtures" / "configs" / "tiny.jsonnet"


def train(folder, **overrides):
    overrides = {name.replace("__", "."): value for name, value in overrides.items()}
    params = Params.from_file(str(CONFIG), json.dumps(overrides))
    train_model(params, folder)
    return json.loads((folder / "metrics.json").read_text())


def test_learns_a_handful_of_sentences_by_heart(tmp_path):
    metrics = train(
        tmp_path / "model",
        trainer__num_epochs=80,
        trainer__optimizer__lr=0.02,
        data_loader__batch_size=2,
        model__min_negatives=200,
        model__word_encoder__dropout=0.0,
        model__filter__dropout=0.0,
        model__regressor__dropout=0.0,
        model__classifier__dropout=0.0,
    )
    assert metrics["best_validation_micro_f1"] == 1.0


def test_one_seed_gives_the_same_metrics_twice(tmp_path):
    first, second = (train(tmp_path / name) for name in ("first", "second"))
    timing = {key for key in first if "duration" in key or "memory" in key}
    assert {k: v for k, v in first.items() if k not in timing} == {
        k: v for k, v in second.items() if k not in timing
    }
    other = train(tmp_path / "other", pytorch_seed=8)
    assert other["training_loss"] != first["training_loss"]


@pytest.mark.parametrize(
    "key",
    [
        "model.seed_length",
        "model.word_encoder.droput",
        "model.filter.hidden",
        "model.regressor.offset",
        "model.decoder.thresh",
        "dataset_reader.contexts",
        "trainer.epochs",
    ],
)
def test_a_config_key_that_does_not_exist_is_named(key, tmp_path):
    params = Params.from_file(str(CONFIG), json.dumps({key: 1}))
    with pytest.raises(ConfigurationError, match=rf"'{key.rpartition('.')[2]}'.*allowed are"):
        train_model(params, tmp_path / "model")


def test_an_archive_needs_neither_the_encoder_nor_its_folder(tiny_bert, tmp_path, monkeypatch):
    encoder = tmp_path / "encoders" / "mine"
    shutil.copytree(tiny_bert, encoder)
    monkeypatch.setenv("ENCODER", str(encoder))
    train(tmp_path / "model", trainer__num_epochs=1, model__decoder__score_threshold=0.0)
    before = predictions(tmp_path / "model" / "model.tar.gz")
    shutil.rmtree(encoder)
    monkeypatch.delenv("ENCODER")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    shutil.move(tmp_path / "model" / "model.tar.gz", "moved.tar.gz")
    shutil.rmtree(tmp_path / "model")
    assert predictions("moved.tar.gz") == before != []


def predictions(path):
    archive = load_archive(path)
    assert isinstance(archive.model, LocateAndLabel)
    words = ("The", "port", "of", "Tarn") * 12
    instance = archive.validation_dataset_reader.text_to_instance([Sentence(words)])
    with torch.no_grad():
        archive.model._classifier._output.bias[0] = -100  # every span is an entity
    return archive.model.eval().forward_on_instance(instance)["entities"]
