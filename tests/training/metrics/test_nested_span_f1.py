import json
from collections import Counter

import pytest
from allennlp.common import Params
from allennlp.common.testing import run_distributed_test
from allennlp.data import Vocabulary
from allennlp.training.metrics import Metric
from hypothesis import given, settings
from hypothesis import strategies as st

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.training.metrics import NestedSpanF1

TYPES = ["ORG", "PER", "GPE"]
BUCKETS = {"1-4": (1, 4), "5-9": (5, 9), "10+": (10, 10**9)}

ENTITIES = st.lists(
    st.builds(
        lambda start, length, type_: Entity(start, start + length, type_),
        st.integers(0, 4),
        st.sampled_from([1, 1, 2, 2, 4, 5, 9, 10, 21]),
        st.sampled_from(TYPES),
    ),
    max_size=6,
)


@st.composite
def sentences(draw):
    """
    Predicted and gold entities of a sentence, with repetitions, and some of them the same.
    """
    gold = draw(ENTITIES)
    found = draw(st.lists(st.sampled_from(gold), max_size=4)) if gold else []
    return found + draw(ENTITIES), gold


def make_vocab(types=TYPES):
    return Vocabulary(counter={"entity_labels": Counter(types)})


def run(metric, batch, reached=None):
    metric([predicted for predicted, _ in batch], [gold for _, gold in batch], reached)


def slow_metrics(batch):
    """
    The verbose metrics by their definitions: for each group, the gold and the predicted entities
    that belong to it, and all gold and predicted entities to look them up in.
    """

    def numbered(i, entity):
        return i, entity.start, entity.end, entity.type

    gold = {numbered(i, entity) for i, (_, entities) in enumerate(batch) for entity in entities}
    predicted = {
        numbered(i, entity) for i, (entities, _) in enumerate(batch) for entity in entities
    }

    def is_nested(entity, company):
        i, start, end, _ = entity
        return any(
            other != entity
            and other[0] == i
            and ((other[1] <= start and end <= other[2]) or (start <= other[1] and other[2] <= end))
            for other in company
        )

    def score(in_group, in_gold_group=None):
        wanted = {entity for entity in gold if (in_gold_group or in_group)(entity)}
        given_ = {entity for entity in predicted if in_group(entity)}
        return ratios(wanted, given_, gold, predicted)

    def ratios(wanted, given_, gold, predicted):
        precision = len(given_ & gold) / len(given_) if given_ else 0.0
        recall = len(wanted & predicted) / len(wanted) if wanted else 0.0
        return {
            "precision": precision,
            "recall": recall,
            "f1": 2 * precision * recall / (precision + recall) if precision + recall else 0.0,
            "gold": len(wanted),
            "predicted": len(given_),
            "correct": len(given_ & gold),
        }

    nested_sentences = {entity[0] for entity in gold if is_nested(entity, gold)}
    bounds = {entity[:3] for entity in gold}, {entity[:3] for entity in predicted}
    groups = {
        **{f"type/{label}": score(lambda e, t=label: e[3] == t) for label in TYPES},
        **{
            f"length/{name}": score(lambda e, a=low, b=high: a <= e[2] - e[1] <= b)
            for name, (low, high) in BUCKETS.items()
        },
        "nested_entities": score(
            lambda e: is_nested(e, predicted), in_gold_group=lambda e: is_nested(e, gold)
        ),
        "flat_entities": score(
            lambda e: not is_nested(e, predicted), in_gold_group=lambda e: not is_nested(e, gold)
        ),
        "nested_sentences": score(lambda e: e[0] in nested_sentences),
        "flat_sentences": score(lambda e: e[0] not in nested_sentences),
        "boundaries": ratios(*bounds, *bounds),
    }
    micro = score(lambda e: True)
    used = [
        groups[f"type/{label}"]
        for label in TYPES
        if any(entity[3] == label for entity in gold | predicted)
    ]
    return {
        **{f"micro_{name}": micro[name] for name in ("precision", "recall", "f1")},
        **{
            f"macro_{name}": sum(scores[name] for scores in used) / len(used) if used else 0.0
            for name in ("precision", "recall", "f1")
        },
        **{
            f"{group}/{name}": value
            for group, scores in groups.items()
            for name, value in scores.items()
        },
    }


