"""Trainings in processes of their own, which cost no start: they are forked from this one."""

import json
import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from allennlp.data.data_loaders import SimpleDataLoader
from allennlp.training import GradientDescentTrainer, Trainer
from allennlp.training.moving_average import ExponentialMovingAverage

from locate_label_allennlp.training.recoverable_trainer import RecoverableTrainer
from locate_label_allennlp.training.whole_checkpointer import WholeCheckpointer
from tests.training.kills import (
    VARIANTS,
    counting,
    end_of,
    forked,
    is_same,
    kill_at,
    kill_within,
    outcome,
    train,
)

Ends = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> Ends:
    """What the trainings come to that nobody disturbs."""
    known: dict[str, dict[str, Any]] = {}

    def end(name: str) -> dict[str, Any]:
        if name not in known:
            folder = tmp_path_factory.mktemp("whole") / "out"
            assert outcome(forked(train, folder, **VARIANTS[name])) == 0
            known[name] = end_of(folder)
        return known[name]

    return end


def log_of(folder: Path) -> list[str]:
    return [line for line in (folder / "out.log").read_text().splitlines() if "WARNING" in line]


EVERY_STEP = "mixed precision, token budget, warm-up, every step"
UNFREEZING = "buckets, gradual unfreezing, patience"
AVERAGE = "moving average, every second step"


@pytest.mark.parametrize(
    ("name", "kill"),
    [
        # In the second epoch: between the weights and the state of its third step,
        (EVERY_STEP, partial(kill_at, 17, "between files")),
        # in the state of its second,
        (EVERY_STEP, partial(kill_within, 12)),
        # and while it is validated. At its end and that of the last, before it becomes the best.
        (AVERAGE, partial(kill_at, 11, "a step")),
        (UNFREEZING, partial(kill_at, 2, "before the best weights")),
        (UNFREEZING, partial(kill_at, 4, "before the best weights")),
    ],
)
def test_a_kill_changes_nothing(
    name: str, kill: Callable[[], None], tmp_path: Path, ends: Ends
) -> None:
    folder = tmp_path / "out"
    assert outcome(forked(train, folder, before=kill, **VARIANTS[name])) == -signal.SIGKILL
    assert not (folder / "model.tar.gz").exists()
    assert outcome(forked(train, folder, recover=True, **VARIANTS[name])) == 0
    assert is_same(end_of(folder), ends(name))
    assert not list(folder.glob(".*.partial"))


