from typing import Any, Callable

import torch

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.decoders import SoftNmsDecoder
from locate_label_allennlp.report.curves import THRESHOLDS, Curves
from locate_label_allennlp.report.traces import Trace, traces
from locate_label_allennlp.training.metrics.entity_counter import EntityCounter


def test_each_point_is_what_evaluation_gives_with_that_threshold(
    experiment: Callable[..., Any],
) -> None:
    model, batches = experiment()
    curves = Curves(model.decoder, EntityCounter(model.labels.values()))
    for trace in traces(model, batches):
        curves.add(trace)
    points = {point["threshold"]: point for point in curves.as_json()["points"]["micro"]}
    assert set(points) == set(THRESHOLDS)
    f1 = []
    for threshold in THRESHOLDS:
        model.decoder.score_threshold = threshold
        with torch.no_grad():
            for batch in batches:
                model(**batch)
        metrics = model.get_metrics(reset=True)
        point = points[threshold]
        assert point["precision"] == metrics["micro_precision"]
        assert point["recall"] == metrics["micro_recall"]
        assert point["f1"] == metrics["micro_f1"]
        f1.append(point["f1"])
    assert len(set(f1)) > 2, "the thresholds make no difference here"


def test_competitors_below_the_threshold_make_no_difference(
    make_trace: Callable[..., Trace],
) -> None:
    # The outer one lowers the inner one's score from 0.55 to 0.495, whatever the threshold.
    decoder = SoftNmsDecoder(decay=0.9, overlap_threshold=0.6, score_threshold=0.3)
    trace = make_trace(
        [Entity(0, 4, "A"), Entity(0, 3, "B")],
        [(0, 3, [0.1, 0.8, 0.1]), (0, 2, [0.25, 0.2, 0.55])],
    )
    curves = Curves(decoder, EntityCounter(["A", "B"]))
    curves.add(trace)
    made = curves.as_json()
    points = {point["threshold"]: point for point in made["points"]["type/B"]}
    assert points[0.45]["recalled"] == 1
    assert points[0.5]["recalled"] == 0
    # Of all thresholds with the best F1 the highest.
    assert made["best"]["threshold"] == 0.45
    assert decoder.score_threshold == 0.3


def test_each_point_is_of_that_threshold_for_all_types(make_trace: Callable[..., Trace]) -> None:
    decoder = SoftNmsDecoder(score_threshold=0.3, type_thresholds={"B": 0.62})
    trace = make_trace([Entity(0, 2, "B")], [(0, 1, [0.25, 0.2, 0.55])])
    curves = Curves(decoder, EntityCounter(["A", "B"]))
    curves.add(trace)
    points = {point["threshold"]: point for point in curves.as_json()["points"]["type/B"]}
    assert points.keys() == {*THRESHOLDS, 0.62}
    assert [points[each]["recalled"] for each in (0.3, 0.5, 0.55, 0.62)] == [1, 1, 0, 0]
