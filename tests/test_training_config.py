"""The configs hold the paper's settings, and every one of them makes a model."""

from pathlib import Path
from typing import Any, Dict, List

import pytest
from allennlp.common import Params
from allennlp.data import DatasetReader, Vocabulary
from allennlp.models import Model
from allennlp.training.optimizers import Optimizer

from locate_label_allennlp.data.formats import CorpusFormat

CONFIGS = Path(__file__).parent.parent / "training_config"
# Those of the span-level classifier have no contextual encoder: test_span_level_configs.py.
NAMES = sorted(path.stem for path in CONFIGS.glob("*.jsonnet") if "span_level" not in path.stem)
PAPER = ["ace04", "ace05", "kbp17", "genia"]
GIVEN = {
    "TRAIN": "a.jsonl",
    "DEV": "b.jsonl",
    "TEST": "c.jsonl",
    "ENCODER": "some/folder",
    "VECTORS": "v.txt",
    "CONTEXT": "2",
    "EPOCHS": "3",
    "BATCH_SIZE": "5",
    "PATIENCE": "4",
    "LEARNING_RATE": "1e-4",
    "HEAD_LEARNING_RATE": "1e-3",
    "HIDDEN": "64",
    "SEED": "99",
    "GPUS": "0,1",
}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in GIVEN:
        monkeypatch.delenv(name, raising=False)


def config(name: str) -> Dict[str, Any]:
    return Params.from_file(str(CONFIGS / f"{name}.jsonnet")).as_dict(quiet=True)


@pytest.mark.parametrize(
    ("name", "learning_rate", "batch_size", "decay", "overlap", "threshold"),
    [
        ("ace04", 3e-5, 8, 0.9, 0.6, 0.55),
        ("ace05", 3e-5, 8, 0.8, 0.7, 0.5),
        ("kbp17", 5e-5, 4, 0.9, 0.6, 0.5),
        ("genia", 5e-6, 6, 0.9, 0.7, 0.45),
    ],
)
def test_table_6(
    name: str,
    learning_rate: float,
    batch_size: int,
    decay: float,
    overlap: float,
    threshold: float,
) -> None:
    settings = config(name)
    model = settings["model"]
    groups = settings["trainer"]["optimizer"]["parameter_groups"]
    assert [group[1].get("lr") for group in groups] == [learning_rate, learning_rate, None, None]
    assert settings["trainer"]["optimizer"]["lr"] == learning_rate
    assert settings["trainer"]["num_epochs"] == 35
    assert settings["data_loader"]["batch_sampler"]["batch_size"] == batch_size
    assert model["decoder"] == {
        "type": "soft_nms",
        "decay": decay,
        "overlap_threshold": overlap,
        "score_threshold": threshold,
    }
    longer = [8, 9, 10] if name == "genia" else [9, 11, 13, 15]
    assert model["seed_lengths"] == [1, 2, 3, 4, 5, 6, 7, *longer]
    assert (model["positive_iou"], model["match_iou"]) == (0.7, 1.0)
    assert (model["focal_gamma"], model["soft_example_eta"]) == (2.0, 1.0)
    assert model["loss_weights"] == [1.0, 0.1, 1.0]


@pytest.mark.parametrize("name", PAPER)
def test_section_3_3(name: str) -> None:
    settings = config(name)
    words = settings["model"]["word_encoder"]
    embedders = words["text_field_embedder"]["token_embedders"]
    assert embedders["words"]["embedding_dim"] == 100
    assert embedders["pos"]["embedding_dim"] == 50
    assert 2 * embedders["characters"]["encoder"]["hidden_size"] == 50
    assert 2 * words["encoder"]["hidden_size"] == 1024
    assert settings["dataset_reader"]["context_sentences"] == 1
    for head in ("filter", "regressor", "classifier"):
        assert settings["model"][head]["dropout"] == 0.5


