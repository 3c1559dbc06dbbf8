from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.decoders import NmsDecoder
from tests.decoders.candidates import candidates

FRACTIONS = st.fractions(0, 1, max_denominator=8).map(float)

SPANS = candidates(FRACTIONS, max_size=20)


def overlap(a, b):
    one, other = set(range(a.start, a.end)), set(range(b.start, b.end))
    return len(one & other) / len(one | other)


def test_by_hand():
    spans = [
        Entity(0, 5, "A", score=0.9),
        Entity(0, 4, "B", score=0.85),  # IoU 4/5 with the first: dropped
        Entity(0, 3, "A", score=0.8),  # 3/5 with the first: dropped, because 0.6 is reached
        Entity(0, 2, "A", score=0.7),  # 2/5 with the first, 2/3 with a dropped one: stays
        Entity(0, 10, "A", score=0.6),
    ]
    assert NmsDecoder().decode(spans) == [spans[3], spans[0], spans[4]]


def test_of_equal_scores_the_earlier_start_end_and_label_stays():
    spans = [
        Entity(1, 5, "A", score=0.8),
        Entity(0, 5, "B", score=0.8),
        Entity(0, 5, "A", score=0.8),
    ]
    assert NmsDecoder().decode(spans) == [Entity(0, 5, "A", score=0.8)]


@given(spans=SPANS, k=FRACTIONS.filter(bool), delta=FRACTIONS)
def test_what_is_taken_overlaps_little_and_what_is_dropped_a_better_one_much(spans, k, delta):
    entities = NmsDecoder(overlap_threshold=k, score_threshold=delta).decode(spans)
    for one, other in combinations(entities, 2):
        assert overlap(one, other) < k
    taken = {entity.key: entity.score for entity in entities}
    for span in spans:
        if span.score > delta and taken.get(span.key, 0) < span.score:
            better = [
                entity
                for entity in entities
                if (-entity.score, entity.key) < (-span.score, span.key)
            ]
            assert any(overlap(span, entity) >= k for entity in better)
