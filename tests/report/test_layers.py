from typing import Any, Callable, Dict, List

import pytest
import torch

from locate_label_allennlp.report.building import build_report
from locate_label_allennlp.report.layers import Layers
from locate_label_allennlp.report.page import page
from locate_label_allennlp.report.traces import traces


def locations_seen(model: Any, batch: Dict[str, Any]) -> List[torch.Tensor]:
    seen: List[torch.Tensor] = []
    hooks = [
        module.register_forward_hook(lambda _, __, made: seen.append(made.location))
        for module in (model._proposer, *model._regressor._layers)
    ]
    with torch.no_grad():
        model.candidates(**batch)
    for hook in hooks:
        hook.remove()
    return seen


def slow(model: Any, batches: List[Dict[str, Any]]) -> List[List[List[float]]]:
    """Of each found entity the locations at every step, by the model's own modules."""
    found = []
    columns = {label: number + 1 for number, label in model.labels.items()}
    for batch in batches:
        seen = locations_seen(model, batch)
        assert len(seen) == 3
        with torch.no_grad():
            candidates, output = model.candidates(**batch), model(**batch)["entities"]
        for number, entities in enumerate(output):
            for entity in entities:
                best = max(
                    (float(candidates.probabilities[k, columns[entity.type]]), -k)
                    for k in range(candidates.spans.num_spans)
                    if int(candidates.spans.sentence[k]) == number
                    and int(candidates.spans.start[k]) == entity.start
                    and int(candidates.spans.end[k]) == entity.end - 1
                )
                first = int((candidates.spans.sentence < number).sum())
                word = -best[1] - first
                found.append([step[number, word].tolist() for step in seen])
    return found


@pytest.fixture
def trained(experiment: Callable[..., Any]) -> Any:
    overrides = {"model.regressor.num_layers": 2}
    return experiment("tiny_proposer_regressor.jsonnet", overrides)


def test_locations_are_those_of_the_layers(trained: Any) -> None:
    model, batches = trained
    layers = Layers([model.labels[number] for number in sorted(model.labels)], 100)
    spans = []
    for trace in traces(model, batches):
        layers.add(trace)
        spans += [(entity.start, entity.end - 1) for entity in trace.predicted]
    made = layers.as_json()
    assert made is not None
    expected = slow(model, batches)
    assert made["entities"] == len(expected) > 3
    for step in range(3):
        distances = [
            abs(location[step][side] - span[side])
            for location, span in zip(expected, spans, strict=True)
            for side in (0, 1)
        ]
        assert made["distance"][step] == pytest.approx(sum(distances) / len(distances), abs=1e-4)
        near = [max(distances[i : i + 2]) < 0.5 for i in range(0, len(distances), 2)]
        assert made["near"][step] == pytest.approx(sum(near) / len(near))
    shown = [entity for example in made["examples"] for entity in example["entities"]]
    for entity, locations in zip(shown, expected, strict=True):
        assert torch.tensor(entity["locations"]).sub(torch.tensor(locations)).abs().max() < 0.006


def test_they_are_on_the_page(trained: Any, experiment: Callable[..., Any]) -> None:
    model, batches = trained
    report = build_report(model, batches, "model.tar.gz", "corpus.jsonl", max_examples=2)
    shown = page(report)
    assert len(report["layers"]["examples"]) == 2
    assert '<th scope="row">layer 2</th>' in shown
    assert '<th scope="row">layer 3</th>' not in shown
    start, end = report["layers"]["examples"][0]["entities"][0]["locations"][0]
    assert f"({start:.2f}, {end:.2f}) → " in shown
    other = build_report(*experiment(), "model.tar.gz", "corpus.jsonl")
    assert other["layers"] is None
    assert 'id="layers"' not in page(other)


def test_windows_of_long_sentences(trained: Any) -> None:
    model, batches = trained
    plain = model.candidates(**batches[0])
    model._max_words, model._window_overlap = 6, 3
    made = model.candidates(**batches[0])
    assert made.locations.size() == (made.spans.num_spans, 3, 2)
    assert made.locations.size(0) >= plain.locations.size(0)
    # Those of a window behind the first are places in the sentence.
    behind = made.spans.start >= 6
    assert behind.any()
    assert bool((made.locations[behind] >= 3).all())