@pytest.mark.parametrize("name", NAMES)
def test_environment_wins(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in GIVEN.items():
        monkeypatch.setenv(variable, value)
    settings = config(name)
    words = settings["model"]["word_encoder"]
    reader, trainer = settings["dataset_reader"], settings["trainer"]
    assert settings["train_data_path"] == "a.jsonl"
    assert settings["validation_data_path"] == "b.jsonl"
    assert settings["test_data_path"] == "c.jsonl"
    assert reader["context_indexers"]["encoder"]["model_name"] == "some/folder"
    assert words["context_embedder"]["token_embedders"]["encoder"]["model_name"] == "some/folder"
    embedders = words["text_field_embedder"]["token_embedders"]
    assert embedders["words"]["pretrained_file"] == "v.txt"
    assert reader["context_sentences"] == 2
    assert (trainer["num_epochs"], trainer["patience"]) == (3, 4)
    assert settings["data_loader"]["batch_sampler"]["batch_size"] == 5
    assert trainer["optimizer"]["parameter_groups"][0][1]["lr"] == 1e-4
    assert trainer["optimizer"]["lr"] == 1e-3
    encoder = words["encoder"]
    assert encoder.get("output_dim", 2 * encoder.get("hidden_size", 0)) == 64
    assert settings["pytorch_seed"] == 99
    assert settings["distributed"] == {"cuda_devices": [0, 1]}
    assert not settings["evaluate_on_test"]


@pytest.mark.parametrize("name", NAMES)
def test_a_model_can_be_made(
    name: str, tiny_bert: str, fixtures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contextual = not name.startswith("quickstart")
    if contextual:
        monkeypatch.setenv("ENCODER", tiny_bert)
    monkeypatch.setenv("VECTORS", "")
    monkeypatch.setenv("HIDDEN", "16")
    settings = config(name)
    CorpusFormat.from_params(Params({"format": settings["dataset_reader"]["format"]})["format"])
    reader = DatasetReader.from_params(Params({**settings["dataset_reader"], "format": "auto"}))
    vocab = Vocabulary.from_instances(reader.read(str(fixtures / "formats" / "nested.jsonl")))
    if contextual:
        embedder = settings["model"]["word_encoder"]["context_embedder"]["token_embedders"]
        embedder["encoder"].update(window=32, overlap=8)
    model = Model.from_params(Params(settings["model"]), vocab=vocab)
    parameters = [pair for pair in model.named_parameters() if pair[1].requires_grad]
    # Raises if a parameter matches two patterns.
    optimizer = Optimizer.from_params(
        Params(settings["trainer"]["optimizer"]), model_parameters=parameters
    )
    names = {id(parameter): name for name, parameter in parameters}
    grouped: List[str] = []
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            parameter_name = names[id(parameter)]
            grouped.append(parameter_name)
            is_plain = "bias" not in parameter_name and "norm" not in parameter_name.lower()
            assert (group["weight_decay"] > 0) == is_plain, parameter_name
    assert sorted(grouped) == sorted(names.values())


def test_shared_windows_budget_and_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENCODER", "some/folder")
    settings = config("genia")
    assert settings["dataset_reader"]["max_context_wordpieces"] == 510
    assert "validation_dataset_reader" not in settings
    monkeypatch.setenv("CONTEXT", "window")
    settings = config("genia")
    reader = settings["dataset_reader"]
    assert (reader["context"], reader["max_context_wordpieces"]) == ("window", 254)
    assert "context_sentences" not in reader
    larger = settings["validation_dataset_reader"]
    assert larger == {**reader, "max_context_wordpieces": 510}
    embedders = settings["model"]["word_encoder"]["context_embedder"]["token_embedders"]
    assert embedders["encoder"]["attention_dropout"] == 0
    assert settings["data_loader"]["batch_sampler"] == {
        "type": "token_budget",
        "budget": 256,
        "seed": 13,
    }
    assert settings["validation_data_loader"]["batch_sampler"]["budget"] == 1024
    assert settings["trainer"]["type"] == "mixed_precision"
    for name, value in [
        ("BUDGET", "900"),
        ("PRECISION", "bf16"),
        ("ATTENTION_DROPOUT", "0.2"),
        ("SEED", "14"),
    ]:
        monkeypatch.setenv(name, value)
    settings = config("genia")
    assert settings["data_loader"]["batch_sampler"]["seed"] == 14
    words = settings["model"]["word_encoder"]
    assert settings["data_loader"]["batch_sampler"]["budget"] == 900
    assert settings["model"]["precision"] == "bf16"
    embedder = words["context_embedder"]["token_embedders"]["encoder"]
    assert (embedder["attention_dropout"], embedder["window"]) == (0.2, 512)


def test_shared_windows_are_asked_for_by_the_environment_alone(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonnet"
    file.write_text(
        f"(import '{CONFIGS}/genia.jsonnet') + {{ settings+:: {{ context: 'window' }} }}"
    )
    with pytest.raises(RuntimeError, match=r"set CONTEXT=window instead of settings\.context"):
        Params.from_file(str(file))
