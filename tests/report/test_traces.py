from typing import Any, Callable, List

import torch

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.report.traces import Trace, traces


def plain(trace: Trace) -> List[Any]:
    """Everything but the numbers, which depend on the size of a batch in the last digits."""
    predicted = [entity.key for entity in trace.predicted]
    return [trace.words, trace.source, trace.gold, trace.candidates.tolist(), predicted]


def test_what_is_predicted_is_what_the_model_predicts(experiment: Callable[..., Any]) -> None:
    model, batches = experiment()
    seen = [trace.predicted for trace in traces(model, batches)]
    with torch.no_grad():
        expected = [entities for batch in batches for entities in model(**batch)["entities"]]
    assert sum(map(len, expected)) > 5
    assert seen == expected


def test_a_sentence_alone_or_in_a_batch(experiment: Callable[..., Any]) -> None:
    together = list(traces(*experiment()))
    alone = list(traces(*experiment(batch_size=1)))
    assert [plain(trace) for trace in alone] == [plain(trace) for trace in together]
    for one, other in zip(alone, together, strict=True):
        assert torch.allclose(one.probabilities, other.probabilities, atol=1e-5)
        assert torch.equal(one.seeds.spans, other.seeds.spans)  # type: ignore[union-attr]


def test_gold_entities_and_discontinuous_ones(experiment: Callable[..., Any]) -> None:
    *_, last = traces(*experiment(with_discontinuous=True))
    assert last.source.endswith("fragments.jsonl:1")
    assert last.gold == [Entity(0, 2, "PLACE"), Entity(0, 4, "ORG", ((0, 1), (2, 4)))]


def test_each_candidate_knows_its_seed(experiment: Callable[..., Any]) -> None:
    model, batches = experiment()
    with torch.no_grad():
        # All boundaries move by one word to the right.
        model._regressor._output.weight.zero_()
        model._regressor._output.bias.fill_(1.0)
    checked = 0
    for trace in traces(model, batches):
        assert trace.seeds is not None
        assert trace.seeds.kept is not None
        assert trace.seeds.are_adjusted
        assert torch.equal(trace.seeds.spans[trace.seeds.kept], trace.seeds.of_candidates)
        moved = (trace.seeds.of_candidates + 1).clamp(max=len(trace.words) - 1)
        assert torch.equal(trace.candidates, moved)
        checked += trace.seeds.kept.sum().item() < trace.seeds.spans.size(0)
    assert checked > 3, "the filter drops nothing"


def test_without_a_filter_every_seed_is_a_candidate(experiment: Callable[..., Any]) -> None:
    model, batches = experiment(overrides={"model.filter": None, "model.regressor": None})
    for trace in traces(model, batches):
        assert trace.seeds is not None
        assert trace.seeds.kept is None
        assert trace.seeds.needed_iou == 1.0
        assert not trace.seeds.are_adjusted
        assert torch.equal(trace.seeds.spans, trace.candidates)


def test_batches_are_taken_one_at_a_time(experiment: Callable[..., Any]) -> None:
    model, batches = experiment(batch_size=2)
    taken = []
    first = next(traces(model, (taken.append(1) or batch for batch in batches)))  # type: ignore
    assert first.words
    assert len(taken) == 1


def test_gradients_are_free_between_the_traces(experiment: Callable[..., Any]) -> None:
    for _ in traces(*experiment()):
        assert torch.is_grad_enabled()
        assert not torch.is_inference_mode_enabled()
