import builtins
import errno
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import torch
from allennlp.common.util import dump_metrics
from allennlp.models import archival
from allennlp.training import checkpointer, gradient_descent_trainer

from locate_label_allennlp.patches.training import bytes_of, bytes_of_file
from locate_label_allennlp.training.whole_checkpointer import is_whole
from tests.training.kills import VARIANTS, end_of, forked, is_same, outcome, train

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "fixtures" / "configs" / "tiny.jsonnet"
ALLENNLP = str(Path(sys.executable).with_name("allennlp"))
FULL_DISK = """
import shutil
shutil.disk_usage = lambda path: shutil._ntuple_diskusage(10**6, 10**6, 1000)
"""


def start(*arguments: Any, cwd: Path, path: str = "", **overrides: Any) -> "subprocess.Popen[str]":
    settings = {key.replace("__", "."): value for key, value in overrides.items()}
    paths = [path, os.environ.get("PYTHONPATH", "")]
    return subprocess.Popen(
        [ALLENNLP, *map(str, arguments), "-o", json.dumps(settings)],
        cwd=cwd,
        env=os.environ
        | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def last_line(process: "subprocess.Popen[str]") -> str:
    """The last line of what a failing command says, which shows no traceback."""
    _, log = process.communicate(timeout=300)
    assert process.returncode not in (0, None), log
    assert "Traceback" not in log
    return log.splitlines()[-1]


def test_find_lr_with_our_trainer_beyond_what_a_model_survives(tmp_path: Path) -> None:
    arguments = ["find-lr", CONFIG, "-s", "out", "--num-batches", "15", "--end-lr", "1e30"]
    process = start(*arguments, cwd=tmp_path, trainer__type="mixed_precision", test_data_path=None)
    _, log = process.communicate(timeout=300)
    assert process.returncode == 0, log
    assert (tmp_path / "out" / "lr-losses.png").stat().st_size > 1000


def test_find_lr_with_another_trainer(tmp_path: Path) -> None:
    process = start("find-lr", CONFIG, "-s", "out", cwd=tmp_path, trainer={"type": "no_op"})
    assert "trainer.type is 'no_op'; find-lr is for 'gradient_descent'" in last_line(process)


def test_ctrl_c(tmp_path: Path) -> None:
    process = start("train", CONFIG, "-s", "out", cwd=tmp_path, trainer__num_epochs=2000)
    deadline = time.monotonic() + 200
    while not (tmp_path / "out" / "metrics_epoch_1.json").exists():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    assert last_line(process) == (
        "allennlp: interrupted; the same command with --recover goes on from the last step, saved "
        "in out"
    )
    assert (tmp_path / "out" / "model.tar.gz").exists()
    # And what is there already.
    again = start("train", CONFIG, "-s", "out", cwd=tmp_path)
    line = last_line(again)
    assert line.startswith("allennlp: error: out is not empty; allowed is")


def test_recover_where_nothing_is(tmp_path: Path) -> None:
    line = last_line(start("train", CONFIG, "-s", "nowhere", "--recover", cwd=tmp_path))
    assert line.startswith("allennlp: error: ")
    assert "nowhere" in line


def test_an_absurd_learning_rate(tmp_path: Path) -> None:
    process = start("train", CONFIG, "-s", "out", cwd=tmp_path, trainer__optimizer__lr=1e30)
    line = last_line(process)
    assert line.startswith("allennlp: error: the loss is ")
    assert "a lower learning rate" in line


def test_a_full_disk(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(FULL_DISK)
    process = start("train", CONFIG, "-s", "out", cwd=tmp_path, path=str(tmp_path))
    line = last_line(process)
    assert line.startswith("allennlp: error: out/model_state_e1_b0.th: the disk is full: ")
    assert line.endswith(" needed, 1.0 kB free")
    assert not list(tmp_path.glob("out/*.th"))


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets how many bytes are free."""

    def room(free: int) -> None:
        usage = (10**6, 10**6 - free, free)
        monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(*usage))  # type: ignore[attr-defined]

    return room


STATE = {"model": {"weight": torch.zeros(100)}, "steps": [torch.zeros(50).double(), 3, "text"]}


def test_the_bytes_of_a_state() -> None:
    assert bytes_of(STATE) == 800
    file = BytesIO()
    torch.save(STATE, file)
    assert bytes_of_file(STATE) == file.tell() > 800


@pytest.mark.parametrize("module", [checkpointer, gradient_descent_trainer])
def test_weights_are_written_where_they_have_room(
    module: Any, tmp_path: Path, room: Callable[[int], None]
) -> None:
    room(799)
    with pytest.raises(OSError, match="800 bytes needed, 799 bytes free") as caught:
        module.torch.save(STATE, tmp_path / "a.th")
    assert caught.value.errno == errno.ENOSPC
    assert not list(tmp_path.iterdir())
    room(800)
    module.torch.save(STATE, tmp_path / "a.th")
    assert torch.load(tmp_path / "a.th")["steps"][1:] == [3, "text"]
    assert module.torch.device is torch.device


def test_half_a_file_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(state: Any, file: Any) -> None:
        file.write(b"half")
        raise RuntimeError("file write failed")

    (tmp_path / "a.th").write_text("before")
    monkeypatch.setattr(torch, "save", fail)
    with pytest.raises(RuntimeError, match="file write failed"):
        checkpointer.torch.save(STATE, tmp_path / "a.th")  # type: ignore[attr-defined]
    assert [path.read_text() for path in tmp_path.iterdir()] == ["before"]


def test_half_an_archive_takes_no_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: Callable[[int], None]
) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "best.th").write_text("weights")
    target = tmp_path / "model.tar.gz"
    target.write_text("before")

    def add(*arguments: Any, **options: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tarfile.TarFile.add", add)
    room(5)
    with pytest.raises(OSError, match=r"the disk is full: 7 bytes needed, 5 bytes free") as caught:
        archival.archive_model(str(tmp_path))
    assert caught.value.filename == str(target)
    assert target.read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 3


def test_the_log_names_the_archive_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "best.th").write_text("weights")
    (tmp_path / "meta.json").write_text("{}")
    (tmp_path / "vocabulary").mkdir()
    with caplog.at_level(logging.INFO):
        written = archival.archive_model(str(tmp_path))
    assert caplog.messages == [f"wrote {written}"]
    assert written == str(tmp_path / "model.tar.gz")


class LimitedDisk:
    """Has room for so many bytes that are written into a folder, and no more."""

    def __init__(self, folder: Path, room: int) -> None:
        self.folder, self.room = folder, room
        self.open = builtins.open
        builtins.open = self.opened  # type: ignore[assignment]

    def opened(self, path: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        file = self.open(path, mode, *arguments, **options)
        is_limited = "wb" in mode and str(path).startswith(str(self.folder))
        return LimitedFile(self, file) if is_limited else file


class LimitedFile:
    def __init__(self, disk: LimitedDisk, file: Any) -> None:
        self.disk, self.file = disk, file

    def write(self, data: Any) -> int:
        self.disk.room -= memoryview(data).nbytes
        if self.disk.room < 0:
            self.disk.room = 0
            raise OSError(errno.ENOSPC, "No space left on device")
        return int(self.file.write(data))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def __enter__(self) -> "LimitedFile":
        return self

    def __exit__(self, *error: Any) -> None:
        self.file.close()


@pytest.mark.parametrize(
    ("room", "full"),
    [
        (60_000, "training_state_e1_b0.th"),
        (250_000, "training_state_e3_b0.th"),
        (425_000, "model.tar.gz"),
    ],
)
def test_a_training_whose_disk_was_full_goes_on(room: int, full: str, tmp_path: Path) -> None:
    folder, said = tmp_path / "out", tmp_path / "said"
    settings = VARIANTS["shuffled"]

    def told() -> None:
        LimitedDisk(folder, room)
        try:
            train(folder, **settings)
        except OSError as error:
            said.write_text(f"{error.filename}: {error.strerror}")
            raise

    assert outcome(forked(told)) == 1
    assert re.fullmatch(
        rf"{folder}/{full}: the disk is full: [\d.]+ kB needed, .* free", said.read_text()
    )
    # What is there is whole.
    assert all(map(is_whole, folder.glob("*.th")))
    assert not (folder / full).exists()
    assert not list(folder.glob(".*.partial"))
    assert outcome(forked(train, folder, recover=True, **settings)) == 0
    assert outcome(forked(train, tmp_path / "whole", **settings)) == 0
    assert is_same(end_of(folder), end_of(tmp_path / "whole"))


def test_a_full_disk_elsewhere_in_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save(self: Any, directory: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("allennlp.data.Vocabulary.save_to_files", save)
    with pytest.raises(OSError, match="No space left") as caught:
        train(tmp_path / "out", **VARIANTS["shuffled"])
    assert caught.value.filename == str(tmp_path / "out")


def test_metrics_are_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    dump_metrics(str(path), {"loss": 1.0})
    with pytest.raises(TypeError):
        dump_metrics(str(path), {"loss": {1}})
    assert json.loads(path.read_text()) == {"loss": 1.0}
    assert len(list(tmp_path.iterdir())) == 1
