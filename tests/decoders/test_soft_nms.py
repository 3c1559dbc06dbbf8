import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.decoders import SoftNmsDecoder
from tests.decoders.candidates import candidates

FRACTIONS = st.fractions(0, 1, max_denominator=10).map(float)
POSITIVE_FRACTIONS = FRACTIONS.filter(bool) | st.floats(0.01, 1)

SPANS = candidates(FRACTIONS | st.floats(0, 1), max_size=30)


def test_algorithm_1_step_by_step():
    decoder = SoftNmsDecoder(decay=0.9, overlap_threshold=0.6, score_threshold=0.5)
    entities = decoder.decode(
        [
            Entity(0, 5, "PER", score=0.9),  # taken first
            Entity(0, 4, "ORG", score=0.85),  # IoU 4/5 with the first: 0.765, taken second
            Entity(1, 5, "PER", score=0.6),  # 4/5 with the first, 3/5 with the second: 0.486, last
            Entity(0, 10, "PER", score=0.58),  # 5/10 with the first: not lowered, taken third
            Entity(6, 8, "GPE", score=0.55),  # 2/10 with the third: not lowered, taken fourth
        ]
    )
    assert [(span.start, span.end, span.type) for span in entities] == [
        (0, 4, "ORG"),
        (0, 5, "PER"),
        (0, 10, "PER"),
        (6, 8, "GPE"),
    ]
    assert [span.score for span in entities] == pytest.approx([0.765, 0.9, 0.58, 0.55])


def test_a_lowered_span_goes_behind_a_better_one():
    decoder = SoftNmsDecoder(decay=0.5, overlap_threshold=0.7, score_threshold=0.1)
    # IoU of the neighbours 4/5 and 5/6, of the outer two 4/6. The second falls to 0.4, so the third
    # is taken before it, unharmed, and lowers it once more.
    entities = decoder.decode(
        [Entity(0, 4, "A", score=0.9), Entity(0, 5, "A", score=0.8), Entity(0, 6, "A", score=0.6)]
    )
    assert [span.score for span in entities] == pytest.approx([0.9, 0.2, 0.6])


def test_a_score_that_falls_to_the_threshold_is_not_above_it():
    candidates = [Entity(0, 4, "A", score=0.75), Entity(0, 4, "B", score=0.5)]
    assert SoftNmsDecoder(decay=0.5, score_threshold=0.25).decode(candidates) == candidates[:1]
    assert len(SoftNmsDecoder(decay=0.5, score_threshold=0.2).decode(candidates)) == 2


def test_two_types_on_the_same_words_lower_each_other():
    entities = SoftNmsDecoder(decay=0.5).decode(
        [Entity(1, 3, "A", score=0.9), Entity(1, 3, "B", score=0.95)]
    )
    assert entities == [Entity(1, 3, "B", score=0.95)]


def test_of_equal_scores_the_earlier_start_end_and_label_is_taken_first():
    spans = [
        Entity(1, 5, "A", score=0.8),
        Entity(0, 5, "B", score=0.8),
        Entity(0, 5, "A", score=0.8),
    ]
    entities = SoftNmsDecoder(decay=0.5, score_threshold=0.0).decode(spans)
    assert entities == [
        Entity(0, 5, "A", score=0.8),
        Entity(0, 5, "B", score=0.4),
        Entity(1, 5, "A", score=0.2),
    ]


def test_crossing_spans_are_both_dropped_before_anything_else():
    spans = [
        Entity(0, 6, "A", score=0.9),
        Entity(1, 4, "A", score=0.6),  # inside the first
        Entity(3, 6, "B", score=0.2),  # below the threshold, and crosses the second all the same
        Entity(6, 8, "B", score=0.8),  # touches the first
    ]
    assert SoftNmsDecoder().decode(spans) == [spans[0], spans[1], spans[3]]
    assert SoftNmsDecoder(drop_crossing=True).decode(spans) == [spans[0], spans[3]]


@given(spans=SPANS)
def test_without_crossing_spans_dropping_them_changes_nothing(spans):
    kept = SoftNmsDecoder(score_threshold=0.0, drop_crossing=True).decode(spans)
    for a in kept:
        assert not any(a.start < b.start < a.end < b.end for b in kept)
    assert SoftNmsDecoder(drop_crossing=True).decode(kept) == SoftNmsDecoder().decode(kept)


def overlap(a, b):
    one, other = set(range(a.start, a.end)), set(range(b.start, b.end))
    return len(one & other) / len(one | other)


@settings(max_examples=300, deadline=None)
@given(spans=SPANS, u=POSITIVE_FRACTIONS, k=POSITIVE_FRACTIONS, delta=FRACTIONS)
def test_a_score_falls_once_for_each_better_entity_that_overlaps_much(spans, u, k, delta):
    decoder = SoftNmsDecoder(decay=u, overlap_threshold=k, score_threshold=delta)
    entities = {entity.key: entity for entity in decoder.decode(spans)}
    best = {}
    for span in sorted(spans, key=lambda span: span.score):
        best[span.key] = span
    assert entities.keys() <= best.keys()
    for key, span in best.items():
        # What is taken later never has a higher score.
        own = entities[key].score if key in entities else delta
        score = span.score
        for other in entities.values():
            if other.key != key and overlap(span, other) >= k:
                is_before = (-other.score, other.key) < (-own, key) if key in entities else True
                score *= u if is_before else 1
        if key in entities:
            assert score == own > delta
        else:
            assert score <= delta


def test_whole_numbers_as_scores():
    spans = [Entity(0, 9, "A", score=1), Entity(0, 10, "A", score=1)]
    decoder = SoftNmsDecoder(decay=0.75, overlap_threshold=0.5, score_threshold=0.5)
    assert [entity.score for entity in decoder.decode(spans)] == [1.0, 0.75]
