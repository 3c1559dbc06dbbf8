from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.decoders import GreedyDecoder
from tests.decoders.candidates import candidates

# Sixteenths, so that scores are often equal.
SPANS = candidates(st.integers(0, 16).map(lambda score: score / 16), max_size=12)


def words(entity):
    return set(range(entity.start, entity.end))


def clash(a, b, flat):
    crosses = words(a) - words(b) and words(b) - words(a)
    return bool(words(a) & words(b) and (flat or crosses))


@given(spans=SPANS, flat=st.booleans())
def test_what_is_taken_clashes_with_nothing_and_what_is_dropped_with_a_better_one(spans, flat):
    entities = GreedyDecoder(flat=flat, score_threshold=0.25).decode(spans)
    for one, other in combinations(entities, 2):
        assert not clash(one, other, flat)
    taken = {entity.key: entity.score for entity in entities}
    for span in spans:
        if span.score > 0.25 and taken.get(span.key, 0) < span.score:
            better = [
                entity
                for entity in entities
                if (-entity.score, entity.key) < (-span.score, span.key)
            ]
            assert any(clash(span, entity, flat) for entity in better)


def test_nested_ones_stay_unless_entities_are_flat():
    nested = [Entity(0, 3, "A", score=0.9), Entity(1, 2, "A", score=0.8)]
    assert GreedyDecoder().decode(nested) == nested
    assert GreedyDecoder(flat=True).decode(nested) == nested[:1]


def test_the_better_of_two_that_cross_stays():
    spans = [Entity(0, 3, "A", score=0.6), Entity(1, 4, "A", score=0.9)]
    assert GreedyDecoder().decode(spans) == [spans[1]]


def test_what_crosses_only_a_dropped_span_stays():
    spans = [
        Entity(0, 3, "A", score=0.9),
        Entity(2, 5, "A", score=0.8),
        Entity(4, 7, "A", score=0.7),
    ]
    assert GreedyDecoder().decode(spans) == [spans[0], spans[2]]


@pytest.mark.parametrize(("flat", "kept"), [(False, 3), (True, 1)])
def test_nested_entities(flat, kept):
    spans = [
        Entity(0, 6, "A", score=0.9),
        Entity(1, 4, "B", score=0.8),
        Entity(3, 4, "A", score=0.7),
    ]
    assert GreedyDecoder(flat=flat).decode(spans) == spans[:kept]


def test_no_spans():
    assert GreedyDecoder().decode([]) == []