@settings(deadline=None)
@given(batches=st.lists(st.lists(sentences(), max_size=3), max_size=3))
def test_verbose_metrics_are_those_of_the_definitions(batches):
    metric = NestedSpanF1(make_vocab(), verbose=True)
    for batch in batches:
        run(metric, batch)
    expected = slow_metrics([sentence for batch in batches for sentence in batch])
    metrics = metric.get_metric(reset=True)
    assert metrics == pytest.approx(expected, abs=1e-12)
    assert all(type(value) in (int, float) for value in metrics.values())
    assert json.loads(json.dumps(metrics)) == metrics


HAND = [
    (
        [Entity(0, 2, "PER"), Entity(0, 4, "ORG"), Entity(5, 6, "GPE")],
        [Entity(0, 2, "PER"), Entity(0, 4, "PER"), Entity(5, 6, "GPE"), Entity(7, 17, "ORG")],
    ),
    ([Entity(2, 3, "PER")], []),
]


def test_quiet_metrics_by_hand():
    metric = NestedSpanF1(make_vocab())
    run(metric, HAND, reached={"seed": 3, "filter": 2})
    metrics = metric.get_metric()
    assert list(metrics) == [
        *("micro_precision", "micro_recall", "micro_f1", "macro_f1"),
        *("seed_recall", "filter_recall"),
    ]
    assert metrics == pytest.approx(
        {
            "micro_precision": 2 / 4,
            "micro_recall": 2 / 4,
            "micro_f1": 0.5,
            # PER: one of two predicted, one of two gold; ORG: none; GPE: all.
            "macro_f1": (0.5 + 0 + 1) / 3,
            "seed_recall": 3 / 4,
            "filter_recall": 2 / 4,
        }
    )


def test_verbose_metrics_by_hand():
    metric = NestedSpanF1(make_vocab(), verbose=True)
    run(metric, HAND)
    metrics = metric.get_metric()
    expected = {
        "macro_recall": (0.5 + 0 + 1) / 3,
        "type/ORG/gold": 1,
        "type/ORG/predicted": 1,
        "type/ORG/correct": 0,
        "length/1-4/recall": 2 / 3,
        "length/10+/gold": 1,
        "length/10+/recall": 0,
        "nested_entities/recall": 1 / 2,
        "nested_entities/precision": 1 / 2,
        "flat_entities/gold": 2,
        "flat_entities/precision": 1 / 2,
        "nested_sentences/precision": 2 / 3,
        "nested_sentences/recall": 2 / 4,
        "flat_sentences/predicted": 1,
        "flat_sentences/f1": 0,
        "boundaries/precision": 3 / 4,
        "boundaries/recall": 3 / 4,
    }
    assert {name: metrics[name] for name in expected} == pytest.approx(expected)


def test_macro_leaves_out_types_that_do_not_occur():
    metric = NestedSpanF1(make_vocab())
    run(metric, [([Entity(0, 1, "PER")], [Entity(0, 1, "PER"), Entity(1, 2, "PER")])])
    assert metric.get_metric()["macro_f1"] == pytest.approx(2 / 3)


def test_the_same_entity_in_a_sentence_counts_once():
    metric = NestedSpanF1(make_vocab(), verbose=True)
    run(
        metric,
        [([Entity(0, 1, "PER")] * 3, [Entity(0, 1, "PER")] * 2), ([], [Entity(0, 1, "PER")])],
    )
    metrics = metric.get_metric()
    assert (metrics["type/PER/gold"], metrics["type/PER/predicted"]) == (2, 1)
    assert (metrics["micro_precision"], metrics["micro_recall"]) == (1.0, 0.5)
    assert metrics["nested_entities/gold"] == 0


def test_without_entities_everything_is_zero():
    metric = NestedSpanF1(make_vocab(), verbose=True)
    before = metric.get_metric()
    run(metric, [], reached={"seed": 0})
    run(metric, [([], [])], reached={"seed": 0})
    assert metric.get_metric() == {**before, "seed_recall": 0.0}
    assert set(before.values()) == {0}


def test_reset_forgets():
    metric = NestedSpanF1(make_vocab(), verbose=True)
    fresh = metric.get_metric()
    run(metric, HAND, reached={"seed": 1})
    counted = metric.get_metric()
    assert metric.get_metric(reset=True) == counted != fresh
    assert metric.get_metric() == fresh
    run(metric, HAND, reached={"seed": 1})
    assert metric.get_metric() == counted


