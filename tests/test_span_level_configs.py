"""The configs of the span-level classifier hold the paper's settings, and each makes a model."""

from pathlib import Path

import pytest
from allennlp.common import Params
from allennlp.data import DatasetReader, Vocabulary
from allennlp.models import Model
from allennlp.training.optimizers import Optimizer

from locate_label_allennlp.data.formats import CorpusFormat
from locate_label_allennlp.models import EnumeratedSpans, MentionTyper
from tests.configs import CONFIGS, config

ORACLE = sorted(path.stem for path in CONFIGS.glob("*_span_level.jsonnet"))
DETECTION = ["genia_span_level_detection"]


def test_the_datasets_of_table_2() -> None:
    datasets = ["anercorp", "cadec", "cleananercorp", "genia", "germeval", "harem", "litbank"]
    datasets += ["msra", "nerel"]
    assert [f"{name}_span_level" for name in datasets] == ORACLE


@pytest.mark.parametrize("name", ORACLE + DETECTION)
def test_section_2_and_table_1(name: str) -> None:
    settings = config(name)
    model, reader = settings["model"], settings["dataset_reader"]
    assert settings["trainer"]["optimizer"]["lr"] == 1e-3
    assert "learning_rate_scheduler" not in settings["trainer"]
    embedders = model["word_encoder"]["text_field_embedder"]["token_embedders"]
    assert embedders == {"words": {"type": "embedding", "embedding_dim": 300}}
    assert reader["token_indexers"].keys() == {"words"}
    oracle = name in ORACLE
    assert model["type"] == ("mention_typer" if oracle else "enumerated_spans")
    mentions = model if oracle else model["span_scorer"]
    assert mentions["encoder"] == {"type": "lstm", "hidden_size": 200, "bidirectional": True}
    assert oracle or mentions["type"] == "mention"
    assert "encoder" not in model["word_encoder"]
    assert reader["discontinuous"] == ("fragments" if oracle else "skip")
    metric = "+oracle_span_accuracy" if oracle else "+micro_f1"
    assert settings["trainer"]["validation_metric"] == metric


@pytest.mark.parametrize("name", ORACLE + DETECTION)
def test_a_model_can_be_made(name: str, fixtures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIDDEN", "8")
    settings = config(name)
    CorpusFormat.from_params(Params({"format": settings["dataset_reader"]["format"]})["format"])
    reader = DatasetReader.from_params(Params({**settings["dataset_reader"], "format": "auto"}))
    vocab = Vocabulary.from_instances(reader.read(str(fixtures / "formats" / "nested.jsonl")))
    model = Model.from_params(Params(settings["model"]), vocab=vocab)
    assert isinstance(model, MentionTyper if name in ORACLE else EnumeratedSpans)
    # Raises if a parameter matches two patterns.
    Optimizer.from_params(
        Params(settings["trainer"]["optimizer"]), model_parameters=list(model.named_parameters())
    )


def test_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in [("VECTORS", "v.txt"), ("HIDDEN", "64"), ("EPOCHS", "3")]:
        monkeypatch.setenv(name, value)
    settings = config("litbank_span_level")
    embedders = settings["model"]["word_encoder"]["text_field_embedder"]["token_embedders"]
    assert embedders["words"]["pretrained_file"] == "v.txt"
    assert settings["model"]["encoder"]["hidden_size"] == 32
    assert settings["trainer"]["num_epochs"] == 3
