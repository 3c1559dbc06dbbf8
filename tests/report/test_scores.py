from typing import Any, Callable

import torch

from locate_label_allennlp.report.building import LENGTH_BUCKETS
from locate_label_allennlp.report.scores import Scores, precision_recall_f1
from locate_label_allennlp.report.traces import traces
from locate_label_allennlp.training.metrics.entity_counter import EntityCounter


def test_the_figures_are_those_of_evaluation(experiment: Callable[..., Any]) -> None:
    model, batches = experiment(with_discontinuous=True)
    scores = Scores(EntityCounter(model.labels.values(), LENGTH_BUCKETS))
    for trace in traces(model, batches):
        scores.add(trace)
    with torch.no_grad():
        for batch in batches:
            model(**batch)
    metrics = model.get_metrics()
    ours = scores.as_json()
    assert 0 < metrics["micro_f1"] < 1
    for kind in ("micro", "macro"):
        for name in ("precision", "recall", "f1"):
            assert ours[kind][name] == metrics[f"{kind}_{name}"]
    groups = [group for group in ours if group not in ("micro", "macro")]
    assert len(groups) == 3 + len(LENGTH_BUCKETS) + 5
    for group in groups:
        for name in ("precision", "recall", "f1", "gold", "predicted", "correct"):
            assert ours[group][name] == metrics[f"{group}/{name}"], (group, name)


def test_nothing_found_is_no_division_by_zero() -> None:
    assert precision_recall_f1([0, 0, 0, 0]) == (0, 0, 0)
    assert precision_recall_f1([4, 2, 3, 1]) == (1 / 3, 0.5, 0.4)
