import math

import pytest
import torch

from locate_label_allennlp.decoders.score_calibration import ScoreCalibration


def test_slope_and_shift_are_of_the_logarithm_of_the_odds() -> None:
    scores = torch.tensor([0.2, 0.5, 0.9])
    # odds 1/4, 1, 9
    expected = [math.sqrt(odds) / 10 for odds in (0.25, 1, 9)]
    found = ScoreCalibration(slope=0.5, shift=-math.log(10))(scores)
    assert found.tolist() == pytest.approx([each / (1 + each) for each in expected])
    torch.testing.assert_close(ScoreCalibration()(scores), scores)


def test_certain_scores_stay_finite_and_in_order() -> None:
    scores = torch.tensor([0.0, 0.5, 1.0])
    found = ScoreCalibration(slope=0.5, shift=-1)(scores)
    assert 0 < found[0] < 1e-3 < found[1] < 0.999 < found[2] < 1
    assert found.dtype == torch.float32
