import os
from pathlib import Path
from typing import Set

import pytest
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.common.whole_folders import check_writable, whole_folder


def test_a_folder_takes_its_place_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "folder"
    with whole_folder(str(target)) as partial:
        (partial / "part").mkdir()
        descriptor = os.open(partial / "part" / "private", os.O_CREAT, 0o600)
        os.close(descriptor)
        assert not target.exists()
    (tmp_path / "other").touch()
    assert (target / "part" / "private").stat().st_mode == (tmp_path / "other").stat().st_mode
    assert target.stat().st_mode == target.parent.stat().st_mode
    with pytest.raises(KeyboardInterrupt), whole_folder(str(target)) as partial:
        raise KeyboardInterrupt
    assert [path.name for path in target.parent.iterdir()] == ["folder"]
    assert (target / "part" / "private").exists()
    with whole_folder(str(target)) as partial:
        (partial / "new").touch()
    assert [path.name for path in target.iterdir()] == ["new"]
    assert [path.name for path in target.parent.iterdir()] == ["folder"]


def test_what_is_replaced(tmp_path: Path) -> None:
    def known(names: Set[str]) -> bool:
        return names <= {"mine"}

    check_writable(str(tmp_path), known, "a thing")
    (tmp_path / "mine").touch()
    with pytest.raises(ConfigurationError, match="holds a thing; --force replaces it"):
        check_writable(str(tmp_path), known, "a thing")
    check_writable(str(tmp_path), known, "a thing", force=True)
    (tmp_path / "other").touch()
    with pytest.raises(ConfigurationError, match="is not empty; DIR takes a new or empty folder"):
        check_writable(str(tmp_path), known, "a thing", force=True, option="DIR")
