"""Every ablation changes what its name says and nothing else, and makes a model."""

from pathlib import Path
from typing import Any, Dict, Tuple

import pytest
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.common.util import JsonDict
from allennlp.data import DatasetReader, Vocabulary
from allennlp.models import Model

from locate_label_allennlp.models import LocateAndLabel
from tests.configs import CONFIGS, evaluated

ABLATIONS = CONFIGS / "ablations"
LIBRARY = CONFIGS / "lib" / "ablations.libsonnet"
DATASETS = ["ace04", "ace05", "conll03", "genia", "kbp17", "quickstart", "weibo"]
# Those of Locate and Label; test_proposer_regressor_configs.py is about the others.
NAMES = sorted(
    path.stem for path in ABLATIONS.glob("*.jsonnet") if "proposer_regressor" not in path.stem
)

# What is not in a config.
NOTHING = object()
ENCODER = ("model", "word_encoder", "context_embedder", "token_embedders", "encoder")
# The place of each value that differs, and the new value.
Changes = Dict[Tuple[str, ...], Any]
CHANGES: Dict[str, Changes] = {
    "without_regressor": {("model", "regressor"): None},
    "without_filter": {("model", "filter"): None},
    "without_filter_and_regressor": {("model", "regressor"): None, ("model", "filter"): None},
    "without_soft_nms": {
        ("model", "decoder", "type"): "none",
        ("model", "decoder", "decay"): NOTHING,
        ("model", "decoder", "overlap_threshold"): NOTHING,
    },
    "without_soft_examples": {("model", "soft_example_eta"): 0.0},
    "seed_lengths_1_to_3": {("model", "seed_lengths"): [1, 2, 3]},
    "seed_lengths_1_to_5": {("model", "seed_lengths"): [1, 2, 3, 4, 5]},
    "seed_lengths_1_to_7_9_11_13_15": {
        ("model", "seed_lengths"): [1, 2, 3, 4, 5, 6, 7, 9, 11, 13, 15]
    },
    "last_four_layers": {(*ENCODER, "last_layers"): 4, (*ENCODER, "pooling"): "max"},
    "focal_classifier": {("model", "classifier_focal_gamma"): 2.0},
    "non_negative_offsets": {("model", "regressor", "offsets"): "non_negative"},
    "all_negatives": {("model", "negatives_per_positive"): None},
    "drop_crossing": {("model", "decoder", "drop_crossing"): True},
    "drop_illegal": {("model", "drop_illegal"): True},
    "sentence_vector": {(*ENCODER, "sentence_vector"): True},
    "context_after_encoder": {("model", "word_encoder", "context_after_encoder"): True},
    "seed_lengths_1_to_5_7_9_11_13_15_then_all": {
        ("model", "seed_lengths"): [1, 2, 3, 4, 5, 7, 9, 11, 13, 15],
        ("model", "evaluation_seed_lengths"): list(range(1, 16)),
    },
    "loss_weights_1_1_1": {("model", "loss_weights"): [1, 1, 1]},
    "loss_weights_01_1_1": {("model", "loss_weights"): [0.1, 1, 1]},
}


def together(folder: Path, expressions: Dict[str, str], **environment: str) -> Dict[str, Any]:
    """Configs by name, all in one run of Jsonnet, of which each costs a tenth of a second."""
    members = [f"{name}: {expression}," for name, expression in expressions.items()]
    path = folder / "all.jsonnet"
    path.write_text("{" + "\n".join(members) + "}", "utf-8")
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return evaluated(path)


def differences(base: JsonDict, other: JsonDict) -> Changes:
    found: Changes = {}
    for key in base.keys() | other.keys():
        old, new = base.get(key, NOTHING), other.get(key, NOTHING)
        if isinstance(old, dict) and isinstance(new, dict):
            below = differences(old, new)
            found.update({(key, *path): value for path, value in below.items()})
        elif old != new:
            found[(key,)] = new
    return found


FILES = {name: f"import '{ABLATIONS}/{name}.jsonnet'" for name in NAMES}
BASES = {dataset: f"import '{CONFIGS}/{dataset}.jsonnet'" for dataset in DATASETS}


@pytest.fixture(scope="module")
def configs(tmp_path_factory: pytest.TempPathFactory) -> Dict[str, Any]:
    """All datasets and ablations, as they are when no environment variable is set."""
    return together(tmp_path_factory.mktemp("configs"), {**FILES, **BASES})


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, tiny_bert: str) -> Dict[str, Any]:
    """All ablations, with an encoder and in a size for tests."""
    folder = tmp_path_factory.mktemp("small")
    return together(folder, FILES, ENCODER=tiny_bert, HIDDEN="16")


def test_there_is_one_for_each_that_is_described() -> None:
    for dataset in ("genia", "quickstart"):
        own = {name.removeprefix(f"{dataset}_") for name in NAMES if name.startswith(dataset)}
        assert own == {name for name in CHANGES if dataset == "genia" or "without" in name}


def test_every_ablation_is_a_config(tmp_path: Path) -> None:
    names = together(tmp_path, {"it": f"std.objectFields(import '{LIBRARY}')"})["it"]
    configs = [path.stem for path in CONFIGS.rglob("*.jsonnet")]
    assert [name for name in names if not any(it.endswith(f"_{name}") for it in configs)] == []


@pytest.mark.parametrize("name", NAMES)
def test_it_differs_from_its_dataset_as_its_name_says(name: str, configs: Dict[str, Any]) -> None:
    dataset, _, ablation = name.partition("_")
    assert differences(configs[dataset], configs[name]) == CHANGES[ablation]


@pytest.mark.parametrize("dataset", DATASETS)
def test_each_works_on_every_dataset(dataset: str, tmp_path: Path) -> None:
    base = BASES[dataset]
    # A dataset may have the seed lengths of the ablation.
    names = [name for name in CHANGES if not name.startswith("seed_lengths")]
    expressions = {name: f"({base}) + (import '{LIBRARY}').{name}" for name in names}
    settings = together(tmp_path, {"base": base, **expressions}, ENCODER="some/folder")
    for name in names:
        assert differences(settings["base"], settings[name]) == CHANGES[name]


@pytest.mark.parametrize(
    "ablation", ["last_four_layers", "sentence_vector", "context_after_encoder"]
)
def test_what_needs_an_encoder(ablation: str, tmp_path: Path) -> None:
    expressions = {"it": FILES[f"genia_{ablation}"]}
    with pytest.raises(ConfigurationError, match=f"{ablation} needs a contextual encoder"):
        together(tmp_path, expressions, ENCODER="")


@pytest.mark.parametrize("name", NAMES)
def test_a_model_can_be_made(name: str, small: Dict[str, Any], fixtures: Path) -> None:
    settings = small[name]
    reader = DatasetReader.from_params(Params({**settings["dataset_reader"], "format": "auto"}))
    vocab = Vocabulary.from_instances(reader.read(str(fixtures / "formats" / "nested.jsonl")))
    embedder = settings["model"]["word_encoder"]["context_embedder"]["token_embedders"]["encoder"]
    embedder.update(window=32, overlap=8)
    if "last_layers" in embedder:
        embedder["last_layers"] = 2  # the tiny encoder has no more
    model = Model.from_params(Params(settings["model"]), vocab=vocab)
    assert isinstance(model, LocateAndLabel)
    assert (model._filter is None) == ("filter" in name)
    assert (model._regressor is None) == ("regressor" in name)
