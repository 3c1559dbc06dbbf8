"""The configs hold the paper's settings, and every one of them makes a model."""

import json
import tarfile
from pathlib import Path
from typing import Any, List, Optional

import pytest
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.data import DatasetReader, Vocabulary
from allennlp.models import Model
from allennlp.training.optimizers import Optimizer

from locate_label_allennlp.data.formats import CorpusFormat
from tests.configs import CONFIGS, config, evaluated

# Those of the span-level classifier have no contextual encoder: test_span_level_configs.py.
# `fine_tune` needs an archive to begin with.
OTHERS = ("span_level", "fine_tune")
NAMES = sorted(
    path.stem
    for path in CONFIGS.glob("*.jsonnet")
    if not any(other in path.stem for other in OTHERS)
)
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
    "LAST_LAYERS": "3",
    "HIDDEN": "64",
    "SEED": "99",
    "GPUS": "0,1",
}


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
    assert words["context_embedder"]["token_embedders"]["encoder"]["last_layers"] == 3
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


@pytest.mark.parametrize(
    ("given", "objective"), [("1", "micro"), ("micro", "micro"), ("macro", "macro"), ("0", None)]
)
def test_thresholds_are_chosen_if_wanted(
    given: str, objective: Optional[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUNE", given)
    wanted = None if objective is None else [{"type": "tune_thresholds", "objective": objective}]
    assert config("quickstart")["trainer"].get("callbacks") == wanted


def test_thresholds_are_not_chosen_by_several_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNE", "1")
    monkeypatch.setenv("GPUS", "0,1")
    with pytest.raises(ConfigurationError, match="TUNE is '1'; allowed is 0 with several GPUS"):
        config("quickstart")


def archived(settings: Any, folder: Path) -> str:
    """An archive with a config, and nothing else."""
    (folder / "config.json").write_text(json.dumps(settings), "utf-8")
    with tarfile.open(folder / "model.tar.gz", "w:gz") as file:
        file.add(folder / "config.json", "config.json")
    return str(folder / "model.tar.gz")


@pytest.mark.parametrize(
    ("first", "given", "rates"),
    [
        ({"LEARNING_RATE": "1e-4"}, {}, (1e-4, 1e-4)),
        ({"LEARNING_RATE": "1e-4"}, {"LEARNING_RATE": "2e-5"}, (2e-5, 2e-5)),
        ({"HEAD_LEARNING_RATE": "1e-3"}, {"LEARNING_RATE": "2e-5"}, (2e-5, 1e-3)),
        (
            {"LEARNING_RATE": "1e-4"},
            {"LEARNING_RATE": "2e-5", "HEAD_LEARNING_RATE": "3e-4"},
            (2e-5, 3e-4),
        ),
        ({"ENCODER": "", "HEAD_LEARNING_RATE": "1e-3"}, {"LEARNING_RATE": "2e-4"}, (None, 2e-4)),
    ],
)
def test_learning_rates_of_a_fine_tuning(
    first: Any, given: Any, rates: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAIN", "a.jsonl")
    with monkeypatch.context() as before:
        for name, value in {"VECTORS": "", **first}.items():
            before.setenv(name, value)
        settings = config("ace05")
    monkeypatch.setenv("FROM", archived(settings, tmp_path))
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    optimizer = config("fine_tune")["trainer"]["optimizer"]
    groups = [group[1].get("lr") for group in optimizer["parameter_groups"]]
    encoder, head = rates
    assert groups == ([] if encoder is None else [encoder, encoder]) + [None, None]
    assert optimizer["lr"] == head
    decays = [group[1].get("weight_decay") for group in optimizer["parameter_groups"]]
    assert decays[-2:] == [None, 0.0]


def test_a_fine_tuning_tunes_as_the_first_training_unless_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUNE", "macro")
    settings = config("quickstart")
    settings["trainer"]["callbacks"].append("console_logger")
    monkeypatch.setenv("FROM", archived(settings, tmp_path))
    monkeypatch.setenv("TRAIN", "a.jsonl")
    for given, wanted in {"": "macro", "1": "micro", "0": None}.items():
        monkeypatch.setenv("TUNE", given) if given else monkeypatch.delenv("TUNE")
        callbacks = config("fine_tune")["trainer"]["callbacks"]
        tuning = [each["objective"] for each in callbacks if isinstance(each, dict)]
        assert tuning == ([] if wanted is None else [wanted])
        assert "console_logger" in callbacks


@pytest.mark.parametrize("name", NAMES)
def test_a_model_can_be_made(
    name: str, tiny_bert: str, fixtures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contextual = not name.startswith("quickstart")
    monkeypatch.setenv("TRAIN", "a.jsonl")
    if contextual:
        monkeypatch.setenv("ENCODER", tiny_bert)
    monkeypatch.setenv("VECTORS", "")
    monkeypatch.setenv("HIDDEN", "16")
    monkeypatch.setenv("LAST_LAYERS", "2")  # the tiny encoder has no more
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


def test_without_an_encoder_batches_are_of_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENCODER", "")
    monkeypatch.setenv("BATCH_SIZE", "5")
    monkeypatch.setenv("TRAIN", "some/corpus")
    for name in ("custom", "recommended"):
        sampler = config(name)["data_loader"]["batch_sampler"]
        assert (sampler.get("batch_size"), sampler.get("budget")) == (5, None), name


def test_shared_windows_budget_and_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENCODER", "some/folder")
    settings = config("genia")
    assert settings["dataset_reader"]["max_context_wordpieces"] == 510
    assert settings["train_data_path"] == "data/genia/genia.train.iob2"
    monkeypatch.setenv("CONTEXT", "window")
    settings = config("genia")
    reader = settings["dataset_reader"]
    assert (reader["context"], reader["max_context_wordpieces"]) == ("window", 510)
    assert reader["max_training_context_wordpieces"] == 254
    assert "context_sentences" not in reader
    assert settings["train_data_path"] == {"training": "data/genia/genia.train.iob2"}
    assert settings["validation_data_path"] == "data/genia/genia.dev.iob2"
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


def test_shared_windows_may_be_a_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "mine.jsonnet"
    file.write_text(
        f"(import '{CONFIGS}/genia.jsonnet') + {{ settings+:: {{ context: 'window' }} }}"
    )
    settings = evaluated(file)
    monkeypatch.setenv("CONTEXT", "window")
    assert settings["dataset_reader"]["context"] == "window"
    assert settings["data_loader"] == config("genia")["data_loader"]


@pytest.mark.parametrize("name", [*NAMES, "genia_span_level"])
def test_there_is_one_reader(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAIN", "a.jsonl")
    for context in ("1", "window"):
        monkeypatch.setenv("CONTEXT", context)
        monkeypatch.setenv("FORMAT", '{"type": "brat", "splitting": {"language": "uk"}}')
        settings = config(name)
        assert not [key for key in settings if key.endswith("dataset_reader") and "_d" in key]
        assert settings["dataset_reader"]["format"]["splitting"] == {"language": "uk"}
        # What splits raw text is that of the format.
        assert "text_splitter" not in settings["dataset_reader"]


def test_the_language_of_running_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "ru")
    reader = config("genia")["dataset_reader"]
    assert reader["format"] == {"type": "auto", "splitting": {"language": "ru"}}
    assert reader["text_splitter"] == {"language": "ru"}
    monkeypatch.setenv("WORDS", "characters")
    monkeypatch.setenv("FORMAT", '{"type": "brat", "splitting": {"inside_words": "split"}}')
    splitting = {"inside_words": "split", "language": "ru", "words": "characters"}
    assert config("genia")["dataset_reader"]["format"]["splitting"] == splitting
    # Columns have their words.
    monkeypatch.setenv("FORMAT", "columns")
    reader = config("genia")["dataset_reader"]
    assert reader["format"] == "columns"
    assert reader["text_splitter"] == {"language": "ru", "words": "characters"}


def test_several_corpora_and_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAIN", "a.jsonl,b.jsonl")
    monkeypatch.setenv("TEST", "")
    settings = config("genia")
    assert settings["train_data_path"] == ["a.jsonl", "b.jsonl"]
    assert settings["test_data_path"] is None
    assert not settings["evaluate_on_test"]
    assert "held_out" not in settings["dataset_reader"]
    monkeypatch.setenv("DEV", "")
    settings = config("genia")
    assert settings["train_data_path"] == {"training": ["a.jsonl", "b.jsonl"]}
    assert settings["validation_data_path"] == {"held_out": ["a.jsonl", "b.jsonl"]}
    assert settings["dataset_reader"]["held_out"] == 0.1


def test_every_system_works_on_every_dataset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAIN", "a.jsonl")
    systems, datasets = (
        {path.stem: f"(import '{path}')" for path in (CONFIGS / "lib" / kind).iterdir()}
        for kind in ("systems", "datasets")
    )
    members = [
        *(f"'{name}': {dataset}.dataset.name" for name, dataset in datasets.items()),
        *(f"'{name}': std.objectFields({system}.on_dataset)" for name, system in systems.items()),
        *(
            f"'{system} {dataset}': ({systems[system]} + {datasets[dataset]}).model"
            for system in systems
            for dataset in datasets
        ),
    ]
    file = tmp_path / "all.jsonnet"
    file.write_text(f"{{ {', '.join(members)} }}", "utf-8")
    values = evaluated(file)
    for dataset in datasets:
        assert values[dataset] == dataset
    for system in systems:
        # A system has settings for no dataset that there is not.
        assert set(values[system]) <= datasets.keys()
        types = {values[f"{system} {dataset}"]["type"] for dataset in datasets}
        assert len(types) == 1


def test_which_setting_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "mine.jsonnet"
    file.write_text(
        f"(import '{CONFIGS}/lib/systems/proposer_regressor.libsonnet')"
        "+ { dataset:: { name: 'mine', settings: { layers: 4, kernels: [1], hidden: 48 } } }"
        "+ { on_dataset:: { mine: { kernels: [2], hidden: 56 } }, settings:: { hidden: 64 } }"
    )
    monkeypatch.setenv("TRAIN", "a.jsonl")
    model = evaluated(file)["model"]
    assert (model["regressor"]["num_heads"], model["regressor"]["num_layers"]) == (8, 4)
    assert model["proposer"]["kernels"] == [2]
    assert model["word_encoder"]["encoder"]["output_dim"] == 64
    monkeypatch.setenv("HIDDEN", "72")
    assert evaluated(file)["model"]["word_encoder"]["encoder"]["output_dim"] == 72


def test_a_corpus_of_one_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="TRAIN is not set; allowed is the path"):
        config("custom")
    monkeypatch.setenv("TRAIN", "mine")
    settings = config("custom")
    assert settings["train_data_path"] == {"training": "mine"}
    assert settings["validation_data_path"] == {"held_out": "mine"}
    assert settings["test_data_path"] is None
    optimizer = settings["trainer"]["optimizer"]
    assert (optimizer["parameter_groups"][0][1]["lr"], optimizer["lr"]) == (3e-5, 1e-3)
    embedders = settings["model"]["word_encoder"]["text_field_embedder"]["token_embedders"]
    assert "pretrained_file" not in embedders["words"]
    # Without an encoder there is one learning rate.
    monkeypatch.setenv("ENCODER", "")
    monkeypatch.setenv("LEARNING_RATE", "0.002")
    assert config("custom")["trainer"]["optimizer"]["lr"] == 0.002


def test_the_words_of_the_recommended_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAIN", "a.jsonl")
    monkeypatch.setenv("ENCODER", "some/folder")
    for name, last_layers, skip_connection in (("recommended", 4, True), ("genia", 1, False)):
        words = config(name)["model"]["word_encoder"]
        encoder = words["context_embedder"]["token_embedders"]["encoder"]
        assert (encoder["last_layers"], words["skip_connection"]) == (last_layers, skip_connection)


def test_corpora_without_a_development_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("msra", "cleananercorp"):
        settings = config(f"{name}_recommended")
        train = settings["train_data_path"]["training"]
        assert settings["validation_data_path"] == {"held_out": train}
        assert settings["dataset_reader"]["held_out"] == 0.1
        assert settings["evaluate_on_test"]
        monkeypatch.setenv("DEV", "d.txt")
        settings = config(f"{name}_recommended")
        assert settings["validation_data_path"] == "d.txt"
        assert "held_out" not in settings["dataset_reader"]
        monkeypatch.delenv("DEV")


@pytest.mark.parametrize(
    ("name", "lines", "sentences", "entities"),
    [
        (
            "msra",
            ["老 O", "港 B-LOC", "。 O", "", "他 B-PER", "睡 O"],
            [["老", "港", "。"], ["他", "睡"]],
            [(1, 2, "LOC"), (0, 1, "PER")],
        ),
        # With blank lines between sentences and without.
        (
            "cleananercorp",
            ["a B-LOC", "b O", ". O", "", "c O", ". O", "d B-PERS", "e O", ". O"],
            [["a", "b", "."], ["c", "."], ["d", "e", "."]],
            [(0, 1, "LOC"), (0, 1, "PERS")],
        ),
    ],
)
def test_the_columns_of_a_dataset(
    name: str,
    lines: List[str],
    sentences: List[List[str]],
    entities: List[Any],
    tmp_path: Path,
) -> None:
    file = tmp_path / "train.txt"
    file.write_text("\n".join(lines), "utf-8")
    settings = Params({"format": config(f"{name}_recommended")["dataset_reader"]["format"]})
    documents = list(CorpusFormat.from_params(settings["format"]).read(str(file)))
    # Each sentence is a document, of which some can be held out.
    assert [list(each.words) for document in documents for each in document.sentences] == sentences
    assert all(len(document.sentences) == 1 for document in documents)
    assert [
        (entity.start, entity.end, entity.type)
        for document in documents
        for entity in document.sentences[0].entities
    ] == entities


def test_one_gpu_or_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPUS", "0")
    settings = config("genia")
    assert settings["trainer"]["cuda_device"] == 0
    assert "distributed" not in settings
    assert settings["evaluate_on_test"]


@pytest.mark.parametrize(
    ("name", "variable", "value", "allowed"),
    [
        ("genia", "BATCH_SIZE", "abc", "a whole number from 1"),
        ("genia", "EPOCHS", "0.5", "a whole number from 1"),
        ("genia", "PATIENCE", "0", "a whole number from 1"),
        ("genia", "CONTEXT", "windows", "a whole number from 0, or window"),
        ("genia", "PRECISION", "fp8", "one of auto, fp32, bf16, fp16"),
        ("genia", "HIDDEN", "63", "a multiple of 2"),
        ("genia_proposer_regressor", "HIDDEN", "36", "a multiple of 8"),
        ("genia", "LEARNING_RATE", "high", "a number above 0"),
        ("genia", "ATTENTION_DROPOUT", "1", "a number from 0 to less than 1"),
        ("genia", "WORDS", "letters", "one of spacy, whitespace, characters"),
        ("genia", "SEED", "-1", "a whole number from 0"),
        ("genia", "GPUS", "one", "numbers of devices"),
    ],
)
def test_what_a_variable_may_be(
    name: str, variable: str, value: str, allowed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError) as caught:
        config(name)
    assert caught.value.message.startswith(f"{variable} is '{value}'; allowed is {allowed}")


def test_the_size_of_word_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORD_DIM", "300")
    words = config("genia")["model"]["word_encoder"]
    assert words["text_field_embedder"]["token_embedders"]["words"]["embedding_dim"] == 300
