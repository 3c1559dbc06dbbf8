import json
from pathlib import Path
from typing import Any, Dict

import pytest
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.report import writing
from locate_label_allennlp.report.writing import check_writable, write_report


@pytest.fixture(autouse=True)
def _quick_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "page", lambda report: f"<p>{report['version']}</p>")


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

    def fails(report: Dict[str, Any]) -> str:
        raise RuntimeError("no page")

    monkeypatch.setattr(writing, "page", fails)
    with pytest.raises(RuntimeError, match="no page"):
        write_report({"version": 2}, str(folder))
    assert [path.name for path in tmp_path.iterdir()] == (["report"] if exists else [])
    if exists:
        assert (folder / "report.html").read_bytes() == before


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
