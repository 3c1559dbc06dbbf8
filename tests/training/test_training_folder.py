import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from allennlp.common import Lazy, Params
from allennlp.common.checks import ConfigurationError
from allennlp.data import Vocabulary

from locate_label_allennlp.training.training_folder import (
    FORCED,
    fixed_vocabulary,
    lock,
    open_training_folder,
    unlock,
)
from tests.training.kills import VARIANTS, forked, kill_at, outcome, train

SENTENCE = (
    '{"tokens": ["Ann", "left", "Oslo"], "entities": [{"start": 0, "end": 1, "type": "PER"}]}\n'
)


@pytest.fixture
def config(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "corpus.jsonl").write_text(SENTENCE)
    return {
        "train_data_path": str(tmp_path / "corpus.jsonl"),
        "validation_data_path": {"held_out": [str(tmp_path / "corpus.jsonl"), "of/another/kind"]},
        "model": {"type": "x", "dropout": 0.1},
        "trainer": {"num_epochs": 2, "cuda_device": 0},
    }


def opened(
    config: dict[str, Any], folder: Path, recover: Any = False, force: bool = False
) -> dict[str, Any]:
    try:
        open_training_folder(Params(json.loads(json.dumps(config))), folder, recover, force)
    finally:
        unlock(folder)
    fingerprint: dict[str, Any] = json.loads((folder / "fingerprint.json").read_text())
    return fingerprint


