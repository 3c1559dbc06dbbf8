import sys

import pytest

from locate_label_allennlp.common.progress import progress_bar, shows_progress


class Terminal:
    """Standard error, as far as a bar looks at it."""

    def __init__(self) -> None:
        self.written = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> None:
        self.written += text

    def flush(self) -> None:
        pass


def test_a_bar_is_shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert list(progress_bar(range(3), desc="counting")) == [0, 1, 2]
    assert "counting: 100%" in terminal.written
    terminal.written = ""
    assert list(progress_bar(range(3), silent=True)) == [0, 1, 2]
    assert terminal.written == ""


def test_nothing_is_written_elsewhere(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not shows_progress()
    assert list(progress_bar(range(3))) == [0, 1, 2]
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("allennlp.common.logging.FILE_FRIENDLY_LOGGING", True)
    assert list(progress_bar(range(3), desc="counting")) == [0, 1, 2]
    assert "counting: 100%" in capsys.readouterr().err
