"""What becomes of output that nobody takes."""

import os
import sys

import pytest

from locate_label_allennlp.common.standard_output import quiet_when_closed


class Full:
    """Standard output on a disk with room for one text."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def write(self, text: str) -> None:
        self.texts.append(text)

    def flush(self) -> None:
        if len(self.texts) > 1:
            raise OSError(28, os.strerror(28))


def test_a_full_disk_is_said_with_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Full())
    with quiet_when_closed() as write:
        write("one")
        with pytest.raises(OSError, match="No space") as told:
            write("three")
    assert told.value.filename == "standard output, after 3 characters"