def test_a_ceiling_is_a_share_of_all_gold_entities():
    metric = NestedSpanF1(make_vocab(), stages=["seed", "pyramid"])
    run(metric, HAND, reached={"pyramid": 4})
    run(metric, HAND)
    assert metric.get_metric()["pyramid_recall"] == 4 / 8
    assert "seed_recall" not in metric.get_metric()


@pytest.mark.parametrize(
    ("predicted", "gold"), [([Entity(0, 2, "FOO")], []), ([], [Entity(0, 2, "FOO")])]
)
def test_an_unknown_type_is_named(predicted, gold):
    metric = NestedSpanF1(make_vocab())
    with pytest.raises(ValueError, match=r"type='FOO'.*'GPE', 'ORG', 'PER'"):
        run(metric, [(predicted, gold)])


@pytest.mark.parametrize(
    ("reached", "message"),
    [
        ({"seeds": 1}, r"'seeds'.*\['seed', 'filter'\]"),
        ({"seed": 5}, "'seed' is said to reach 5 of 4"),
        ({"seed": -1}, "'seed' is said to reach -1 of 4"),
    ],
)
def test_an_impossible_ceiling_is_named(reached, message):
    metric = NestedSpanF1(make_vocab())
    before = metric.get_metric()
    with pytest.raises(ValueError, match=message):
        run(metric, HAND, reached)
    assert metric.get_metric() == before


def test_predictions_and_gold_must_be_of_the_same_sentences():
    with pytest.raises(ValueError, match=r"2 sentences.*1"):
        NestedSpanF1(make_vocab())([[], []], [[]])


def test_it_is_made_from_a_configuration():
    params = {"type": "nested_span_f1", "verbose": True, "length_buckets": [1, 3]}
    metric = Metric.from_params(Params(params), vocab=make_vocab())
    run(metric, HAND)
    metrics = metric.get_metric()
    assert metrics["length/1-2/gold"] == metrics["length/3+/gold"] == 2


def test_padding_and_unknown_are_no_types():
    vocab = Vocabulary(
        counter={"entity_tokens": Counter(TYPES)}, non_padded_namespaces=["entity_labels"]
    )
    metric = NestedSpanF1(vocab, label_namespace="entity_tokens", verbose=True)
    types = {name.split("/")[1] for name in metric.get_metric() if name.startswith("type/")}
    assert types == set(TYPES)


def run_in_process(global_rank, world_size, gpu_id, shares, expected):
    metric = NestedSpanF1(make_vocab(), verbose=True)
    for batch, reached in shares[global_rank]:
        run(metric, batch, reached)
    assert metric.get_metric(reset=True) == expected
    assert metric.get_metric()["micro_f1"] == 0.0


def test_processes_together_give_what_one_gives(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    other = [
        (
            [Entity(1, 2, "PER"), Entity(1, 5, "ORG")],
            [Entity(1, 5, "ORG"), Entity(1, 2, "GPE"), Entity(0, 12, "GPE")],
        )
    ]
    shares = [
        [(HAND, {"seed": 3, "filter": 2}), ([], {"seed": 0, "filter": 0})],
        [(other, {"seed": 2, "filter": 1}), (HAND[:1], {"seed": 4, "filter": 4})],
    ]
    alone = NestedSpanF1(make_vocab(), verbose=True)
    for batch, reached in shares[0] + shares[1]:
        run(alone, batch, reached)
    run_distributed_test([-1, -1], run_in_process, shares, alone.get_metric())


def test_discontinuous_entities_count_as_missed():
    metric = NestedSpanF1(make_vocab(), verbose=True)
    predicted = [[Entity(0, 4, "ORG")], [Entity(1, 2, "PER")]]
    # The same words and type as the prediction, but in fragments, so still missed.
    same = Entity(0, 4, "ORG", ((0, 1), (2, 4)))
    long = Entity(5, 20, "ORG", ((5, 6), (8, 20)))
    metric(predicted, [[*predicted[0], same, long], predicted[1]])
    metrics = metric.get_metric()
    assert (metrics["micro_precision"], metrics["micro_recall"]) == (1.0, 0.5)
    assert metrics["type/ORG/gold"] == 3
    assert metrics["type/ORG/recall"] == 1 / 3
    assert (metrics["length/1-4/gold"], metrics["length/10+/gold"]) == (3, 1)
    assert metrics["boundaries/gold"] == 4
    assert (metrics["flat_entities/gold"], metrics["nested_entities/gold"]) == (4, 0)
    assert (metrics["flat_sentences/gold"], metrics["flat_sentences/predicted"]) == (4, 2)
