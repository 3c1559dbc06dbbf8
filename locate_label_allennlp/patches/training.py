"""What `allennlp train` and `allennlp find-lr` lack."""

import errno
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
    AllenNLP's command takes no trainer but `gradient_descent`, not even those derived from it, and
    reads test data where a config says that there are none (`null`). It also goes on with learning rates that no training survives, and our models refuse a loss that is
    no number: the search ends there, and what it has found so far is drawn.
    """
    yield
    find_learning_rate_model = module.find_learning_rate_model
    search_learning_rate, trainers = module.search_learning_rate, module.Trainer

    @wraps(find_learning_rate_model)
    def find(params: Any, *arguments: Any, **options: Any) -> None:
        params = params.duplicate()
        if params.get("test_data_path") is None:
            params.pop("test_data_path", None)
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
def room_for_weights(module: Any) -> Iterator[None]:
    """
    On a full disk PyTorch leaves half a file and names neither the file nor what is missing. It is
    asked beforehand whether the weights have room.
    """
    yield
    torch = module.torch

    class Torch:
        """The module `torch`, except for `save`."""

        def __getattr__(self, name: str) -> Any:
            return getattr(torch, name)

        @staticmethod
        def save(state: Any, path: Any) -> None:
            needed = bytes_of(state)
            check_room(path, needed)
            try:
                torch.save(state, path)
            except (OSError, RuntimeError):
                Path(path).unlink(missing_ok=True)
                check_room(path, needed)
                raise

    module.torch = Torch()


@patches("allennlp.models.archival")
def room_for_archives(module: Any) -> Iterator[None]:
    """The same for the archive, whose largest part is the weights; half of one is removed."""
    yield
    archive_model = module.archive_model

    @wraps(archive_model)
    def archive_whole(
        serialization_dir: Any, weights: str = module._DEFAULT_WEIGHTS, *rest: Any, **options: Any
    ) -> str:
        given = options.get("archive_path") or (rest[0] if rest else None)
        target = Path(given or serialization_dir)
        target = target / "model.tar.gz" if target.is_dir() else target
        try:
            archived: str = archive_model(serialization_dir, weights, *rest, **options)
        except OSError as error:
            target.unlink(missing_ok=True)
            if error.errno != errno.ENOSPC:
                raise
            check_room(target, os.path.getsize(Path(serialization_dir, weights)))
            raise
        return archived

    module.archive_model = archive_whole


def bytes_of(state: Any) -> int:
    """The bytes of all tensors in nested dictionaries and lists."""
    from torch import Tensor

    if isinstance(state, Tensor):
        return state.numel() * state.element_size()
    if isinstance(state, dict):
        state = list(state.values())
    return sum(map(bytes_of, state)) if isinstance(state, (list, tuple)) else 0


def check_room(path: Any, needed: int) -> None:
    """Raises an `OSError` that says how much is missing."""
    free = shutil.disk_usage(Path(path).absolute().parent).free
    if needed > free:
        from rich.filesize import decimal

        reason = f"the disk is full: {decimal(needed)} needed, {decimal(free)} free"
        raise OSError(errno.ENOSPC, reason, str(path))
