import json
import sys
from pathlib import Path
from typing import Any, Callable, Tuple

import pytest
from allennlp.commands import main
from allennlp.commands.train import train_model
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.models import load_archive

from locate_label_allennlp.data.document import CorpusError

NerReport = Callable[..., str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> NerReport:
    """Runs the command; returns what it prints."""

    def run(*arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", ["allennlp", *map(str, arguments)])
        main(prog="allennlp")
        return capsys.readouterr().out

    return run


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, fixtures: Path) -> Tuple[Path, Path]:
    """An archive, and the corpus that it was trained on."""
    folder = tmp_path_factory.mktemp("trained") / "out"
    overrides = {
        "trainer.num_epochs": 15,
        "model.metric": {"verbose": True},
        "model.seed_lengths": [1, 2, 3],
    }
    config = str(fixtures / "configs" / "tiny.jsonnet")
    train_model(Params.from_file(config, json.dumps(overrides)), str(folder))
    return folder / "model.tar.gz", fixtures / "formats" / "nested.jsonl"


def read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


@pytest.mark.parametrize("arguments", [(), ("--batch-size", 2)])
def test_the_figures_are_those_of_allennlp_evaluate(
    arguments: Tuple[object, ...], trained: Tuple[Path, Path], run: NerReport, tmp_path: Path
) -> None:
    printed = run("ner-report", *trained, "--output", tmp_path / "report", *arguments)
    run("evaluate", *trained, "--output-file", tmp_path / "metrics.json")
    report, metrics = read(tmp_path / "report" / "report.json"), read(tmp_path / "metrics.json")
    micro = report["scores"]["micro"]
    for name in ("precision", "recall", "f1"):
        assert micro[name] == metrics[f"micro_{name}"]
    for group in ("boundaries", "nested_entities", "length/5-9", "type/PLACE"):
        for name in ("f1", "gold", "predicted", "correct"):
            assert report["scores"][group][name] == metrics[f"{group}/{name}"]
    assert f"F1 {100 * micro['f1']:.1f}, 13 gold" in printed
    epochs = [read(trained[0].parent / f"metrics_epoch_{epoch}.json") for epoch in range(15)]
    assert [each["training_loss"] for each in report["training"]] == [
        each["training_loss"] for each in epochs
    ]
    page = (tmp_path / "report" / "report.html").read_text("utf-8")
    assert 'id="training"' in page
    assert page.startswith("<!DOCTYPE html>")


def test_given_mentions_have_a_report(run: NerReport, fixtures: Path, tmp_path: Path) -> None:
    config, corpus = fixtures / "configs" / "tiny_mention_typer.jsonnet", "nested.jsonl"
    train_model(Params.from_file(str(config)), str(tmp_path / "out"))
    data = fixtures / "formats" / corpus
    printed = run("ner-report", tmp_path / "out", data, "--output", tmp_path / "report")
    run("evaluate", tmp_path / "out" / "model.tar.gz", data, "--output-file", tmp_path / "metrics")
    accuracy = read(tmp_path / "metrics")["oracle_span_accuracy"]
    assert read(tmp_path / "report" / "report.json")["given"]["accuracy"] == accuracy
    assert f"{100 * accuracy:.1f} % of 13 given mentions have the right type" in printed
    assert len(read(tmp_path / "report" / "report.json")["training"]) == 2


def test_a_threshold_of_the_curve_is_that_of_an_override(
    trained: Tuple[Path, Path], run: NerReport, tmp_path: Path
) -> None:
    run("ner-report", *trained, "--output", tmp_path / "one", "--max-examples", 0)
    overrides = '{"model.decoder.score_threshold": 0.8}'
    run("ner-report", *trained, "--output", tmp_path / "two", "-o", overrides)
    one, two = read(tmp_path / "one" / "report.json"), read(tmp_path / "two" / "report.json")
    assert two["model"]["score_threshold"] == 0.8
    (point,) = [p for p in one["curves"]["points"]["micro"] if p["threshold"] == 0.8]
    assert {name: point[name] for name in two["scores"]["micro"]} == two["scores"]["micro"]
    assert not any(one["missed"]["examples"].values())
    assert any(two["missed"]["examples"].values())


def test_a_report_is_replaced_only_by_force(
    trained: Tuple[Path, Path], run: NerReport, tmp_path: Path
) -> None:
    arguments = ("ner-report", *trained, "--output", tmp_path / "report")
    run(*arguments)
    with pytest.raises(ConfigurationError, match="--force"):
        run(*arguments)
    run(*arguments, "--force")


def test_a_folder_that_cannot_be_made_is_told_before_the_run(
    trained: Tuple[Path, Path],
    run: NerReport,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def load_archive(*args: object, **kwargs: object) -> None:
        raise AssertionError("the model is loaded")

    monkeypatch.setattr("allennlp.models.archival.load_archive", load_archive)
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=r"report cannot be written: Not a directory$"):
        run("ner-report", *trained, "--output", tmp_path / "file" / "report")


def test_data_that_cannot_be_reported_on(
    trained: Tuple[Path, Path], run: NerReport, tmp_path: Path
) -> None:
    cases = {
        "": "holds no sentences",
        '{"tokens": ["a", "b"]}\n': "has no gold entities",
        '{"tokens": ["a"], "entities": [{"start": 0, "end": 1, "type": "X"}]}\n': "entity type 'X'",
    }
    for number, (content, message) in enumerate(cases.items()):
        path = tmp_path / f"{number}.jsonl"
        path.write_text(content, "utf-8")
        with pytest.raises((CorpusError, ConfigurationError), match=message):
            run("ner-report", trained[0], path, "--output", tmp_path / "report")
    assert not (tmp_path / "report").exists()


def test_models_that_cannot_be_reported_on(
    trained: Tuple[Path, Path],
    run: NerReport,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    output = ("--output", tmp_path / "report")
    with pytest.raises(ConfigurationError, match=r"none\.tar\.gz"):
        run("ner-report", tmp_path / "none.tar.gz", trained[1], *output)

    archive = load_archive(trained[0])
    archive.config["model"] = {"type": "simple_tagger"}
    archive.model.__class__ = archive.model.__class__.__mro__[2]
    monkeypatch.setattr("allennlp.models.archival.load_archive", lambda *args, **kwargs: archive)
    with pytest.raises(ConfigurationError, match="'simple_tagger'; a report needs one that finds"):
        run("ner-report", *trained, *output)
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize("arguments", [("--batch-size", 0), ("--max-examples", -1)])
def test_numbers_that_make_no_sense(
    arguments: Tuple[object, ...], run: NerReport, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run("ner-report", "model.tar.gz", "corpus.jsonl", "--output", "report", *arguments)
    assert f"{arguments[1]} is less than" in capsys.readouterr().err


def test_the_help_tells_each_default_once(
    run: NerReport, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run("ner-report", "--help")
    told = " ".join(capsys.readouterr().out.split())
    assert told.count("default = 5") == 1
    assert "default: 5" not in told
    assert "-1 for the CPU (default = -1)" in told
