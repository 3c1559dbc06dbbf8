"""The `allennlp` command in the test process, which spares its start."""

import sys
from typing import Callable, Tuple

import pytest
from allennlp.commands import main


@pytest.fixture
def allennlp(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Tuple[int, str, str]]:
    """Runs it with these arguments; returns the exit status, stdout and stderr."""

    def allennlp(*arguments: object) -> Tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["allennlp", *map(str, arguments)])
        status = 0
        try:
            main(prog="allennlp")
        except SystemExit as exit:
            status = exit.code if isinstance(exit.code, int) else int(exit.code is not None)
        out, err = capsys.readouterr()
        return status, out, err

    return allennlp
