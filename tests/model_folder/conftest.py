"""A trained model whose encoder is gone, and what is made of it."""

import json
import shutil
from pathlib import Path

import pytest
from allennlp.commands.train import train_model
from allennlp.common import Params

from locate_label_allennlp.model_folder.export import export_model


@pytest.fixture(scope="session")
def training(tmp_path_factory: pytest.TempPathFactory, fixtures: Path, tiny_bert: str) -> Path:
    """The folder of a training, with its archive; the encoder lies there alone."""
    above = tmp_path_factory.mktemp("trained")
    encoder = above / "small-encoder"
    shutil.copytree(tiny_bert, encoder)
    overrides = {"trainer.num_epochs": 40, "model.decoder.score_threshold": 0.2}
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("ENCODER", str(encoder))
        config = str(fixtures / "configs" / "tiny.jsonnet")
        train_model(Params.from_file(config, json.dumps(overrides)), str(above / "out"))
    shutil.rmtree(encoder)
    return above / "out"


@pytest.fixture(scope="session")
def exported(training: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model; for tests that leave it as it is."""
    folder = tmp_path_factory.mktemp("exported") / "harbour"
    export_model(str(training / "model.tar.gz"), str(folder))
    return folder


@pytest.fixture
def folder(exported: Path, tmp_path: Path) -> Path:
    """The same to be changed."""
    return Path(shutil.copytree(exported, tmp_path / "model"))
