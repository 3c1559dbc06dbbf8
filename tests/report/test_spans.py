from typing import Any, Callable

import pytest

from locate_label_allennlp.report.spans import Spans
from locate_label_allennlp.report.traces import traces


def test_every_stage_is_what_a_slow_count_gives(experiment: Callable[..., Any]) -> None:
    model, batches = experiment(with_discontinuous=True)
    spans = Spans()
    for trace in traces(model, batches):
        spans.add(trace)
    made = spans.as_json()
    possible = seeds = kept = classified = gold = 0
    for batch in batches:
        candidates = model.candidates(**batch)
        kept += len(set(candidates.seeds.of_candidates.tolist()))
        classified += candidates.spans.num_spans
        for sentence, entities in zip(batch["metadata"], batch["entities"], strict=True):
            words = len(sentence["words"])
            every = [(i, j) for i in range(words) for j in range(i, words)]
            possible += len(every)
            seeds += sum(j - i + 1 in (1, 2, 3) for i, j in every)
            rows = {tuple(row) for row in entities.tolist() if row[0] >= 0}
            gold += len(rows) + len(sentence["unreachable"])
    assert {name: made[name] for name in ("possible", "seeds", "kept", "classified")} == {
        "possible": possible,
        "seeds": seeds,
        "kept": kept,
        "classified": classified,
    }
    assert 0 < kept < seeds
    assert made["kept_share"] == pytest.approx(kept / seeds)
    assert made["per_entity"]["classified"] == pytest.approx(classified / gold)
    assert made["per_entity"]["possible"] == pytest.approx(possible / gold)


def test_models_without_seeds_or_filter(experiment: Callable[..., Any]) -> None:
    for config, has_seeds in (
        ("tiny_proposer_regressor.jsonnet", False),
        ("tiny_exhaustive_span.jsonnet", True),
    ):
        model, batches = experiment(config, {})
        spans = Spans()
        for trace in traces(model, batches):
            spans.add(trace)
        made = spans.as_json()
        assert (made["seeds"] is not None) == has_seeds
        assert made["kept"] is made["kept_share"] is made["per_entity"]["kept"] is None
        assert made["classified"] > 0
