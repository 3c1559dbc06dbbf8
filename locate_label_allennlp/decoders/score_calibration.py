"""Makes the score of an entity the probability that it is right."""

import math

import torch
from allennlp.common import FromParams
from allennlp.common.checks import ConfigurationError
from torch import Tensor

# The logarithm of the odds of 0 and 1 is not finite.
_SURE = 1e-7


class ScoreCalibration(FromParams):
    """
    Platt scaling (Platt, "Probabilistic Outputs for Support Vector Machines", 1999): a score `s`
    becomes `sigmoid(slope * log(s / (1 - s)) + shift)`. The order of scores does not change.
    `allennlp tune-thresholds` fits it.

    # Parameters

    slope : `float`, optional (default = `1.0`)
        Below 1 scores become less sure: the inverse of a temperature.
    shift : `float`, optional (default = `0.0`)
        Below 0 scores become lower.

    # Raises

    `ConfigurationError` for a slope that is not above 0 and for numbers that are not finite.
    """

    def __init__(self, slope: float = 1.0, shift: float = 0.0) -> None:
        if not 0 < slope < math.inf:
            raise ConfigurationError(
                f"calibration.slope is {slope}; allowed is more than 0, and finite"
            )
        if not math.isfinite(shift):
            raise ConfigurationError(f"calibration.shift is {shift}; allowed is a finite number")
        self.slope = slope
        self.shift = shift

    def __call__(self, scores: Tensor) -> Tensor:
        """Shape `(K,)` in, `(K,)` out."""
        odds = scores.double().clamp(_SURE, 1 - _SURE).logit()
        return torch.sigmoid(self.slope * odds + self.shift).to(scores.dtype)
