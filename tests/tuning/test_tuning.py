"""What is kept of what was chosen for a model."""

from typing import Any

import pytest

from locate_label_allennlp.tuning import tuning
from locate_label_allennlp.tuning.thresholds import Objective
from locate_label_allennlp.tuning.tuning import Sentences, tune
from tests.models.tiny_experiment import Experiment


def tuned_with(temperature: float, monkeypatch: pytest.MonkeyPatch) -> Any:
    experiment = Experiment("tiny_exhaustive_span", decoder={"type": "none", "score_threshold": 0})
    batches = [experiment.batch(experiment.corpus)]
    monkeypatch.setattr(tuning, "fit_temperature", lambda logs, labels: temperature)
    return tune(Sentences(experiment.model, batches), experiment.model, Objective())


def test_a_temperature_is_kept_if_it_lowers_the_calibration_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    errors = {}
    for temperature in (0.2, 5.0):
        tuned = tuned_with(temperature, monkeypatch)
        errors[temperature] = tuned.after.calibration_error - tuned.before.calibration_error
        kept = tuned.temperature == temperature
        assert kept == (errors[temperature] < 0)
        assert kept or (tuned.temperature == 1.0 and errors[temperature] == 0)
    assert sorted(error < 0 for error in errors.values()) == [False, True]
