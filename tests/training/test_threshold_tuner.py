"""Trainings that choose their thresholds when they end."""

import json
import logging
from pathlib import Path
from typing import Any, Dict

import pytest
from allennlp.commands.train import train_model
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.models import load_archive

from locate_label_allennlp.models import NestedNerModel
from locate_label_allennlp.report.batches import corpus_batches
from locate_label_allennlp.tuning.thresholds import Objective
from locate_label_allennlp.tuning.tuning import Sentences, tune

CALLBACK = {"type": "tune_thresholds", "objective": "micro"}


def trained(folder: Path, fixtures: Path, config: str = "tiny.jsonnet", **changes: Any) -> Path:
    overrides = {"trainer.callbacks": [CALLBACK], **changes}
    path = str(fixtures / "configs" / config)
    train_model(Params.from_file(path, json.dumps(overrides)), str(folder))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, fixtures: Path) -> Path:
    changes: Dict[str, Any] = {"trainer.num_epochs": 30, "model.seed_lengths": [1, 2, 3]}
    changes["test_data_path"] = str(fixtures / "formats" / "nested.jsonl")
    return trained(
        tmp_path_factory.mktemp("tuned") / "out", fixtures, **changes, evaluate_on_test=True
    )


def read(path: Path) -> Dict[str, Any]:
    content: Dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content


def test_the_archive_has_what_the_command_would_choose(folder: Path, fixtures: Path) -> None:
    told = read(folder / "tuning.json")
    untuned = {"calibration": None, "decoder": {"type": "soft_nms"}}
    overrides = json.dumps({f"model.{name}": value for name, value in untuned.items()})
    archive = load_archive(folder / "model.tar.gz", overrides=overrides)
    batches = corpus_batches(archive, str(fixtures / "formats" / "nested.jsonl"), 3, -1)
    model = archive.model
    assert isinstance(model, NestedNerModel)
    again = tune(Sentences(model, batches), model, Objective())
    assert again.calibration is not None
    assert told["calibration"] == pytest.approx(vars(again.calibration), abs=1e-2)
    assert told["score_threshold"] == pytest.approx(again.score_threshold, abs=1e-3)
    for path in (folder / "model.tar.gz", folder):
        model = load_archive(path).model
        assert isinstance(model, NestedNerModel)
        assert model.calibration is not None
        assert vars(model.calibration) == told["calibration"]
        assert model.decoder.score_threshold == told["score_threshold"]
        assert model.decoder.type_thresholds == told["type_thresholds"]


def test_the_test_set_is_scored_with_what_was_chosen(folder: Path) -> None:
    # The test set is the development set here.
    told, metrics = read(folder / "tuning.json"), read(folder / "metrics.json")
    assert metrics["test_micro_f1"] == pytest.approx(told["after"]["f1"])
    assert metrics["best_validation_micro_f1"] == pytest.approx(told["before"]["f1"])
    assert told["after"]["f1"] > told["before"]["f1"]
    assert (folder / "tuning.png").read_bytes().startswith(b"\x89PNG")


def test_before_and_after_are_logged(folder: Path) -> None:
    log = (folder / "out.log").read_text("utf-8")
    told = read(folder / "tuning.json")
    assert f"before   {100 * told['before']['precision']:9.1f}" in log
    assert f"after    {100 * told['after']['precision']:9.1f}" in log
    few = "fewer than 50 entities are ORG, PLACE, ROLE"
    (line,) = [
        line for line in log.splitlines() if "calibration with slope" in line and few[:5] in line
    ]
    assert f"threshold {told['score_threshold']:.3f} for all types" in line
    assert set(line.split("fewer than 50 entities are ")[1].rstrip(")").split(", ")) == {
        *("ORG", "PLACE", "ROLE")
    }


def test_without_entities_nothing_is_chosen(
    fixtures: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text('{"tokens": ["a", "b"], "entities": []}\n', "utf-8")
    with caplog.at_level(logging.WARNING):
        folder = trained(tmp_path / "out", fixtures, validation_data_path=str(empty))
    assert "the development set has no gold entities" in (folder / "out.log").read_text("utf-8")
    assert not (folder / "tuning.json").exists()
    assert "calibration" not in load_archive(folder / "model.tar.gz").config["model"]


@pytest.mark.parametrize(
    ("config", "changes", "message"),
    [
        ("tiny_mention_typer.jsonnet", {}, "a MentionTyper has no thresholds"),
        ("tiny.jsonnet", {"validation_data_path": None}, "needs validation_data_path"),
        (
            "tiny.jsonnet",
            {"trainer.callbacks": [{**CALLBACK, "objective": "f2"}]},
            r"is 'f2'; allowed are \('micro', 'macro'\)",
        ),
    ],
)
def test_what_is_not_allowed(
    config: str, changes: Dict[str, Any], message: str, fixtures: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        trained(tmp_path / "out", fixtures, config, **changes)
    assert not (tmp_path / "out" / "model.tar.gz").exists()
