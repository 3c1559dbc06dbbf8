import json
from pathlib import Path
from typing import Dict

import pytest
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.predictors.stored_model import (
    files_of,
    store_model,
    stored_model,
    write_files,
)

CONFIG = json.dumps({"include_in_archive": ["encoder", "../outside", "gone"]}).encode()


def made(folder: Path, **files: bytes) -> Path:
    folder.mkdir(parents=True)
    write_files({name.replace("__", "/"): content for name, content in files.items()}, folder)
    return folder


@pytest.fixture
def training(tmp_path: Path) -> Path:
    folder = made(
        tmp_path / "training",
        best=b"",
        vocabulary__tokens=b"words",
        encoder__tiny__tokenizer=b"pieces",
        training_state=b"large",
    )
    (folder / "best").rename(folder / "best.th")
    (folder / "best.th").write_bytes(b"weights")
    (folder / "config.json").write_bytes(CONFIG)
    (tmp_path / "outside").write_bytes(b"secret")
    return folder


NEEDED: Dict[str, bytes] = {
    "model/config.json": CONFIG,
    "model/encoder/tiny/tokenizer": b"pieces",
    "model/vocabulary/tokens": b"words",
    "model/weights.th": b"weights",
}


def test_of_a_training_what_the_model_needs_is_stored(training: Path, tmp_path: Path) -> None:
    target = tmp_path / "new" / "target"
    store_model(str(training), target)
    assert files_of(target) == NEEDED
    assert stored_model(target) == str(target / "model")
    # What is stored can be stored again, in its own place and elsewhere.
    for other in (target, tmp_path / "other"):
        store_model(stored_model(target), other)
        assert files_of(other) == NEEDED


def test_a_folder_of_another_kind_is_stored_whole(tmp_path: Path) -> None:
    source = made(tmp_path / "source", config=b"{}", inner__weights=b"safe")
    store_model(str(source), tmp_path / "target")
    assert files_of(tmp_path / "target") == {"model/config": b"{}", "model/inner/weights": b"safe"}


def test_the_weights_that_are_read_are_stored(training: Path, tmp_path: Path) -> None:
    (training / "model.safetensors").write_bytes(b"safe")
    store_model(str(training), tmp_path / "target")
    assert files_of(tmp_path / "target")["model/model.safetensors"] == b"safe"


def test_one_model_replaces_the_other(training: Path, tmp_path: Path) -> None:
    archive, target = tmp_path / "a.tar.gz", tmp_path / "target"
    archive.write_bytes(b"archive")
    for _ in range(2):
        store_model(str(archive), target)
        assert files_of(target) == {"model.tar.gz": b"archive"}
        store_model(stored_model(target), target)
        assert files_of(target) == {"model.tar.gz": b"archive"}
        store_model(str(training), target)
        assert files_of(target) == NEEDED


def test_what_is_stored_stays_when_the_next_one_cannot_be(training: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    store_model(str(training), target)
    (training / "config.json").write_text("{")
    with pytest.raises(ValueError, match="Expecting"):
        store_model(str(training), target)
    assert files_of(target) == NEEDED


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    message = f"{tmp_path / 'no'} is not there any more, so that the model cannot be copied to"
    with pytest.raises(ConfigurationError, match=message):
        store_model(str(tmp_path / "no"), tmp_path / "target")
    assert not (tmp_path / "target").exists()
    with pytest.raises(ConfigurationError, match=r"holds no model; allowed is model\.tar\.gz, or"):
        stored_model(tmp_path)


@pytest.mark.parametrize("name", ["../outside", "inner/../../outside", "/outside"])
def test_names_do_not_lead_out(tmp_path: Path, name: str) -> None:
    folder = made(tmp_path / "folder")
    with pytest.raises(ConfigurationError, match=f"'{name}' leads out of the folder"):
        write_files({name: b""}, folder)
    assert not list(tmp_path.rglob("outside"))
