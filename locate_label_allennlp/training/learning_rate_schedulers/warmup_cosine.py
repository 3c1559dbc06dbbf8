"""Linear warm-up and cosine decay over the whole training, however long it is."""

import math
from typing import List, Optional

import torch
from allennlp.common.checks import ConfigurationError
from allennlp.training.learning_rate_schedulers import LearningRateScheduler
from overrides import overrides


@LearningRateScheduler.register("warmup_cosine")
class WarmupCosine(LearningRateScheduler):
    """
    The learning rate rises in a straight line to its full size, then falls along half a cosine to
    nothing. (AllenNLP's `cosine_with_warmup` has to be told the number of steps.)

    # Parameters

    optimizer : `torch.optim.Optimizer`
    num_epochs, num_steps_per_epoch : `int`
        Passed by the trainer; not given in a config.
    warmup : `float`, optional (default = `0.1`)
        The share of the training in which the rate rises.
    """

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        num_epochs: int,
        num_steps_per_epoch: Optional[int],
        warmup: float = 0.1,
        last_epoch: int = -1,
    ) -> None:
        super().__init__(optimizer, last_epoch)
        if not 0 <= warmup < 1:
            raise ConfigurationError(f"warmup is {warmup}; allowed is 0 or more, less than 1")
        if num_steps_per_epoch is None:
            raise ConfigurationError(
                "num_steps_per_epoch is unknown, because the data loader cannot tell how many "
                "batches it has; `warmup_cosine` needs a data loader that can"
            )
        self.num_steps = num_epochs * num_steps_per_epoch
        self.warmup_steps = warmup * self.num_steps
        self.steps_done = 0
        self.step_batch(0)

    @overrides
    def get_values(self) -> List[float]:
        """For each parameter group the rate of the next step."""
        # The first step has a rate above zero, and so has the last.
        step = self.steps_done + 1
        if step < self.warmup_steps:
            factor = step / self.warmup_steps
        else:
            decayed = (step - self.warmup_steps) / (self.num_steps + 1 - self.warmup_steps)
            factor = (1 + math.cos(math.pi * min(decayed, 1.0))) / 2
        return [value * factor for value in self.base_values]

    @overrides
    def step(self, metric: Optional[float] = None) -> None:
        """Nothing changes at the end of an epoch."""

    @overrides
    def step_batch(self, batch_num_total: Optional[int] = None) -> None:
        self.steps_done = self.steps_done + 1 if batch_num_total is None else batch_num_total
        for group, value in zip(self.optimizer.param_groups, self.get_values(), strict=True):
            group[self.param_group_field] = value
