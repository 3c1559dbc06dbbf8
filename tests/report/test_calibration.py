from typing import Any, Callable, List, Tuple

import pytest

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.decoders import KeepAllDecoder
from locate_label_allennlp.report.calibration import Calibration
from locate_label_allennlp.report.traces import Trace, traces
from locate_label_allennlp.tuning.thresholds import Objective
from locate_label_allennlp.tuning.tuning import Sentences, tune


def test_it_is_what_a_slow_count_gives(experiment: Callable[..., Any]) -> None:
    model, batches = experiment(with_discontinuous=True)
    calibration = Calibration(model.decoder)
    scored: List[Tuple[float, bool]] = []
    for trace in traces(model, batches):
        calibration.add(trace)
        gold = {(entity.start, entity.end, entity.type) for entity in trace.gold}
        for entity in model.decoder.with_thresholds(0.0).decode(trace.scored):
            assert not entity.fragments
            assert entity.score is not None
            scored.append((entity.score, (entity.start, entity.end, entity.type) in gold))
    made = calibration.as_json()
    error = 0.0
    for number in range(15):
        inside = [
            each
            for each in scored
            if number == min(14, next(b for b in range(16) if each[0] * 15 < b + 1))
        ]
        if inside:
            score = sum(each[0] for each in inside) / len(inside)
            right = sum(each[1] for each in inside) / len(inside)
            (found,) = [
                each for each in made["bins"] if number / 15 <= each["score"] <= (number + 1) / 15
            ]
            assert found["number"] == len(inside)
            assert found["score"] == pytest.approx(score)
            assert found["correct"] == pytest.approx(right)
            error += len(inside) * abs(score - right)
    assert len(made["bins"]) > 3
    assert made["error"] == pytest.approx(error / len(scored))


def test_it_is_that_of_tuning(experiment: Callable[..., Any]) -> None:
    model, batches = experiment()
    calibration = Calibration(model.decoder)
    for trace in traces(model, batches):
        calibration.add(trace)
    tuned = tune(Sentences(model, batches), model, Objective(), with_calibration=False)
    assert calibration.as_json()["error"] == pytest.approx(tuned.after.calibration_error)
    assert model.decoder.score_threshold == 0.5


def test_entities_below_the_threshold_count(make_trace: Callable[..., Trace]) -> None:
    calibration = Calibration(KeepAllDecoder(score_threshold=0.9))
    gold = [Entity(0, 1, "A")]
    calibration.add(make_trace(gold, [(0, 0, [0.3, 0.6, 0.1]), (1, 1, [0.3, 0.1, 0.6])]))
    assert calibration.as_json()["bins"] == [
        {"number": 2, "score": pytest.approx(0.6), "correct": 0.5}
    ]
    assert calibration.as_json()["error"] == pytest.approx(0.1)


def test_where_nothing_is_found() -> None:
    assert Calibration(KeepAllDecoder()).as_json() == {"error": 0.0, "bins": []}