def test_a_training_that_is_the_same(config: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "a" / "out"
    fingerprint = opened(config, folder)
    assert fingerprint["config"] == config
    assert opened(config, folder, recover=True) == fingerprint
    # What it runs on and where the corpora lie is no part of it.
    (tmp_path / "corpus.jsonl").rename(tmp_path / "moved.jsonl")
    config["train_data_path"] = str(tmp_path / "moved.jsonl")
    config["validation_data_path"]["held_out"][0] = str(tmp_path / "moved.jsonl")
    config["trainer"]["cuda_device"] = -1
    config["evaluation"] = {"type": "y"}
    assert opened(config, folder, recover=True)["corpora"] == fingerprint["corpora"]


def test_what_has_changed_is_named(
    config: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "out"
    before = opened(config, folder)
    config["model"]["dropout"] = 0.2
    config["trainer"]["patience"] = 3
    del config["trainer"]["num_epochs"]
    (tmp_path / "corpus.jsonl").write_text(SENTENCE * 2)
    with pytest.raises(ConfigurationError) as caught:
        opened(config, folder, recover=True)
    changes = (
        f"{folder} is of another training; changed are model.dropout (0.1, now 0.2); "
        "trainer.num_epochs (2, now not given); trainer.patience (not given, now 3); "
        f"train_data_path ({tmp_path / 'corpus.jsonl'} has other content); "
        "validation_data_path ({"
    )
    assert str(caught.value).startswith(changes)
    assert str(caught.value).endswith("(--force-recover goes on with them)")
    assert json.loads((folder / "fingerprint.json").read_text()) == before

    opened(config, folder, recover=FORCED)
    (warning,) = caplog.records
    assert warning.getMessage().startswith(changes)
    assert warning.getMessage().endswith("; the training goes on with them")
    # It is this training from then on.
    opened(config, folder, recover=True)


def test_a_folder_of_an_older_version(config: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    opened(config, folder, recover=True)
    (folder / "fingerprint.json").unlink()
    config["model"]["dropout"] = 0.5
    with pytest.raises(ConfigurationError, match=r"changed are model.dropout \(0.1, now 0.5\)"):
        opened(config, folder, recover=True)


def test_folders_that_are_refused(config: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "out"
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="out is empty or not there"):
            opened(config, folder, recover=True)
        folder.mkdir(exist_ok=True)
    (folder / "notes").write_text("mine")
    with pytest.raises(
        ConfigurationError, match="out is not empty; allowed is a new or empty folder"
    ):
        opened(config, folder)
    with pytest.raises(ConfigurationError, match="out is not the folder of a training"):
        opened(config, folder, recover=True)
    with pytest.raises(ConfigurationError, match="allowed is one of them"):
        opened(config, folder, recover=True, force=True)
    assert (folder / "notes").read_text() == "mine"
    (folder / "link").symlink_to(tmp_path)
    opened(config, folder, force=True)
    assert sorted(os.listdir(folder)) == [".lock", "fingerprint.json"]
    assert (tmp_path / "corpus.jsonl").exists()


def test_a_kill_before_anything_is_written(config: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / ".lock").touch()
    (folder / ".fingerprint.json.1.partial").touch()
    assert opened(config, folder, recover=True)["config"] == config


HOLDING = """
import sys, time
from pathlib import Path
from locate_label_allennlp.training.training_folder import lock
lock(Path(sys.argv[1]))
print("locked", flush=True)
time.sleep(600)
"""


def test_one_process_at_a_time(config: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "out"
    opened(config, folder)
    (folder / "whole").touch()
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING, folder], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "locked\n"
    try:
        for options in ({"recover": True}, {"recover": FORCED}, {"force": True}):
            with pytest.raises(ConfigurationError) as caught:
                opened(config, folder, **options)
            assert str(caught.value) == (
                f"process {process.pid} trains in {folder}; allowed is one at a time"
            )
    finally:
        process.kill()
        process.wait()
    assert (folder / "whole").exists()
    opened(config, folder, recover=True)


def test_one_training_of_a_process_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    lock(tmp_path)
    try:
        with pytest.raises(ConfigurationError, match=f"process {os.getpid()} trains in"):
            lock(tmp_path / "link")
        # Which has not ended the lock.
        assert outcome(forked(lock, tmp_path)) == 1
    finally:
        unlock(tmp_path)
    lock(tmp_path)
    unlock(tmp_path)


def vocabulary_in(folder: Path, **options: Any) -> Vocabulary:
    """That of a model which is made of what `fixed_vocabulary` gives."""
    lazy = {
        "vocabulary": Lazy(lambda **_: Vocabulary.from_instances([], tokens_to_add=options)),
        "model": Lazy(lambda vocab: type("Model", (), {"vocab": vocab})),
    }
    fixed = fixed_vocabulary(**lazy, folder=folder, is_primary=True)  # type: ignore[arg-type]
    vocabulary: Vocabulary = fixed["model"].construct(vocab=fixed["vocabulary"].construct()).vocab
    return vocabulary


def test_the_vocabulary_is_that_of_the_start(config: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "out"
    opened(config, folder)
    vocabulary_in(folder, labels=["X"]).save_to_files(str(folder / "vocabulary"))
    # Nothing has been trained with it yet.
    begun = vocabulary_in(folder, labels=["EVENT", "DEVICE"])
    assert begun.get_token_index("EVENT", "labels") == 0
    begun.save_to_files(str(folder / "vocabulary"))
    (folder / "training_state_e1_b0.th").touch()
    other = vocabulary_in(folder, labels=["DEVICE", "EVENT"])
    assert other.get_token_index("EVENT", "labels") == 0
    # Where half of it is left, that of the corpora has to be the same.
    (folder / "vocabulary" / "labels.txt").write_text("EVENT\nDEV")
    assert (
        vocabulary_in(folder, labels=["EVENT", "DEVICE"]).get_token_index("DEVICE", "labels") == 1
    )
    with pytest.raises(ConfigurationError, match="vocabulary is not what the training began with"):
        vocabulary_in(folder, labels=["DEVICE", "EVENT"])


def test_a_changed_corpus_does_not_change_the_labels(tmp_path: Path) -> None:
    folder, corpus = tmp_path / "out", tmp_path / "corpus.jsonl"

    def write(*types: str) -> None:
        with corpus.open("w") as file:
            for name in types:
                entity = {"start": 0, "end": 1, "type": name}
                print(json.dumps({"tokens": ["Ann", "left"], "entities": [entity]}), file=file)

    settings = {**VARIANTS["shuffled"], "train_data_path": str(corpus)}
    settings.update({"validation_data_path": str(corpus), "trainer.num_epochs": 2})
    write("EVENT", "EVENT", "DEVICE")
    kill = partial(kill_at, 5, "a step")
    assert outcome(forked(train, folder, before=kill, **settings)) == -signal.SIGKILL
    labels = (folder / "vocabulary" / "entity_labels.txt").read_text()
    write("EVENT", "DEVICE", "DEVICE")
    assert outcome(forked(train, folder, recover=True, **settings)) == 1
    assert not (folder / "model.tar.gz").exists()
    assert outcome(forked(train, folder, recover=FORCED, **settings)) == 0
    assert (folder / "vocabulary" / "entity_labels.txt").read_text() == labels
    assert (folder / "model.tar.gz").exists()
