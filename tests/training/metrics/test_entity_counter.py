import pytest

from locate_label_allennlp.common.length_buckets import LengthBuckets
from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.training.metrics import Counts, EntityCounter

INNER, OUTER, SAME = Entity(0, 1, "A"), Entity(0, 2, "A"), Entity(0, 2, "B")
FRAGMENTS = Entity(0, 2, "A", ((0, 1), (3, 5)))


def test_groups_and_counts_by_hand():
    counter = EntityCounter(["A", "B"], LengthBuckets([1, 2]))
    counts = counter.count([[INNER.with_score(0.9), OUTER]], [[INNER, Entity(3, 6, "B")]])
    assert list(counts) == counter.groups
    assert {group: each.numbers for group, each in counts.items()} == {
        "micro": [2, 1, 2, 1],
        "type/A": [1, 1, 2, 1],
        "type/B": [1, 0, 0, 0],
        "length/1": [1, 1, 1, 1],
        "length/2+": [1, 0, 1, 0],
        # The gold entities are flat, the predicted ones are nested.
        "nested_entities": [0, 0, 2, 1],
        "flat_entities": [2, 1, 0, 0],
        "nested_sentences": [0, 0, 0, 0],
        "flat_sentences": [2, 1, 2, 1],
        "boundaries": [2, 1, 2, 1],
    }


def test_two_types_on_the_same_words_are_nested_and_have_the_same_boundaries():
    counts = EntityCounter(["A", "B"]).count([[OUTER]], [[OUTER, SAME]])
    assert counts["nested_entities"] == Counts(gold=2, recalled=1)
    assert counts["flat_entities"] == Counts(predicted=1, correct=1)
    assert counts["nested_sentences"] == Counts(2, 1, 1, 1)
    assert counts["boundaries"] == Counts(1, 1, 1, 1)


def test_a_discontinuous_entity_is_missed_and_never_nested():
    counts = EntityCounter(["A"]).count([[INNER, OUTER]], [[INNER, FRAGMENTS]])
    assert counts["micro"] == Counts(2, 1, 2, 1)
    assert counts["nested_entities"] == Counts(0, 0, 2, 1)
    assert counts["flat_entities"] == Counts(2, 1, 0, 0)
    assert counts["boundaries"] == Counts(2, 1, 2, 1)


def test_scores_of_counts():
    counts = Counts(gold=4, recalled=2, predicted=3, correct=1)
    assert counts.as_json() == {
        **{"precision": 1 / 3, "recall": 0.5, "f1": 0.4},
        **{"gold": 4, "recalled": 2, "predicted": 3, "correct": 1},
    }
    assert Counts().scores == {"precision": 0.0, "recall": 0.0, "f1": 0.0}
    assert counts + Counts(1, 2, 3, 4) == Counts(5, 4, 6, 5)


def test_the_mean_is_that_of_the_types_that_occur():
    counter = EntityCounter(["A", "B", "C"])
    counts = counter.count([[INNER]], [[INNER, SAME]])
    assert counter.macro(counts) == {"precision": 0.5, "recall": 0.5, "f1": 0.5}
    assert counter.macro(counter.count([[]], [[]])) == {"precision": 0, "recall": 0, "f1": 0}


def test_a_type_that_is_not_known_is_named():
    with pytest.raises(ValueError, match=r"type='A'.*whose types are \['B'\]"):
        EntityCounter(["B"]).count([[]], [[INNER]])
