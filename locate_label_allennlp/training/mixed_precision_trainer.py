"""AllenNLP's trainer, for models that choose their own precision."""

from typing import Any

import torch
from allennlp.common.checks import ConfigurationError
from allennlp.training import Trainer

from locate_label_allennlp.common.precision import lower_precision
from locate_label_allennlp.training.recoverable_trainer import RecoverableTrainer


@Trainer.register("mixed_precision", constructor="from_partial_objects")
class MixedPrecisionTrainer(RecoverableTrainer):
    """
    `RecoverableTrainer`, except that `use_amp` follows from the model's `precision` and the
    device: gradients are scaled where the model calculates in float16, whose range is too small for
    them, and left alone with bfloat16 and float32.
    """

    def __init__(self, model: Any, *arguments: Any, **options: Any) -> None:
        precision = getattr(model, "precision", None)
        if precision is None:
            raise ConfigurationError(
                f"the trainer 'mixed_precision' is for models of this package, not for a "
                f"{type(model).__name__}; allowed for others is 'gradient_descent'"
            )
        if options.get("use_amp"):
            raise ConfigurationError(
                "trainer.use_amp is given; the trainer 'mixed_precision' follows model.precision "
                "instead"
            )
        device = next(model.parameters()).device
        options["use_amp"] = lower_precision(precision, device) == torch.float16
        super().__init__(model, *arguments, **options)
