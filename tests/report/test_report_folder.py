import errno
import json
import re
from pathlib import Path
from typing import Any, Dict

import pytest
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.report import report_folder
from locate_label_allennlp.report.report_folder import check_writable, write_report


@pytest.fixture(autouse=True)
def _quick_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_folder, "page", lambda report: f"<p>{report['version']}</p>")


def test_both_files_and_nothing_else(report: Dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "report"
    write_report(report, str(folder))
    assert sorted(path.name for path in folder.iterdir()) == ["report.html", "report.json"]
    assert [path.name for path in folder.parent.iterdir()] == ["report"]
    numbers = json.loads((folder / "report.json").read_text("utf-8"))
    assert numbers == json.loads(json.dumps(report))
    assert (folder.stat().st_mode & 0o777) == (folder.parent.stat().st_mode & 0o777)


@pytest.mark.parametrize("exists", [False, True])
def test_what_fails_leaves_nothing_behind(
    exists: bool, report: Dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "report"
    if exists:
        write_report(report, str(folder))
        before = (folder / "report.html").read_bytes()

    def no_page(report: Dict[str, Any]) -> str:
        raise RuntimeError("no page")

    def no_space(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def no_rename(source: Path, target: Path) -> Path:
        if target == folder and source.name.startswith("."):
            raise OSError(errno.EBUSY, "Device or resource busy")
        return rename(source, target)

    rename = Path.rename
    refused = f"^{re.escape(str(folder))} cannot be written: "
    for owner, name, broken, error, message in (
        (report_folder, "page", no_page, RuntimeError, "no page"),
        (Path, "write_text", no_space, ConfigurationError, f"{refused}No space left on device; "),
        (Path, "rename", no_rename, ConfigurationError, f"{refused}Device or resource busy$"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, broken)
            with pytest.raises(error, match=message):
                write_report({"version": 2}, str(folder))
    assert [path.name for path in tmp_path.iterdir()] == (["report"] if exists else [])
    if exists:
        assert (folder / "report.html").read_bytes() == before


def test_a_full_disk_is_said_with_what_is_needed(
    report: Dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "report"
    write_report(report, str(folder))
    size = sum(path.stat().st_size for path in folder.iterdir())

    def no_space(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", no_space)
    with pytest.raises(ConfigurationError, match=f"/report cannot .*; {size:,} bytes are needed$"):
        write_report(report, str(folder))
    assert sum(path.stat().st_size for path in folder.iterdir()) == size


def test_an_older_report_is_replaced(report: Dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "report"
    write_report(report, str(folder))
    write_report({**report, "version": 99}, str(folder))
    assert json.loads((folder / "report.json").read_text("utf-8"))["version"] == 99
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_only_a_report_is_ever_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    check_writable(str(folder), force=False)
    folder.mkdir()
    check_writable(str(folder), force=False)
    (folder / "report.html").touch()
    with pytest.raises(ConfigurationError, match="holds a report; --force"):
        check_writable(str(folder), force=False)
    check_writable(str(folder), force=True)
    (folder / "thesis.tex").touch()
    with pytest.raises(ConfigurationError, match="not empty"):
        check_writable(str(folder), force=True)
    with pytest.raises(ConfigurationError, match="is a file"):
        check_writable(str(folder / "thesis.tex"), force=True)


def test_what_cannot_be_written_is_told_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    for folder in ("file/report", "a/" + "x" * 300, "x" * 300):
        with pytest.raises(ConfigurationError, match=f"{folder} cannot be written: .+$") as told:
            check_writable(str(tmp_path / folder), force=False)
        assert "\n" not in str(told.value)

    def refuse(*args: object, **kwargs: object) -> str:
        raise PermissionError(errno.EACCES, "Permission denied", "/somewhere/temporary")

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    with pytest.raises(ConfigurationError, match=r"/report cannot be written: Permission denied$"):
        check_writable(str(tmp_path / "report"), force=False)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc")
def test_where_no_folder_can_be_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^/proc/x/y cannot be written: "):
        check_writable("/proc/x/y", force=False)
    with pytest.raises(ConfigurationError, match="mount point"):
        check_writable("/proc", force=True)


def test_what_can_be_written_leaves_no_trace(tmp_path: Path) -> None:
    check_writable(str(tmp_path / "deep" / "er" / "report"), force=False)
    assert list(tmp_path.iterdir()) == []


def test_a_link_stays_one(report: Dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "far" / "report")
    for version in (1, 2):
        check_writable(str(tmp_path / "link"), force=True)
        write_report({**report, "version": version}, str(tmp_path / "link"))
    assert (tmp_path / "link").is_symlink()
    numbers = json.loads((tmp_path / "far" / "report" / "report.json").read_text("utf-8"))
    assert numbers["version"] == 2


def test_an_older_report_survives_what_cannot_be_undone(
    report: Dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "report"
    write_report(report, str(folder))
    rename = Path.rename

    def broken(source: Path, target: Path) -> Path:
        if target == folder:
            raise OSError(errno.EIO, "Input/output error")
        return rename(source, target)

    monkeypatch.setattr(Path, "rename", broken)
    with pytest.raises(ConfigurationError, match="Input/output error"):
        write_report({**report, "version": 2}, str(folder))
    (kept,) = tmp_path.glob(".report-*/report/report.json")
    assert json.loads(kept.read_text("utf-8"))["version"] == report["version"]
