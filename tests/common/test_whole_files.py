import errno
import os
from pathlib import Path

import pytest

from locate_label_allennlp.common.whole_files import remove_partial_files, whole_file, whole_path


def test_a_file_takes_its_place_once_it_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_text("before")
    events = []
    fsync, replace = os.fsync, os.replace

    def synced(descriptor: int) -> None:
        name = os.readlink(f"/proc/self/fd/{descriptor}")
        # All of it has left the process by then.
        size = os.fstat(descriptor).st_size if name.endswith(".partial") else 0
        events.append(("synced", Path(name).name, size))
        fsync(descriptor)

    def replaced(partial: Path, target: Path) -> None:
        assert path.read_text() == "before"
        events.append(("replaced", Path(target).name, 0))
        replace(partial, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", replaced)
    with whole_file(path) as file:
        file.write(b"after")
    assert path.read_bytes() == b"after"
    assert events == [
        ("synced", f".a.{os.getpid()}.partial", 5),
        ("replaced", "a", 0),
        ("synced", tmp_path.name, 0),
    ]
    assert os.listdir(tmp_path) == ["a"]


def half(path: Path, error: BaseException) -> None:
    with whole_path(path) as partial:
        partial.write_text("half")
        raise error


def test_after_an_error_all_is_as_before(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("before")
    for error in (ValueError("x"), KeyboardInterrupt(), OSError(errno.EIO, "broken", "elsewhere")):
        with pytest.raises(type(error)) as caught:
            half(path, error)
        assert caught.value is error
        assert path.read_text() == "before"
        assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_named(number: int, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="full") as caught:
        half(tmp_path / "a", OSError(number, "full"))
    assert (caught.value.errno, caught.value.filename) == (number, str(tmp_path / "a"))
    assert not os.listdir(tmp_path)


def test_what_a_kill_leaves(tmp_path: Path) -> None:
    for name in (".a.th.partial", ".hidden", "b.partial", "c"):
        (tmp_path / name).touch()
    remove_partial_files(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".hidden", "b.partial", "c"]
