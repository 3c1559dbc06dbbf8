"""The real `allennlp` command in processes of its own: what README.md promises."""

import json
import signal
import time
from pathlib import Path
from typing import Any, Dict, List

import pytest

from tests.allennlp_command import run_allennlp as run
from tests.allennlp_command import start_allennlp

ROOT = Path(__file__).parent.parent
CONFIG = ROOT / "fixtures" / "configs" / "tiny.jsonnet"
CORPUS = ROOT / "fixtures" / "formats" / "nested.jsonl"


def read(path: Path) -> Dict[str, Any]:
    return json.loads(path.read_text("utf-8"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, tiny_bert: str) -> Path:
    """A folder that a training with an encoder has filled."""
    folder = tmp_path_factory.mktemp("trained")
    overrides = {"test_data_path": str(CORPUS), "evaluate_on_test": True}
    run("train", CONFIG, "-s", "out", "-o", json.dumps(overrides), cwd=folder, ENCODER=tiny_bert)
    return folder / "out"


def test_evaluation_of_the_archive_equals_training_s_own(trained: Path, tmp_path: Path) -> None:
    archive = trained / "model.tar.gz"
    run("evaluate", archive, CORPUS, "--output-file", "metrics.json", cwd=tmp_path)
    evaluated, metrics = read(tmp_path / "metrics.json"), read(trained / "metrics.json")
    for name in ("micro_precision", "micro_recall", "micro_f1", "seed_recall", "filter_recall"):
        assert evaluated[name] == metrics[f"test_{name}"]


def test_predictions_from_any_folder(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('A plain line.\n{"tokens": ["One", "more"]}\n', "utf-8")
    archive = trained / "model.tar.gz"
    run("predict", archive, "in.jsonl", "--output-file", "out.jsonl", "--silent", cwd=tmp_path)
    lines = (tmp_path / "out.jsonl").read_text("utf-8").splitlines()
    plain, words = map(json.loads, lines)
    assert plain["sentences"] == [["A", "plain", "line", "."]]
    assert words["tokens"] == ["One", "more"]
    drawn = run("draw-entities", archive, "in.jsonl", cwd=tmp_path)
    assert "A plain line .\n" in drawn
    assert "One more\n" in drawn


def test_recovery_after_a_kill(tmp_path: Path) -> None:
    arguments = ["train", CONFIG, "-s", "out", "-o", '{"trainer.num_epochs": 40}']
    process = start_allennlp(*arguments, cwd=tmp_path)
    deadline = time.monotonic() + 200
    while not list((tmp_path / "out").glob("metrics_epoch_2.json")):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline, "training does not get to epoch 2"
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (tmp_path / "out" / "model.tar.gz").exists(), "it was too fast to be killed"
    before = read(tmp_path / "out" / "metrics_epoch_1.json")
    run(*arguments, "--recover", cwd=tmp_path)
    assert read(tmp_path / "out" / "metrics_epoch_39.json")["epoch"] == 39
    assert read(tmp_path / "out" / "metrics_epoch_1.json") == before, "epoch 1 was done again"
    assert (tmp_path / "out" / "model.tar.gz").exists()


def test_two_processes(tmp_path: Path) -> None:
    overrides = {
        "distributed": {"cuda_devices": [-1, -1]},
        "data_loader.batch_size": 1,
        "trainer.num_epochs": 40,
    }
    run("train", CONFIG, "-s", "out", "-o", json.dumps(overrides), cwd=tmp_path)
    metrics = read(tmp_path / "out" / "metrics.json")
    assert metrics["epoch"] == 39
    assert metrics["best_validation_micro_f1"] > 0
    archive = tmp_path / "out" / "model.tar.gz"
    run("evaluate", archive, CORPUS, "--output-file", "metrics.json", cwd=tmp_path)
    # Each process counted its half of the corpus; together they counted all of it.
    assert read(tmp_path / "metrics.json")["micro_f1"] == metrics["best_validation_micro_f1"]


def _errors() -> List[Any]:
    return [
        ({"model.sead_lengths": [1]}, ["'sead_lengths'", "allowed are", "'seed_lengths'"]),
        ({"train_data_path": "nowhere.jsonl"}, ["nowhere.jsonl: no such file"]),
        ({"model.positive_iou": 7}, ["positive_iou is 7; allowed is more than 0, up to 1"]),
    ]


@pytest.mark.parametrize(("overrides", "messages"), _errors())
def test_errors(overrides: Dict[str, Any], messages: List[str], tmp_path: Path) -> None:
    output = run(
        "train", CONFIG, "-s", "out", "-o", json.dumps(overrides), cwd=tmp_path, fails=True
    )
    (line,) = [line for line in output.splitlines() if line.startswith("allennlp: error: ")]
    for message in messages:
        assert message in line
    assert "Traceback" not in output
