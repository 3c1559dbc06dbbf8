"""A model that goes on with more types, by `training_config/fine_tune.jsonnet`."""

import json
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest
from allennlp.commands.train import train_model
from allennlp.common import Params
from allennlp.models import load_archive

from tests.configs import CONFIGS, VARIABLES

FIRST, NEW = ["PORT", "TOWN"], "PERSON"
SENTENCES: List[Tuple[str, Dict[Tuple[int, int], str]]] = [
    ("the port of Tarn slept", {(0, 4): "PORT", (3, 4): "TOWN"}),
    ("Vetrov left Relmere .", {(2, 3): "TOWN", (0, 1): NEW}),
    ("nobody saw the port of Nolvoy", {(2, 6): "PORT", (5, 6): "TOWN"}),
    ("Ansa slept .", {(0, 1): NEW}),
]
SMALL = {"ENCODER": "", "HIDDEN": "32", "WORD_DIM": "16", "BATCH_SIZE": "2", "PATIENCE": ""}
FAST = {
    "model.word_encoder.dropout": 0.0,
    "model.filter.dropout": 0.0,
    "model.regressor.dropout": 0.0,
    "model.classifier.dropout": 0.0,
}


def write(path: Path, types: List[str]) -> str:
    lines = []
    for text, entities in SENTENCES:
        given = [
            {"start": start, "end": end, "type": kind}
            for (start, end), kind in entities.items()
            if kind in types
        ]
        lines.append(json.dumps({"tokens": text.split(), "entities": given}) + "\n")
    path.write_text("".join(lines), "utf-8")
    return str(path)


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    def train(
        config: str, folder: str, types: List[str], rate: float = 0.01, **environment: str
    ) -> Dict[str, Any]:
        corpus = write(tmp_path / f"{folder}.jsonl", types)
        for name in VARIABLES:
            monkeypatch.delenv(name, raising=False)
        for name, value in {"TRAIN": corpus, "DEV": corpus, **SMALL, **environment}.items():
            monkeypatch.setenv(name, value)
        overrides = {**FAST, "trainer.optimizer.lr": rate}
        params = Params.from_file(str(CONFIGS / f"{config}.jsonnet"), json.dumps(overrides))
        train_model(params, str(tmp_path / folder))
        return json.loads((tmp_path / folder / "metrics.json").read_text("utf-8"))

    return train


def test_a_model_learns_a_type_and_keeps_the_others(train: Any, tmp_path: Path) -> None:
    first = train("custom", "first", FIRST, EPOCHS="32")
    assert first["best_validation_micro_f1"] == 1.0
    archive = str(tmp_path / "first" / "model.tar.gz")
    # It begins where the first one ended.
    same = train("fine_tune", "same", FIRST, rate=1e-6, FROM=archive, EPOCHS="1")
    assert same["best_validation_micro_f1"] == 1.0
    more = train("fine_tune", "more", [*FIRST, NEW], FROM=archive, EPOCHS="20")
    assert more["best_validation_micro_f1"] == 1.0
    *known, new = load_archive(tmp_path / "more" / "model.tar.gz").model.labels.values()
    assert (sorted(known), new) == (FIRST, NEW)
