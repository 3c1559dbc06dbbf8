import os
import tarfile
import tempfile
from pathlib import Path

import pytest
import torch
from allennlp.common.checks import ConfigurationError
from allennlp.models import archival

from locate_label_allennlp.patches.archives import check_device


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("cleanup", [False, True])
def test_what_was_unpacked_is_there_and_goes_or_stays(
    cleanup: bool, temporary: Path, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text("{}")
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "config.json", "config.json")
    with archival.extracted_archive(str(tmp_path / "a.tar.gz"), cleanup=cleanup) as folder:
        assert os.listdir(folder) == ["config.json"]
    assert os.path.isdir(folder) == (not cleanup)
    with (
        pytest.raises(KeyboardInterrupt),
        archival.extracted_archive(str(tmp_path / "a.tar.gz"), cleanup=False) as stopped,
    ):
        raise KeyboardInterrupt
    assert not os.path.exists(stopped)


def test_of_half_an_archive_nothing_is_left(temporary: Path, tmp_path: Path) -> None:
    (tmp_path / "a.tar.gz").write_bytes(b"\x1f\x8b\x08")
    with pytest.raises(ConfigurationError, match=r"a\.tar\.gz cannot be loaded: .*; allowed is a"):
        archival.load_archive(tmp_path / "a.tar.gz")
    assert not os.listdir(temporary)


@pytest.mark.parametrize(
    ("gpus", "device", "message"),
    [
        (0, 0, "cuda_device is 0; allowed is -1, the CPU; there is no GPU"),
        (2, 2, "cuda_device is 2; allowed is -1, the CPU or a GPU from 0 to 1"),
        (2, -2, "cuda_device is -2; allowed is -1"),
    ],
)
def test_a_gpu_that_is_not_there(
    gpus: int, device: int, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    with pytest.raises(ConfigurationError, match=message):
        check_device(device)
    for allowed in range(-1, gpus):
        check_device(allowed)
