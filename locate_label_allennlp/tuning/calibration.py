"""What scores are worth: a temperature for probabilities, and how far scores are from the truth."""

from typing import List, NamedTuple, Sequence

import numpy
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

TEMPERATURES = (0.2, 5.0)
"""Between them lies the one that is fitted."""

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


def fit_temperature(
    log_probabilities: NDArray[numpy.float64], labels: NDArray[numpy.int64]
) -> float:
    """
    The temperature at which the labels are most probable, by the negative log-likelihood: Guo et
    al., "On Calibration of Modern Neural Networks" (ICML 2017), section 4.2.

    # Parameters

    log_probabilities : `numpy.ndarray`
        Shape `(K, C + 1)`: of each candidate, at temperature 1.
    labels : `numpy.ndarray`
        Shape `(K,)`: the column that is right.

    # Returns

    `float`
        1 if there are no candidates.
    """
    if not len(labels):
        return 1.0

    def loss(temperature: float) -> float:
        scaled = log_probabilities / temperature
        largest = scaled.max(axis=1, keepdims=True)
        total = largest[:, 0] + numpy.log(numpy.exp(scaled - largest).sum(axis=1))
        return float(numpy.mean(total - scaled[numpy.arange(len(labels)), labels]))

    return float(minimize_scalar(loss, bounds=TEMPERATURES, method="bounded").x)


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
