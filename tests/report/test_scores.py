from typing import Any, Callable

import torch

from locate_label_allennlp.report.scores import Scores
from locate_label_allennlp.report.traces import traces
from locate_label_allennlp.training.metrics.entity_counter import EntityCounter


def test_the_figures_are_those_of_evaluation(experiment: Callable[..., Any]) -> None:
    model, batches = experiment(with_discontinuous=True)
    scores = Scores(EntityCounter(model.labels.values()))
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
    assert len(groups) == 3 + 3 + 5
    for group in groups:
        for name in ("precision", "recall", "f1", "gold", "predicted", "correct"):
            assert ours[group][name] == metrics[f"{group}/{name}"], (group, name)
