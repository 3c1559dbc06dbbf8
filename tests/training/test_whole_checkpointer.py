"""What a recovered training makes of it is in `test_recoverable_trainer.py`."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from allennlp.training import Checkpointer
from allennlp.training.trainer import TrainerCheckpoint

from locate_label_allennlp.training.whole_checkpointer import WholeCheckpointer, is_whole


def trainer(epochs: int, batches: int = 0, value: float = 0.0) -> Any:
    """One that is not ours."""
    state = {"epochs_completed": epochs, "batches_in_epoch_completed": batches}
    checkpoint = TrainerCheckpoint({"weight": torch.tensor([value])}, state)
    return SimpleNamespace(
        _epochs_completed=epochs,
        _batches_in_epoch_completed=batches,
        get_checkpoint_state=lambda: checkpoint,
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_every_byte_counts(tmp_path: Path) -> None:
    path, damaged = tmp_path / "a.th", tmp_path / "b.th"
    torch.save({"weight": torch.randn(100)}, path)
    content = path.read_bytes()
    assert is_whole(path)
    start = content.index(torch.load(path)["weight"].numpy().tobytes())
    for place in range(start, start + 400, 37):
        damaged.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert not is_whole(damaged)
    for size in range(0, len(content), 101):
        damaged.write_bytes(content[:size])
        assert not is_whole(damaged)
    damaged.write_bytes(bytes(len(content)))
    assert not is_whole(damaged)
    assert not is_whole(tmp_path / "nowhere.th")


def test_it_stands_for_that_of_allennlp(tmp_path: Path) -> None:
    assert Checkpointer.by_name("default") is WholeCheckpointer
    checkpointer = WholeCheckpointer(tmp_path)
    assert checkpointer.load_checkpoint() is None
    assert checkpointer.maybe_save_checkpoint(trainer(1), 1, 0)
    assert not checkpointer.maybe_save_checkpoint(trainer(1, 1), 1, 1)
    assert names(tmp_path) == ["model_state_e1_b0.th", "training_state_e1_b0.th"]


def test_a_damaged_checkpoint_is_written_anew_and_removes_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for epoch in (1, 2):
        WholeCheckpointer(tmp_path).save_checkpoint(trainer(epoch, value=epoch))
    (tmp_path / "model_state_e2_b0.th").write_text("damaged")
    checkpointer = WholeCheckpointer(tmp_path, keep_most_recent_by_count=1)
    loaded = checkpointer.load_checkpoint()
    assert loaded is not None
    assert loaded.model_state["weight"].item() == 1
    assert len(caplog.records) == 1
    # The damaged one does not count among those to keep.
    checkpointer.save_checkpoint(trainer(1, 5, value=1.5))
    latest = checkpointer.find_latest_checkpoint()
    assert latest is not None
    assert latest[0].endswith("model_state_e1_b5.th")
    assert "model_state_e1_b0.th" not in names(tmp_path)
    checkpointer.save_checkpoint(trainer(2, value=3))
    again = WholeCheckpointer(tmp_path).load_checkpoint()
    assert again is not None
    assert again.model_state["weight"].item() == 3
    assert len(caplog.records) == 1


def test_one_file_of_two_is_not_left(tmp_path: Path) -> None:
    broken = trainer(1)
    broken.get_checkpoint_state = lambda: TrainerCheckpoint(
        {"weight": torch.zeros(1)},
        {"epochs_completed": 1, "batches_in_epoch_completed": 0, "more": lambda: None},
    )
    with pytest.raises(Exception, match=r"pickle|local object"):
        WholeCheckpointer(tmp_path).save_checkpoint(broken)
    assert names(tmp_path) == []
