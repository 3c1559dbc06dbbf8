from typing import Any, Callable, Dict, List

import pytest

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.report.lengths import Lengths
from locate_label_allennlp.report.page import _beyond, _ranges
from locate_label_allennlp.report.traces import Trace, traces


def slow(all_traces: List[Trace], lengths: List[int]) -> Dict[str, int]:
    """Of the entities of these lengths, whatever the module under test does."""
    gold = found = right = 0
    for trace in all_traces:
        for entity in trace.gold:
            words = sum(end - start for start, end in entity.fragments or [entity.span])
            gold += words in lengths
            right += words in lengths and any(
                entity.span == other.span and entity.type == other.type and not entity.fragments
                for other in trace.predicted
            )
        found += sum(each.end - each.start in lengths for each in trace.predicted)
    return {"gold": gold, "predicted": found, "correct": right}


def test_each_length_is_what_a_slow_count_gives(experiment: Callable[..., Any]) -> None:
    model, batches = experiment(with_discontinuous=True)
    assert model.enumerated_lengths == (1, 2, 3)
    lengths, every = Lengths(model.enumerated_lengths), list(traces(model, batches))
    for trace in every:
        lengths.add(trace)
    made = lengths.as_json()

    def check(scores: Dict[str, Any], expected: Dict[str, int]) -> None:
        assert {name: scores[name] for name in expected} == expected
        precision = expected["correct"] / max(expected["predicted"], 1)
        recall = expected["correct"] / max(expected["gold"], 1)
        assert scores["f1"] == pytest.approx(2 * precision * recall / max(precision + recall, 1e-9))

    present = [length for length in range(1, 20) if any(slow(every, [length]).values())]
    assert list(made["single"]) == [str(length) for length in present]
    for length in present:
        check(made["single"][str(length)], slow(every, [length]))
    assert list(made["short"])[-1] == "5+"
    check(made["short"]["5+"], slow(every, list(range(5, 99))))
    assert made["enumerated"]["lengths"] == [1, 2, 3]
    check(made["enumerated"]["yes"], slow(every, [1, 2, 3]))
    check(made["enumerated"]["no"], slow(every, list(range(4, 99))))
    # It finds entities whose lengths it has never looked at.
    assert made["enumerated"]["no"]["gold"] > 0


def test_the_longest_are_one_group(make_trace: Callable[..., Trace]) -> None:
    lengths = Lengths()
    gold = [Entity(0, size, "A") for size in (1, 19, 20, 31)]
    lengths.add(make_trace(gold, predicted=[Entity(0, 31, "A"), Entity(2, 3, "B")]))
    made = lengths.as_json()
    assert {name: group["gold"] for name, group in made["single"].items()} == {
        "1": 1,
        "19": 1,
        "20+": 2,
    }
    assert made["single"]["20+"]["correct"] == 1
    assert made["single"]["1"]["predicted"] == 1
    assert {name: group["gold"] for name, group in made["short"].items()} == {"1": 1, "5+": 3}
    assert made["enumerated"] is None


@pytest.mark.parametrize(
    ("config", "overrides", "expected"),
    [
        ("tiny_exhaustive_span.jsonnet", {"model.max_span_length": 4}, [1, 2, 3, 4]),
        ("tiny_biaffine_span.jsonnet", {}, None),
        ("tiny_proposer_regressor.jsonnet", {}, None),
    ],
)
def test_which_lengths_a_model_looks_at(
    config: str, overrides: Dict[str, Any], expected: Any, experiment: Callable[..., Any]
) -> None:
    lengths = experiment(config, overrides).model.enumerated_lengths
    assert lengths == expected if expected is None else list(lengths) == expected


def test_lengths_in_words() -> None:
    assert _ranges([1, 2, 3, 5, 7, 8]) == "1-3, 5, 7-8"
    assert [_beyond(group, [1, 2, 20]) for group in ("1", "3", "20+", "21+")] == [
        *(False, True, False, True)
    ]
