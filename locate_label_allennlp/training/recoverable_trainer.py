"""A training that goes on after a kill as if there had been none."""

import logging
import os
import signal
import threading
from contextlib import contextmanager
from functools import partial, wraps
from itertools import islice
from types import SimpleNamespace
from typing import Any, Callable, Dict, Iterator, List, Optional, Type

import torch.distributed as dist
from allennlp.common import Lazy
from allennlp.common.util import SigTermReceived
from allennlp.data.data_loaders import MultiProcessDataLoader
from allennlp.training import GradientDescentTrainer, Trainer
from allennlp.training.trainer import TrainerCheckpoint
from overrides import overrides

from locate_label_allennlp.training.random_states import random_states, set_random_states
from locate_label_allennlp.training.whole_checkpointer import WholeCheckpointer

logger = logging.getLogger(__name__)


@Trainer.register("gradient_descent", constructor="from_partial_objects", exist_ok=True)
class RecoverableTrainer(GradientDescentTrainer):
    """
    AllenNLP's `GradientDescentTrainer`, in its place and with the same parameters, except that a
    training which is recovered ends with the weights it would have had without a break: on a CPU
    bit for bit, on a GPU as far as its own arithmetic can be repeated.

    What AllenNLP leaves out of a checkpoint is saved with it: the states of all random numbers, now
    and where the epoch began; the epochs of batch samplers; the steps done; the scale of gradients
    in mixed precision; which parameters are trained. The epochs that are complete are not read
    again, those batches of a broken one that are done are read and passed over. In the metrics of a
    broken epoch, `training_` is of the batches after the break.

    SIGTERM and Ctrl-C end a training after the step, with a checkpoint; the second one ends it at
    once. Distributed trainings end at once.

    # Attributes

    stop : `Type[BaseException]`, optional
        What the checkpointer is to raise after the step.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.stop: Optional[Type[BaseException]] = None
        self._recovered: Optional[Dict[str, Any]] = None
        self._epoch_start: Dict[str, Any] = {}

    @classmethod
    @wraps(GradientDescentTrainer.from_partial_objects.__func__)  # type: ignore[attr-defined]
    def from_partial_objects(cls, **options: Any) -> Trainer:  # type: ignore[override]
        options.setdefault("checkpointer", Lazy(WholeCheckpointer))
        return super().from_partial_objects(**options)

    @overrides
    def train(self) -> Dict[str, Any]:
        with self._stopping_after_a_step():
            return super().train()

    @contextmanager
    def _stopping_after_a_step(self) -> Iterator[None]:
        in_main_thread = threading.current_thread() is threading.main_thread()
        if self._checkpointer is None or self._distributed or not in_main_thread:
            yield
            return
        owner = os.getpid()
        kinds = {signal.SIGTERM: SigTermReceived, signal.SIGINT: KeyboardInterrupt}

        def ask(number: int, frame: Any) -> None:
            if os.getpid() != owner:  # a worker of a data loader, which this process ends
                if number == signal.SIGTERM:
                    os._exit(128 + number)
            elif self.stop is None:
                self.stop = kinds[signal.Signals(number)]
            else:
                raise self.stop

        before = {number: signal.signal(number, ask) for number in kinds}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @overrides
    def get_checkpoint_state(self) -> Optional[TrainerCheckpoint]:
        now = self._states()
        begun = self._epoch_start if self._batches_in_epoch_completed else now
        of_processes = self._of_all_processes({"epoch_start": begun, "now": now["random"]})
        checkpoint = super().get_checkpoint_state()
        if checkpoint is not None:
            checkpoint.trainer_state["recovery"] = {
                "processes": of_processes,
                "total_batches": self._total_batches_completed,
                "scaler": None if self._scaler is None else self._scaler.state_dict(),
                "trained": self._trained(),
            }
        return checkpoint

    def _states(self) -> Dict[str, Any]:
        samplers = [
            sampler.state_dict() if hasattr(sampler, "state_dict") else None
            for sampler in self._batch_samplers()
        ]
        return {"random": random_states(), "samplers": samplers}

    def _batch_samplers(self) -> List[Any]:
        loaders = (self.data_loader, self._validation_data_loader)
        return [getattr(loader, "batch_sampler", None) for loader in loaders]

    def _of_all_processes(self, state: Any) -> List[Any]:
        if not self._distributed:
            return [state]
        states: List[Any] = [None] * self._world_size
        dist.all_gather_object(states, state)
        return states

    def _trained(self) -> List[str]:
        named = self._pytorch_model.named_parameters()
        return [name for name, parameter in named if parameter.requires_grad]

    @overrides
    def _maybe_restore_checkpoint(self) -> None:
        checkpointer = self._checkpointer
        checkpoint = None if checkpointer is None else checkpointer.load_checkpoint()
        self._checkpointer = SimpleNamespace(load_checkpoint=lambda: checkpoint)  # type: ignore[assignment]
        try:
            super()._maybe_restore_checkpoint()
        finally:
            self._checkpointer = checkpointer
        if checkpoint is not None:
            self._restore_the_rest(checkpoint.trainer_state)

    def _restore_the_rest(self, state: Dict[str, Any]) -> None:
        recovery = state.get("recovery")
        loader = self.data_loader
        if recovery is None:
            logger.warning("the checkpoint is of an older version: the weights will be others")
        elif type(loader) is not MultiProcessDataLoader or loader.batches_per_epoch:  # type: ignore[has-type]
            logger.warning("the data loader cannot tell where it was: the weights will be others")
        if recovery is not None:
            self._recovered = recovery
            if self._scaler is not None and recovery["scaler"] is not None:
                self._scaler.load_state_dict(recovery["scaler"])
            for name, parameter in self._pytorch_model.named_parameters():
                parameter.requires_grad_(name in recovery["trained"])
        if not self._start_after_batches_in_epoch_completed:
            self._finish_epoch()

    def _finish_epoch(self) -> None:
        """What AllenNLP does after it has saved the checkpoint that ends an epoch."""
        sharded = self._ddp_wrapped_model is not None and self._ddp_wrapped_model.is_sharded
        folder: Optional[str] = self._serialization_dir  # type: ignore[has-type]
        if self._metric_tracker.is_best_so_far() and folder and not sharded:
            self._best_model_filename = os.path.join(folder, "best.th")
            if self._primary:
                self._save_best(self._best_model_filename)
        if self._metric_tracker.should_stop_early():
            self._num_epochs = self._start_after_epochs_completed

    def _save_best(self, path: str) -> None:
        average = self._moving_average
        if average is not None:
            average.assign_average_value()
        try:
            self._save_model_state(path)
        finally:
            if average is not None:
                average.restore()

    @overrides
    def _train_epoch(self, epoch: int) -> Dict[str, float]:
        recovered = self._recovered
        if recovered is None:
            self._epoch_start = self._states()
            return super()._train_epoch(epoch)
        if self._epochs_completed < self._start_after_epochs_completed:
            return {}
        self._recovered = None
        done = self._start_after_batches_in_epoch_completed
        self._total_batches_completed = recovered["total_batches"] - done
        process = recovered["processes"][dist.get_rank() if self._distributed else 0]
        self._epoch_start = process["epoch_start"]
        set_random_states(self._epoch_start["random"])
        for sampler, state in zip(
            self._batch_samplers(), self._epoch_start["samplers"], strict=True
        ):
            if state is not None:
                sampler.load_state_dict(state)
        loader = self.data_loader
        read = done * self._num_gradient_accumulation_steps
        go_on = partial(set_random_states, process["now"])
        self.data_loader = _Continued(loader, read, go_on)  # type: ignore[assignment]
        try:
            metrics = super()._train_epoch(epoch)
        finally:
            self.data_loader = loader
        if "loss" in metrics:  # AllenNLP divides by all batches
            trained = self._batches_in_epoch_completed
            metrics["loss"] *= trained / (trained - done)
        return metrics


class _Continued:
    """
    A data loader of which the first batches have been trained on.

    # Parameters

    loader : `DataLoader`
    read : `int`
        How many batches have been.
    go_on : `Callable[[], None]`
        Called when these have been read again.
    """

    def __init__(self, loader: Any, read: int, go_on: Callable[[], None]) -> None:
        self._loader = loader
        self._read = read
        self._go_on = go_on

    def __len__(self) -> int:
        return len(self._loader)

    def __iter__(self) -> Iterator[Any]:
        batches = iter(self._loader)
        yield from islice(batches, self._read)
        self._go_on()
        yield from batches

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)
