"""The command, with real processes of Ray."""

import json
import os
import signal
import subprocess
import time
import uuid
from pathlib import Path
from typing import Any, List

import pytest

from locate_label_allennlp.data.document import CorpusError
from locate_label_allennlp.predictors.bulk_prediction import write_predictions
from locate_label_allennlp.predictors.inputs import input_files, read_inputs
from locate_label_allennlp.predictors.loading import load_predictor
from tests.allennlp_command import start_allennlp

pytest.importorskip("ray")

# Sentences that the trained model knows are rare; what counts is that each comes back once.
NUM_INPUTS = 300
FP32 = json.dumps({"model.precision": "fp32"})
MARK = "BULK_TEST"
# Ray's workers are polite, which on a busy machine is to wait for minutes.
NICENESS = "0"


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory, fixtures: Path) -> Path:
    lines = (fixtures / "quickstart" / "test.jsonl").read_text("utf-8").splitlines()
    path = tmp_path_factory.mktemp("bulk") / "in.jsonl"
    with open(path, "w", encoding="utf-8") as file:
        for number in range(NUM_INPUTS):
            words = json.loads(lines[number % len(lines)])["tokens"]
            file.write(json.dumps({"tokens": words, "id": number}) + "\n")
            if number == 100:
                file.write("{broken\n")
    return path


def bulk(archive: Path, *arguments: Any, cwd: Path, mark: str = "") -> "subprocess.Popen[str]":
    command = ("ner-bulk", archive, *arguments, "--workers", "2", "--part-size", "10", "-o", FP32)
    return start_allennlp(*command, cwd=cwd, RAY_worker_niceness=NICENESS, **{MARK: mark})


def outputs(path: Path) -> List[Any]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def workers(mark: str) -> List[int]:
    """The processes of Ray with a model that were begun with this mark."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            is_worker = b"MapWorker" in (process / "cmdline").read_bytes()
            if is_worker and f"{MARK}={mark}\0".encode() in (process / "environ").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_a_killed_worker_loses_nothing(trained_archive: Path, inputs: Path, tmp_path: Path) -> None:
    folder, mark = tmp_path / "out", uuid.uuid4().hex
    with bulk(trained_archive, inputs, "--output", folder, cwd=tmp_path, mark=mark) as process:
        deadline = time.monotonic() + 240
        while not list(folder.glob("part-*.jsonl")):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        victims = workers(mark)
        assert len(victims) == 2
        os.kill(victims[0], signal.SIGKILL)
        output, _ = process.communicate(timeout=240)
    assert process.returncode == 0, output
    assert f"{NUM_INPUTS} documents in 31 parts; 1 inputs rejected" in output
    found = [each for part in sorted(folder.glob("part-*")) for each in outputs(part)]
    assert [each["id"] for each in found] == list(range(NUM_INPUTS))
    (rejected,) = outputs(folder / "rejected.jsonl")
    assert (rejected["file"], rejected["line"]) == (str(inputs), 102)

    # What `allennlp predict --on-error skip` writes.
    predictor = load_predictor(trained_archive, overrides=FP32)
    expected: List[str] = []
    skipped: List[CorpusError] = []
    read = read_inputs(predictor, input_files(str(inputs)), on_error=skipped.append)
    write_predictions(predictor, read, expected.append, batch_size=32)
    assert [error.reason for error in skipped] == [rejected["reason"]]
    for one, line in zip(found, "".join(expected).splitlines(), strict=True):
        other = json.loads(line)
        for entity, same in zip(one["entities"], other["entities"], strict=True):
            assert entity.pop("score") == pytest.approx(same.pop("score"), abs=1e-5)
        assert one == other
