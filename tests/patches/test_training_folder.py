"""A training as a user runs it, in the real command."""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from allennlp.commands.subcommand import Subcommand

from locate_label_allennlp.training.training_folder import lock, unlock
from tests.training.kills import end_of, is_same

CONFIG = Path(__file__).parents[2] / "fixtures" / "configs" / "tiny.jsonnet"
ALLENNLP = str(Path(sys.executable).with_name("allennlp"))

Process = "subprocess.Popen[str]"


def start(folder: str, *options: str, cwd: Path, epochs: int = 20) -> Process:
    settings: dict[str, Any] = {
        "trainer.num_epochs": epochs,
        "train_data_path": "corpus.jsonl",
        "data_loader.shuffle": True,
        "data_loader.batch_size": 1,
    }
    return subprocess.Popen(
        [ALLENNLP, "train", str(CONFIG), "-s", folder, "-o", json.dumps(settings), *options],
        cwd=cwd,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def log_of(process: Process) -> str:
    return process.communicate(timeout=600)[1]


def wait_for(path: Path, process: Process) -> None:
    deadline = time.monotonic() + 300
    while not path.exists():
        assert process.poll() is None, log_of(process)
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_training_is_stopped_killed_and_recovered(
    fixtures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    corpus, content = tmp_path / "corpus.jsonl", fixtures / "formats" / "nested.jsonl"
    corpus.write_bytes(content.read_bytes())
    (tmp_path / "busy").mkdir()
    lock(tmp_path / "busy")
    whole, refused = (start(name, cwd=tmp_path) for name in ("whole", "busy"))
    log, other_log = log_of(whole), log_of(refused)
    unlock(tmp_path / "busy")
    assert whole.returncode == 0, log
    assert refused.returncode == 1
    assert other_log.splitlines()[-1] == (
        f"allennlp: error: process {os.getpid()} trains in busy; allowed is one at a time"
    )

    stopped = start("out", cwd=tmp_path)
    wait_for(tmp_path / "out" / "metrics_epoch_1.json", stopped)
    stopped.send_signal(signal.SIGTERM)
    log = log_of(stopped)
    assert stopped.returncode == 1
    assert log.splitlines()[-1] == (
        "allennlp: interrupted; the same command with --recover goes on from the last step, saved "
        "in out"
    )
    assert "Traceback" not in log

    killed = start("out", "--recover", cwd=tmp_path)
    wait_for(tmp_path / "out" / "metrics_epoch_5.json", killed)
    killed.kill()
    log_of(killed)
    assert not (tmp_path / "out" / "metrics.json").exists()

    with corpus.open("a") as file:
        file.write('{"tokens": ["Ann"], "entities": []}\n')
    changed = start("out", "--recover", cwd=tmp_path, epochs=21)
    assert log_of(changed).splitlines()[-1] == (
        "allennlp: error: out is of another training; changed are trainer.num_epochs (20, now 21); "
        "train_data_path (corpus.jsonl has other content) (--force-recover goes on with them)"
    )
    assert changed.returncode == 1

    corpus.write_bytes(content.read_bytes())
    recovered = start("out", "--recover", cwd=tmp_path)
    log = log_of(recovered)
    assert recovered.returncode == 0, log
    assert is_same(end_of(tmp_path / "out"), end_of(tmp_path / "whole"))


def test_the_options_of_the_command() -> None:
    parser = argparse.ArgumentParser()
    Subcommand.by_name("train")().add_subparser(parser.add_subparsers())
    for option, recover in {"--recover": True, "--force-recover": "forced"}.items():
        arguments = parser.parse_args(["train", "config", "-s", "out", option])
        assert (arguments.recover, arguments.force) == (recover, False)
    assert parser.parse_args(["train", "config", "-s", "out"]).recover is False
