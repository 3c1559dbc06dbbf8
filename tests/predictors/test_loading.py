from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.data import DatasetReader, Vocabulary
from allennlp.models import Archive, Model
from huggingface_hub import constants

from locate_label_allennlp.predictors import loading
from locate_label_allennlp.predictors.loading import (
    finds_nested_entities,
    load_model,
    predictor_from,
)


def test_a_model_that_finds_no_nested_entities_is_named() -> None:
    model: Any = SimpleNamespace(default_predictor="sentence_tagger")
    nothing: Any = None
    config = Params({"model": {"type": "simple_tagger"}})
    archive = Archive(model, config, nothing, nothing, nothing)
    assert not finds_nested_entities(archive)
    message = r"m\.tar\.gz: the model is 'simple_tagger'; allowed are .*locate_and_label"
    with pytest.raises(ConfigurationError, match=message):
        predictor_from(archive, "m.tar.gz")


def test_arguments_that_the_predictor_lacks_are_named(fixtures: Path) -> None:
    params = Params.from_file(str(fixtures / "configs" / "tiny.jsonnet"))
    reader = DatasetReader.from_params(params["dataset_reader"].duplicate())
    vocab = Vocabulary.from_instances(reader.read(params["train_data_path"]))
    model = Model.from_params(params["model"].duplicate(), vocab=vocab)
    archive = Archive(model, params, reader, reader, None)
    message = "the predictor takes no langage; allowed are language, words, budget, overlap"
    with pytest.raises(ConfigurationError, match=message):
        predictor_from(archive, "m.tar.gz", {"langage": "de"})
    assert predictor_from(archive, "m.tar.gz", {"budget": 7})._budget == 7


@pytest.mark.parametrize("local_files_only", [True, False])
def test_without_the_network_the_hub_is_not_asked(
    local_files_only: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    offline = []
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(
        loading, "load_archive", lambda *_, **__: offline.append(constants.HF_HUB_OFFLINE)
    )
    load_model("model.tar.gz", local_files_only=local_files_only)
    assert offline == [local_files_only]
