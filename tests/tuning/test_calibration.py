import numpy
import pytest

from locate_label_allennlp.tuning.calibration import (
    Bin,
    calibration_error,
    fit_temperature,
    reliability,
)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_of_what_was_made_with_one(temperature: float) -> None:
    random = numpy.random.default_rng(0)
    logits = random.normal(size=(20_000, 4)) * 3
    chances = numpy.exp(logits) / numpy.exp(logits).sum(axis=1, keepdims=True)
    labels = (chances.cumsum(axis=1) < random.random((20_000, 1))).sum(axis=1)
    given = numpy.log(chances) * temperature  # the model is too sure, or not sure enough
    assert fit_temperature(given, labels) == pytest.approx(temperature, rel=0.05)


def test_without_candidates_nothing_is_fitted() -> None:
    assert fit_temperature(numpy.zeros((0, 3)), numpy.zeros(0, dtype=int)) == 1.0


def test_bins_and_their_error() -> None:
    scores = [0.05, 0.15, 0.15, 0.95, 1.0]
    bins = reliability(scores, [False, True, False, True, True], num_bins=10)
    expected = [Bin(1, 0.05, 0.0), Bin(2, 0.15, 0.5), Bin(2, 0.975, 1.0)]
    assert [each.number for each in bins] == [1, 2, 2]
    for found, wanted in zip(bins, expected, strict=True):
        assert found == pytest.approx(wanted)
    assert calibration_error(bins) == pytest.approx((0.05 + 2 * 0.35 + 2 * 0.025) / 5)
    assert calibration_error([]) == 0.0
