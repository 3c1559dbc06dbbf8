"""What `allennlp train` and `allennlp find-lr` lack."""

import errno
import logging
import math
import os
import shutil
from collections.abc import Iterator
from functools import wraps
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from locate_label_allennlp.patches.finder import patches


@patches("allennlp.commands.find_learning_rate")
def find_lr_for_every_trainer(module: Any) -> Iterator[None]:
    """
    AllenNLP's command takes no trainer but `gradient_descent`, not even those derived from it. It
    also goes on with learning rates that no training survives, and our models refuse a loss that is
    no number: the search ends there, and what it has found so far is drawn.
    """
    yield
    find_learning_rate_model = module.find_learning_rate_model
    search_learning_rate, trainers = module.search_learning_rate, module.Trainer

    @wraps(find_learning_rate_model)
    def find(params: Any, *arguments: Any, **options: Any) -> None:
        params = params.duplicate()
        kind = params.params.get("trainer", {}).pop("type", trainers.default_implementation)

        def from_params(params: Any, **extras: Any) -> Any:
            params["type"] = kind
            trainer = trainers.from_params(params=params, **extras)
            if not isinstance(trainer, module.GradientDescentTrainer):
                raise module.ConfigurationError(
                    f"trainer.type is {kind!r}; find-lr is for 'gradient_descent' and those "
                    "derived from it, such as 'mixed_precision'"
                )
            return trainer

        module.Trainer = SimpleNamespace(from_params=from_params)
        try:
            find_learning_rate_model(params, *arguments, **options)
        finally:
            module.Trainer = trainers

    @wraps(search_learning_rate)
    def search(trainer: Any, *arguments: Any, **options: Any) -> Any:
        import torch

        if options.get("stopping_factor") is None:
            options["stopping_factor"] = math.inf
        batch_outputs = trainer.batch_outputs

        def outputs(batch: Any, for_training: bool) -> Any:
            try:
                return batch_outputs(batch, for_training)
            except FloatingPointError:
                return {"loss": torch.tensor(math.nan, requires_grad=True)}

        trainer.batch_outputs = outputs
        return search_learning_rate(trainer, *arguments, **options)

    module.find_learning_rate_model, module.search_learning_rate = find, search


@patches("allennlp.training.checkpointer", "allennlp.training.gradient_descent_trainer")
def whole_weights(module: Any) -> Iterator[None]:
    """
    A kill while weights are written leaves half a file under the name of a whole one, and so does a
    full disk, of which PyTorch names neither the file nor what is missing. It is asked beforehand
    whether they have room, and they take their place once they are written.
    """
    yield
    torch = module.torch

    class Torch:
        """The module `torch`, except for `save`."""

        def __getattr__(self, name: str) -> Any:
            return getattr(torch, name)

        @staticmethod
        def save(state: Any, path: Any) -> None:
            from locate_label_allennlp.common.whole_files import FULL, whole_file

            check_room(path, bytes_of(state))
            refused: list[OSError] = []
            try:
                with whole_file(path) as file:
                    write = file.write

                    def written(data: Any) -> int:
                        # PyTorch makes a `RuntimeError` without a reason of what this raises.
                        try:
                            return write(data)
                        except OSError as error:
                            refused.append(error)
                            raise

                    torch.save(state, SimpleNamespace(write=written, flush=file.flush))
            except (OSError, RuntimeError) as error:
                reason = refused[0] if refused else error
                if isinstance(reason, OSError) and reason.errno in FULL:
                    raise full_disk(path, bytes_of_file(state)) from error
                raise

    module.torch = Torch()


@patches("allennlp.models.archival")
def whole_archives(module: Any) -> Iterator[None]:
    """The same for the archive, whose largest part is the weights."""
    yield
    archive_model = module.archive_model

    @wraps(archive_model)
    def archive_whole(
        serialization_dir: Any,
        weights: str = module._DEFAULT_WEIGHTS,
        archive_path: Any = None,
        *rest: Any,
        **options: Any,
    ) -> str:
        from locate_label_allennlp.common.whole_files import FULL, whole_path

        target = Path(archive_path or serialization_dir)
        target = target / "model.tar.gz" if target.is_dir() else target
        # AllenNLP's line would name the file that is not yet in its place.
        level = module.logger.level
        module.logger.setLevel(logging.WARNING)
        try:
            with whole_path(target) as partial:
                archive_model(serialization_dir, weights, partial, *rest, **options)
        except OSError as error:
            if error.errno in FULL:
                needed = os.path.getsize(Path(serialization_dir, weights))
                raise full_disk(target, needed) from error
            raise
        finally:
            module.logger.setLevel(level)
        module.logger.info("wrote %s", target)
        return str(target)

    module.archive_model = archive_whole


@patches("allennlp.common.util")
def whole_metrics(module: Any) -> Iterator[None]:
    """The same for the metrics of an epoch and of the training."""
    yield
    dump_metrics = module.dump_metrics

    @wraps(dump_metrics)
    def dump_whole(file_path: Any, metrics: dict[str, Any], log: bool = False) -> None:
        from locate_label_allennlp.common.whole_files import whole_path

        dump_metrics(None, metrics, log)
        if file_path:
            with whole_path(file_path) as partial:
                dump_metrics(partial, metrics)

    module.dump_metrics = dump_whole


@patches("allennlp.training.moving_average")
def recovered_moving_average(module: Any) -> Iterator[None]:
    """
    AllenNLP saves the model's parameters as part of their moving average, and after `--recover` it
    averages these copies, which no longer change.
    """
    yield
    average = module.MovingAverage

    def state_dict(self: Any) -> dict[str, Any]:
        return {"shadows": self._shadows, "backups": self._backups}

    def load_state_dict(self: Any, state: dict[str, Any]) -> None:
        for mine, saved in zip((self._shadows, self._backups), state.values(), strict=True):
            for name, tensor in mine.items():
                tensor.copy_(saved[name])

    average.state_dict, average.load_state_dict = state_dict, load_state_dict


def bytes_of(state: Any) -> int:
    """The bytes of all tensors in nested dictionaries and lists."""
    from torch import Tensor

    if isinstance(state, Tensor):
        return state.numel() * state.element_size()
    if isinstance(state, dict):
        state = list(state.values())
    return sum(map(bytes_of, state)) if isinstance(state, (list, tuple)) else 0


def bytes_of_file(state: Any) -> int:
    """The bytes of the file in which PyTorch saves it."""
    import torch

    sizes: list[int] = []
    file = SimpleNamespace(write=lambda data: sizes.append(memoryview(data).nbytes), flush=int)
    torch.save(state, file)
    return sum(sizes)


def check_room(path: Any, needed: int) -> None:
    """Raises an `OSError` that says how much is missing."""
    if needed > _free(path):
        raise full_disk(path, needed)


def full_disk(path: Any, needed: int) -> OSError:
    """An error that names the file, and how much room it needs."""
    from rich.filesize import decimal

    reason = f"the disk is full: {decimal(needed)} needed, {decimal(_free(path))} free"
    return OSError(errno.ENOSPC, reason, str(path))


def _free(path: Any) -> int:
    return shutil.disk_usage(Path(path).absolute().parent).free
