"""Predictions that are whole, or go on where they were broken off."""

import errno
import gzip
import json
from pathlib import Path
from typing import Any, List

import pytest

from locate_label_allennlp.data.document import CorpusError, Document
from locate_label_allennlp.predictors import NestedNerPredictor
from locate_label_allennlp.predictors.predictions_file import predictions_file


class Words(NestedNerPredictor):
    """Finds nothing; what it is given and prints is the predictor's."""

    def __init__(self) -> None:
        pass


PREDICTOR = Words()
INPUTS = [({"text": f"text {number}", "id": number}, Document(())) for number in range(5)]


def line(item: Any) -> str:
    return PREDICTOR.dump_line({**item, "entities": [{"type": "A"}]})


def predict(path: Path, resume: bool = False, fail_at: int = 9) -> List[int]:
    """Which inputs were predicted."""
    seen = []
    with predictions_file(str(path), resume) as file:
        for number, (item, _) in enumerate(file.missing(iter(INPUTS), PREDICTOR)):
            if number == fail_at:
                raise KeyboardInterrupt
            file.write(line(item))
            seen.append(item["id"])
    return seen


def read(path: Path) -> List[int]:
    content = path.read_bytes()
    content = gzip.decompress(content) if path.suffix == ".gz" else content
    return [json.loads(each)["id"] for each in content.splitlines()]


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz"])
def test_it_is_whole_or_goes_on(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, partial = tmp_path / name, tmp_path / f"{name}.partial"
    path.write_text("before")
    with pytest.raises(KeyboardInterrupt):
        predict(path, fail_at=3)
    assert path.read_text() == "before"
    assert f"{partial} has 3 predictions ({partial.stat().st_size} bytes)" in caplog.text
    with open(partial, "a") as file:
        file.write(line(INPUTS[3][0])[:7])  # of a kill
    assert predict(path, resume=True) == [3, 4]
    assert read(path) == [0, 1, 2, 3, 4]
    assert [each.name for each in tmp_path.iterdir()] == [name]
    resumed = path.read_bytes()
    assert predict(path) == [0, 1, 2, 3, 4]
    assert path.read_bytes() == resumed


def test_without_resume_it_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "out.partial").write_text(line({"id": 7}))
    assert predict(tmp_path / "out", resume=False) == [0, 1, 2, 3, 4]
    assert read(tmp_path / "out") == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("text", [line({"text": "other", "id": 0}), line(INPUTS[0][0]) * 6])
def test_other_inputs_are_not_gone_on_with(text: str, tmp_path: Path) -> None:
    (tmp_path / "out.partial").write_text(text)
    with pytest.raises(CorpusError, match=r"out\.partial:.: is of other inputs"):
        predict(tmp_path / "out", resume=True)
    assert (tmp_path / "out.partial").read_text() == text


class Full:
    """A file on a disk with room for one line."""

    def __init__(self, file: Any) -> None:
        self._file, self._lines = file, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, content: bytes) -> None:
        self._lines += 1
        if self._lines > 1:
            self._file.write(content[:5])
            raise OSError(errno.ENOSPC, "No space left on device")
        self._file.write(content)


def test_a_full_disk_is_named_and_gone_on_from(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "out"

    def fill_the_disk() -> None:
        with predictions_file(str(path)) as file:
            file._partial = Full(file._partial)
            for item, _ in INPUTS:
                file.write(line(item))

    with pytest.raises(
        CorpusError,
        match=r"out\.partial: cannot be written \(No space left on device; [0-9,]+ bytes are free",
    ):
        fill_the_disk()
    assert "has 1 predictions" in caplog.text
    assert predict(path, resume=True) == [1, 2, 3, 4]
    assert read(path) == [0, 1, 2, 3, 4]
