from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.decoders import NmsDecoder, ScoredSpan

FRACTIONS = st.fractions(0, 1, max_denominator=8).map(float)

SPANS = st.lists(
    st.builds(
        lambda start, length, label, score: ScoredSpan(start, start + length, label, score),
        st.integers(0, 8),
        st.integers(0, 8),
        st.sampled_from("AB"),
        FRACTIONS,
    ),
    max_size=20,
)


def words(span):
    return set(range(span.start, span.end + 1))


def slow_nms(spans, k, delta):
    entities = []
    for span in sorted(spans, key=lambda s: (-s.score, s.start, s.end, s.label)):
        overlaps = [
            len(words(span) & words(taken)) / len(words(span) | words(taken)) for taken in entities
        ]
        if span.score > delta and all(overlap < k for overlap in overlaps):
            entities.append(span)
    return sorted(entities)


def test_by_hand():
    spans = [
        ScoredSpan(0, 4, "A", 0.9),
        ScoredSpan(0, 3, "B", 0.85),  # IoU 4/5 with the first: dropped
        ScoredSpan(0, 2, "A", 0.8),  # 3/5 with the first: dropped, because 0.6 is reached
        ScoredSpan(0, 1, "A", 0.7),  # 2/5 with the first, and 2/3 with one that was dropped: stays
        ScoredSpan(0, 9, "A", 0.6),
    ]
    assert NmsDecoder().decode(spans) == [spans[3], spans[0], spans[4]]


def test_of_equal_scores_the_earlier_start_end_and_label_stays():
    spans = [ScoredSpan(1, 4, "A", 0.8), ScoredSpan(0, 4, "B", 0.8), ScoredSpan(0, 4, "A", 0.8)]
    assert NmsDecoder().decode(spans) == [ScoredSpan(0, 4, "A", 0.8)]


@given(spans=SPANS, k=FRACTIONS.filter(bool), delta=FRACTIONS)
def test_it_does_what_a_loop_over_all_pairs_does(spans, k, delta):
    decoder = NmsDecoder(overlap_threshold=k, score_threshold=delta)
    assert decoder.decode(spans) == slow_nms(spans, k, delta)
