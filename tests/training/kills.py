"""
Kills trainings and recovers them. `python -m tests.training.kills` does so at 20 random moments, or
as many as it is told, every second time once more while it recovers, and prints how many have come
to what the training comes to that nobody disturbs.
"""

import os
import random
import signal
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from allennlp.commands.train import train_model_from_file
from allennlp.common.util import import_module_and_submodules
from allennlp.training import GradientDescentTrainer, gradient_descent_trainer

CONFIG = Path(__file__).parents[2] / "fixtures" / "configs" / "tiny.jsonnet"

SHUFFLED = {"data_loader": {"batch_size": 2, "shuffle": True}}
BUDGET = {"data_loader": {"batch_sampler": {"type": "token_budget", "budget": 30}}}
BUCKETS = {
    "data_loader": {
        "batch_sampler": {"type": "bucket", "batch_size": 2, "sorting_keys": ["tokens"]}
    }
}

VARIANTS: dict[str, dict[str, Any]] = {
    "shuffled": SHUFFLED,
    "mixed precision, token budget, warm-up, every step": {
        **BUDGET,
        "trainer.type": "mixed_precision",
        "trainer.learning_rate_scheduler": {"type": "warmup_cosine"},
        "trainer.checkpointer": {"save_every_num_batches": 1},
    },
    "buckets, gradual unfreezing, patience": {
        **BUCKETS,
        "trainer.optimizer.parameter_groups": [
            [[part], {}] for part in ("word_encoder", "filter", "regressor", "classifier")
        ],
        "trainer.learning_rate_scheduler": {
            "type": "slanted_triangular",
            "gradual_unfreezing": True,
        },
        "trainer.patience": 1,
        "trainer.validation_metric": "-loss",
    },
    "moving average, every second step": {
        **SHUFFLED,
        "trainer.moving_average": {"type": "exponential", "decay": 0.9},
        "trainer.validation_metric": "-loss",
        "trainer.checkpointer": {"save_every_num_batches": 2},
    },
    "accumulated gradients, plateau": {
        **SHUFFLED,
        "trainer.num_gradient_accumulation_steps": 2,
        "trainer.learning_rate_scheduler": {"type": "reduce_on_plateau", "patience": 0},
        "trainer.checkpointer": {"save_every_num_batches": 1, "keep_most_recent_by_count": 1},
    },
}


def train(
    folder: Path, recover: Any = False, before: Callable[[], None] = lambda: None, **settings: Any
) -> None:
    """In this process; `before` is called first. Nothing is synced: the machine goes on."""
    os.fsync = lambda descriptor: None
    overrides = {"trainer.num_epochs": 4, **settings}
    before()
    train_model_from_file(CONFIG, folder, overrides, recover=recover)


def forked(function: Callable[..., None], *arguments: Any, **options: Any) -> int:
    """The number of a process that runs the function, in silence, and ends with 0 or 1."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        for stream in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
        function(*arguments, **options)
        code = 0
    finally:
        os._exit(code)


def outcome(child: int) -> int:
    """0 or 1, or less than 0 for the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


MOMENTS = {
    "a step": (GradientDescentTrainer, "batch_outputs"),
    "before a file is written": (torch, "save"),
    "a file is written, but not in its place": (os, "fsync"),
    "between files": (os, "replace"),
    "before the best weights": (gradient_descent_trainer, "hardlink_or_copy"),
}
"""Calls, before each of which a training can be killed."""


def counting(then: Callable[[int], None], *names: str) -> None:
    """Has a function called with how often one of some calls has been made, at every one."""
    calls = 0

    def counted(original: Any, *arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        then(calls)
        return original(*arguments, **options)

    for name in names or MOMENTS:
        owner, attribute = MOMENTS[name]
        original = getattr(owner, attribute)
        setattr(owner, attribute, _calling(counted, original))


def _calling(counted: Any, original: Any) -> Any:
    return lambda *arguments, **options: counted(original, *arguments, **options)


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kill_at(moment: int, *names: str) -> None:
    counting(lambda calls: kill() if calls == moment else None, *names)


def kill_within(file: int) -> None:
    """Kills the process when it has written half of a file, the n-th."""
    save, files = torch.save, 0

    def half(state: Any, target: Any) -> None:
        nonlocal files
        files += 1
        if files == file:
            content = BytesIO()
            save(state, content)
            target.write(content.getvalue()[: content.tell() // 2])
            target.flush()
            kill()
        save(state, target)

    torch.save = half


def end_of(folder: Path) -> dict[str, Any]:
    """What a training has come to: the weights of its archive, and all of its last checkpoint."""
    last = max(folder.glob("training_state_*.th"), key=lambda path: path.stat().st_mtime_ns)
    with tarfile.open(folder / "model.tar.gz") as archive:
        weights = archive.extractfile("weights.th")
        assert weights is not None
        return {
            "archive": torch.load(BytesIO(weights.read())),
            "model": torch.load(last.with_name(last.name.replace("training", "model"))),
            "training": torch.load(last),
        }


def is_same(one: Any, other: Any) -> bool:
    """Whether all numbers are, bit for bit."""
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, dict):
        keys = one.keys() - {"best_model_filename"}
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in keys)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(is_same, one, other))
    return bool(one == other)


def kill_somehow(
    draw: random.Random, calls: int, took: float, *arguments: Any, **options: Any
) -> str:
    """Kills a training in one of three ways, at a random moment, and says which."""
    how = draw.choice(["after", "at", "within"])
    if how == "after":
        child = forked(train, *arguments, **options)
        moment = draw.uniform(0.05, took)
        time.sleep(moment)
        os.kill(child, signal.SIGKILL)
        outcome(child)
        return f"after {moment:.2f} s"
    if how == "at":
        call = draw.randint(1, calls)
        outcome(forked(train, *arguments, before=partial(kill_at, call), **options))
        return f"at call {call} of {calls}"
    file = draw.randint(1, 6)
    outcome(forked(train, *arguments, before=partial(kill_within, file), **options))
    return f"within file {file}"


def main(kills: int = 20) -> None:
    import_module_and_submodules("locate_label_allennlp")
    draw = random.Random(kills)
    exact = 0
    whole: dict[str, tuple[Any, int, float]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for number in range(kills):
            name = list(VARIANTS)[number % len(VARIANTS)]
            settings = VARIANTS[name]
            if name not in whole:
                folder, count = Path(temporary, name), Path(temporary, "count")
                note = partial(counting, lambda calls, count=count: count.write_text(str(calls)))
                begun = time.monotonic()
                assert outcome(forked(train, folder, before=note, **settings)) == 0
                took = time.monotonic() - begun
                whole[name] = end_of(folder), int(count.read_text()), took
            expected, *extent = whole[name]
            folder = Path(temporary, str(number))
            killed = [kill_somehow(draw, *extent, folder, **settings)]
            if number % 2:
                again = kill_somehow(draw, *extent, folder, recover=is_begun(folder), **settings)
                killed.append(again)
            code = outcome(forked(train, folder, recover=is_begun(folder), **settings))
            same = code == 0 and is_same(end_of(folder), expected)
            exact += same
            end = "exact" if same else "NOT exact"
            print(f"{number + 1:3} {name}: killed {' and '.join(killed)}: {end}", flush=True)
    print(f"{exact} of {kills} exact")
    sys.exit(exact != kills)


def is_begun(folder: Path) -> bool:
    return folder.exists() and any(folder.iterdir())


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
