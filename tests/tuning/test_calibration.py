import numpy
import pytest
import torch

from locate_label_allennlp.tuning.calibration import (
    Bin,
    calibration_error,
    fit_calibration,
    reliability,
)


@pytest.mark.parametrize(("slope", "shift"), [(0.5, -1.0), (1.0, 0.0), (2.0, 0.5)])
def test_what_was_made_with_a_calibration_is_found_again(slope: float, shift: float) -> None:
    random = numpy.random.default_rng(0)
    odds = random.normal(size=50_000) * 2
    chances = 1 / (1 + numpy.exp(-(slope * odds + shift)))
    correct = random.random(50_000) < chances
    fitted = fit_calibration((1 / (1 + numpy.exp(-odds))).tolist(), correct.tolist())
    assert fitted.slope == pytest.approx(slope, rel=0.05)
    assert fitted.shift == pytest.approx(shift, abs=0.05)


def test_few_that_are_all_right_are_not_made_certain() -> None:
    fitted = fit_calibration([0.6, 0.8, 0.9], [True, True, True])
    # 4 of 5, whatever the score
    for score in fitted(torch.tensor([0.6, 0.8, 0.9])).tolist():
        assert score == pytest.approx(0.8, abs=0.01)
    fitted = fit_calibration([0.6, 0.8], [False, False])
    for score in fitted(torch.tensor([0.6, 0.8])).tolist():
        assert score == pytest.approx(0.25, abs=0.01)


def test_without_scores_nothing_is_fitted() -> None:
    assert vars(fit_calibration([], [])) == {"slope": 1.0, "shift": 0.0}


def test_bins_and_their_error() -> None:
    scores = [0.05, 0.15, 0.15, 0.95, 1.0]
    bins = reliability(scores, [False, True, False, True, True], num_bins=10)
    expected = [Bin(1, 0.05, 0.0), Bin(2, 0.15, 0.5), Bin(2, 0.975, 1.0)]
    assert [each.number for each in bins] == [1, 2, 2]
    for found, wanted in zip(bins, expected, strict=True):
        assert found == pytest.approx(wanted)
    assert calibration_error(bins) == pytest.approx((0.05 + 2 * 0.35 + 2 * 0.025) / 5)
    assert calibration_error([]) == 0.0
