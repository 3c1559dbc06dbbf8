"""What scores are worth: how far they are from the truth, and what brings them nearer to it."""

import math
from typing import List, NamedTuple, Sequence

import numpy
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch.nn.functional import binary_cross_entropy

from locate_label_allennlp.decoders.score_calibration import ScoreCalibration

NUM_BINS = 15


class Bin(NamedTuple):
    """
    # Parameters

    number : `int`
        Entities whose score lies in the bin.
    score : `float`
        Their mean score.
    correct : `float`
        The share of them that is right.
    """

    number: int
    score: float
    correct: float


def fit_calibration(scores: Sequence[float], correct: Sequence[bool]) -> ScoreCalibration:
    """
    The calibration with which it is most probable that just these entities are right, by the
    negative log-likelihood. As Platt (1999) has it, an entity is not quite right or wrong, but
    `(R + 1) / (R + 2)` right if `R` are, and `1 / (W + 2)` if `W` are wrong: otherwise the slope of
    few scores could be without bounds.

    # Parameters

    scores : `Sequence[float]`
        Of all that is found with a threshold of 0, not calibrated.
    correct : `Sequence[bool]`
        Which of them are right.

    # Returns

    `ScoreCalibration`
        One that changes nothing if there are no scores.
    """
    if not scores:
        return ScoreCalibration()
    given = torch.tensor(scores, dtype=torch.float64)
    right = torch.tensor(correct)
    num_right = int(right.sum())
    num_wrong = len(scores) - num_right
    target = torch.where(right, (num_right + 1) / (num_right + 2), 1 / (num_wrong + 2)).double()

    def loss(parameters: NDArray[numpy.float64]) -> float:
        log_slope, shift = parameters
        chances = ScoreCalibration(math.exp(log_slope), shift)(given)
        return float(binary_cross_entropy(chances, target))

    log_slope, shift = minimize(loss, [0.0, 0.0], method="Nelder-Mead").x
    return ScoreCalibration(math.exp(log_slope), float(shift))


def reliability(
    scores: Sequence[float], correct: Sequence[bool], num_bins: int = NUM_BINS
) -> List[Bin]:
    """Bins of equal width over `[0, 1]`, those without entities left out."""
    values, right = numpy.asarray(scores, dtype=float), numpy.asarray(correct, dtype=float)
    number = numpy.clip((values * num_bins).astype(int), 0, num_bins - 1)
    return [
        Bin(int(inside.sum()), float(values[inside].mean()), float(right[inside].mean()))
        for inside in (number == each for each in range(num_bins))
        if inside.any()
    ]


def calibration_error(bins: Sequence[Bin]) -> float:
    """
    The expected calibration error: how far the mean score of a bin is from the share that is right,
    weighted by the entities in it; 0 if there are none.
    """
    total = sum(each.number for each in bins)
    return sum(each.number * abs(each.score - each.correct) for each in bins) / max(total, 1)
