"""The configs of proposer and regressor: the paper's settings, and its Tables 6 and 7."""

from pathlib import Path
from typing import Any

import pytest
from allennlp.common import Params
from allennlp.data import DatasetReader, Vocabulary
from allennlp.models import Model

from locate_label_allennlp.models import ProposerRegressor
from tests.configs import CONFIGS, config

BASE = "genia_proposer_regressor"
SWITCHES = {
    "backward_block": "proposer",
    "spatial_modulation": "regressor",
    "gated_update": "regressor",
    "category_embedding": "regressor",
    "location_iteration": "regressor",
    "logit_iteration": "regressor",
}
KERNELS = {
    "none": [],
    "2": [2],
    "2_2_2": [2, 2, 2],
    "2_2_2_2": [2, 2, 2, 2],
    "2_3": [2, 3],
    "2_3_2": [2, 3, 2],
}
SIZES = [
    *(f"layers_{number}" for number in range(1, 6)),
    *(f"heads_{number}" for number in (1, 2, 4, 8, 16)),
]


@pytest.mark.parametrize(
    ("dataset", "kernels"), [("genia", [2, 2]), ("conll03", [2, 2]), ("weibo", [2, 2, 2])]
)
def test_section_4_2(dataset: str, kernels: Any) -> None:
    settings = config(f"{dataset}_proposer_regressor")
    model, trainer = settings["model"], settings["trainer"]
    assert model["proposer"]["kernels"] == kernels
    assert (model["regressor"]["num_layers"], model["regressor"]["num_heads"]) == (3, 8)
    assert trainer["optimizer"]["type"].endswith("adamw")
    assert trainer["optimizer"]["lr"] == 2e-5
    assert trainer["grad_norm"] == 1.0
    assert trainer["learning_rate_scheduler"]["type"] == "warmup_cosine"
    characters = model["word_encoder"]["text_field_embedder"]["token_embedders"]["characters"]
    assert characters["encoder"]["type"] == "mean_pooled"
    assert characters["encoder"]["encoder"]["type"] == "gru"
    # What the dataset is does not depend on the system.
    plain = config(dataset)
    for name in ("train_data_path", "validation_data_path", "test_data_path", "dataset_reader"):
        assert settings[name] == plain[name]


@pytest.mark.parametrize("switch", SWITCHES)
def test_table_6(switch: str) -> None:
    base, ablated = config(BASE), config(f"ablations/{BASE}_without_{switch}")
    assert base["model"][SWITCHES[switch]].pop(switch) is True
    assert ablated["model"][SWITCHES[switch]].pop(switch) is False
    assert base == ablated


@pytest.mark.parametrize("name", KERNELS)
def test_table_7(name: str) -> None:
    base, other = config(BASE), config(f"ablations/{BASE}_kernels_{name}")
    assert base["model"]["proposer"].pop("kernels") == [2, 2]
    assert other["model"]["proposer"].pop("kernels") == KERNELS[name]
    assert base == other


@pytest.mark.parametrize("size", SIZES)
def test_figures_5_and_6(size: str) -> None:
    """The paper's kernels there, and layers or heads that differ from its own choice alone."""
    base, other = config(BASE), config(f"ablations/{BASE}_{size}")
    kind, number = size.split("_")
    assert base["model"]["proposer"].pop("kernels") == [2, 2]
    assert other["model"]["proposer"].pop("kernels") == [2, 3]
    assert other["model"]["regressor"].pop(f"num_{kind}") == int(number)
    assert base["model"]["regressor"].pop(f"num_{kind}") == {"layers": 3, "heads": 8}[kind]
    assert base == other


def test_there_is_no_other_ablation() -> None:
    names = {f"{BASE}_without_{switch}" for switch in SWITCHES}
    names |= {f"{BASE}_kernels_{name}" for name in KERNELS}
    names |= {f"{BASE}_{size}" for size in SIZES}
    assert {path.stem for path in (CONFIGS / "ablations").glob("*proposer*.jsonnet")} == names


@pytest.mark.parametrize(
    "name",
    [
        *(f"{dataset}_proposer_regressor" for dataset in ("genia", "conll03", "weibo")),
        f"ablations/{BASE}_kernels_none",
        f"ablations/{BASE}_kernels_2_3_2",
        f"ablations/{BASE}_layers_5",
        f"ablations/{BASE}_heads_16",
        *(f"ablations/{BASE}_without_{switch}" for switch in SWITCHES),
    ],
)
def test_a_model_can_be_made(name: str, fixtures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENCODER", "")
    monkeypatch.setenv("VECTORS", "")
    monkeypatch.setenv("HIDDEN", "16")
    settings = config(name)
    reader = DatasetReader.from_params(Params({**settings["dataset_reader"], "format": "auto"}))
    vocab = Vocabulary.from_instances(reader.read(str(fixtures / "formats" / "nested.jsonl")))
    assert isinstance(Model.from_params(Params(settings["model"]), vocab=vocab), ProposerRegressor)
