import os
import tarfile
import tempfile
from pathlib import Path

import pytest
from allennlp.common.checks import ConfigurationError
from allennlp.models import archival


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