def test_the_last_whole_checkpoint_counts(tmp_path: Path, ends: Ends) -> None:
    folder = tmp_path / "out"
    settings = dict(VARIANTS[EVERY_STEP])
    settings["trainer.checkpointer"] = {"save_every_num_batches": 1, "keep_most_recent_by_count": 4}
    kill = partial(kill_at, 30, "between files")
    assert outcome(forked(train, folder, before=kill, **settings)) == -signal.SIGKILL
    states = sorted(folder.glob("training_state_*.th"), key=lambda path: path.stat().st_mtime_ns)
    content = bytearray(states[-1].read_bytes())
    content[len(content) // 2] ^= 1
    states[-1].write_bytes(content)
    damaged = Path(str(states[-2]).replace("training", "model"))
    damaged.write_bytes(damaged.read_bytes()[:-100])
    assert outcome(forked(train, folder, recover=True, **settings)) == 0
    (warning,) = (line for line in log_of(folder) if "half-written" in line)
    assert f"{states[-1]}, {damaged}: damaged or half-written; going on from" in warning
    assert is_same(end_of(folder), ends(EVERY_STEP))


def test_a_training_that_had_stopped_early_stays_so(tmp_path: Path) -> None:
    folder, whole = tmp_path / "out", tmp_path / "whole"
    settings = {**VARIANTS["shuffled"], "trainer.patience": 1, "trainer.validation_metric": "+loss"}
    assert outcome(forked(train, whole, **settings)) == 0
    last = len(list(whole.glob("metrics_epoch_*.json")))
    assert last < 4
    # Two fingerprints, metrics and two files of a checkpoint an epoch, metrics again, the archive.
    kill = partial(kill_at, 2 + 3 * last + 2, "between files")
    assert outcome(forked(train, folder, before=kill, **settings)) == -signal.SIGKILL
    assert (folder / "metrics.json").exists()
    assert not (folder / "model.tar.gz").exists()
    assert outcome(forked(train, folder, recover=True, **settings)) == 0
    assert is_same(end_of(folder), end_of(whole))
    assert len(list(folder.glob("metrics_epoch_*.json"))) == last


def test_where_no_checkpoint_is_whole(tmp_path: Path, ends: Ends) -> None:
    folder = tmp_path / "out"
    settings = VARIANTS["shuffled"]
    kill = partial(kill_at, 5, "between files")
    assert outcome(forked(train, folder, before=kill, **settings)) == -signal.SIGKILL
    assert [path.name for path in folder.glob("*.th")] == ["model_state_e1_b0.th"]
    assert outcome(forked(train, folder, recover=True, **settings)) == 0
    (warning,) = (line for line in log_of(folder) if "half-written" in line)
    assert warning.endswith(
        "training_state_e1_b0.th: damaged or half-written; the training begins anew"
    )
    assert is_same(end_of(folder), ends("shuffled"))


def send(number: int, step: int) -> None:
    """Sends a signal to the process itself at its n-th step, and after the training."""
    counting(lambda calls: os.kill(os.getpid(), number) if calls == step else None, "a step")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_after_the_step(number: int, tmp_path: Path, ends: Ends) -> None:
    folder, said = tmp_path / "out", tmp_path / "said"
    settings = VARIANTS["shuffled"]

    def told() -> None:
        try:
            train(folder, before=partial(send, number, 8), **settings)
        except BaseException as error:
            said.write_text(f"{type(error).__name__}: {error}")
            raise

    assert outcome(forked(told)) == 1
    kind = "SigTermReceived" if number == signal.SIGTERM else "KeyboardInterrupt"
    assert said.read_text() == (
        f"{kind}: interrupted; the same command with --recover goes on from the last step, saved "
        f"in {folder}"
    )
    # Three steps and three of validation are an epoch; the eighth call is a step of the second.
    assert (folder / "training_state_e1_b2.th").exists()
    assert outcome(forked(train, folder, recover=True, **settings)) == 0
    assert is_same(end_of(folder), ends("shuffled"))


def test_the_second_signal_ends_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "out"

    def twice() -> None:
        def both(calls: int) -> None:
            if calls == 8:
                os.kill(os.getpid(), signal.SIGTERM)
                os.kill(os.getpid(), signal.SIGTERM)

        counting(both, "a step")

    assert outcome(forked(train, folder, before=twice, **VARIANTS["shuffled"])) == 1
    assert [path.name for path in folder.glob("training_state*")] == ["training_state_e1_b0.th"]


def test_signals_are_as_before_after_a_training(tmp_path: Path) -> None:
    def compared() -> None:
        before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
        train(tmp_path / "out", **{**VARIANTS["shuffled"], "trainer.num_epochs": 1})
        assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before

    assert outcome(forked(compared)) == 0


def test_the_loss_of_a_broken_epoch_is_of_its_batches(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    settings = {**VARIANTS["shuffled"], "trainer.num_epochs": 1}
    settings["trainer.checkpointer"] = {"save_every_num_batches": 1}
    losses = tmp_path / "losses"

    def note() -> None:
        outputs = GradientDescentTrainer.batch_outputs

        def noted(self: Any, batch: Any, for_training: bool) -> Any:
            made = outputs(self, batch, for_training)
            with losses.open("a") as file:
                print(made["loss"].item(), file=file)
            return made

        GradientDescentTrainer.batch_outputs = noted  # type: ignore[method-assign]

    kill = partial(kill_at, 2, "a step")
    assert outcome(forked(train, folder, before=kill, **settings)) == -signal.SIGKILL
    assert outcome(forked(train, folder, recover=True, before=note, **settings)) == 0
    trained = [float(line) for line in losses.read_text().splitlines()][:2]
    metrics = json.loads((folder / "metrics_epoch_0.json").read_text())
    assert metrics["training_loss"] == pytest.approx(sum(trained) / 2)


def test_a_checkpoint_of_an_older_version(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    settings = VARIANTS["shuffled"]
    kill = partial(kill_at, 11, "a step")
    assert outcome(forked(train, folder, before=kill, **settings)) == -signal.SIGKILL
    path = folder / "training_state_e1_b0.th"
    state = torch.load(path)
    del state["recovery"]
    torch.save(state, path)
    assert outcome(forked(train, folder, recover=True, **settings)) == 0
    assert any("of an older version: the weights will be others" in line for line in log_of(folder))


def test_a_data_loader_whose_place_is_not_known(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    settings = {"data_loader": {"batch_size": 2, "batches_per_epoch": 2}}
    settings["validation_data_loader"] = {"batch_size": 4}
    kill = partial(kill_at, 6, "a step")
    assert outcome(forked(train, folder, before=kill, **settings)) == -signal.SIGKILL
    assert outcome(forked(train, folder, recover=True, **settings)) == 0
    assert any("the data loader cannot tell where it was" in line for line in log_of(folder))


def test_the_scale_of_gradients_is_saved(tmp_path: Path) -> None:
    def made(scale: float) -> RecoverableTrainer:
        model: Any = torch.nn.Linear(1, 1)
        trainer = RecoverableTrainer(
            model,
            torch.optim.SGD(model.parameters(), lr=0.1),
            SimpleDataLoader([], 1),
            checkpointer=WholeCheckpointer(tmp_path),
            cuda_device=-1,
        )
        trainer._scaler = torch.amp.GradScaler("cpu", init_scale=scale)  # type: ignore[assignment]
        return trainer

    before = made(8.0)
    before._epochs_completed = 1
    WholeCheckpointer(tmp_path).save_checkpoint(before)
    after = made(2.0)
    after._maybe_restore_checkpoint()
    assert after._scaler.get_scale() == 8.0


def test_it_stands_for_the_trainer_of_allennlp() -> None:
    assert Trainer.by_name("gradient_descent").__self__ is RecoverableTrainer  # type: ignore[attr-defined]
    assert issubclass(Trainer.by_name("mixed_precision").__self__, RecoverableTrainer)  # type: ignore[attr-defined]


def test_a_moving_average_goes_on_with_the_model(tmp_path: Path) -> None:
    def average(value: float) -> tuple[torch.nn.Parameter, ExponentialMovingAverage]:
        parameter = torch.nn.Parameter(torch.tensor([value]))
        return parameter, ExponentialMovingAverage([("a", parameter)], decay=0.5)

    parameter, before = average(1.0)
    parameter.data += 2
    before.apply()
    torch.save(before.state_dict(), tmp_path / "state.th")
    other, after = average(9.0)
    after.load_state_dict(torch.load(tmp_path / "state.th"))
    other.data.fill_(4.0)
    after.apply()
    after.assign_average_value()
    assert other.item() == 3.0
