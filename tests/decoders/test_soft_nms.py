from bisect import insort

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locate_label_allennlp.decoders import ScoredSpan, SoftNmsDecoder

FRACTIONS = st.fractions(0, 1, max_denominator=10).map(float)
POSITIVE_FRACTIONS = FRACTIONS.filter(bool) | st.floats(0.01, 1)

SPANS = st.lists(
    st.builds(
        lambda start, length, label, score: ScoredSpan(start, start + length, label, score),
        st.integers(0, 8),
        st.integers(0, 8),
        st.sampled_from("AB"),
        FRACTIONS | st.floats(0, 1),
    ),
    max_size=30,
)


def algorithm_1(spans, u, k, delta):
    """
    Algorithm 1 of the paper, line by line: `S` stays sorted, each `s_j` is taken out and inserted
    again.
    """

    def order(s):
        return (-s.score, s.start, s.end, s.label)

    def words(s):
        return set(range(s.start, s.end + 1))

    def f(s_i, s_j):
        overlap = len(words(s_i) & words(s_j)) / len(words(s_i) | words(s_j))
        return s_j.score * u if overlap >= k else s_j.score

    S = sorted({s[:3]: s for s in sorted(spans, key=lambda s: s.score)}.values(), key=order)
    O = []  # noqa: E741
    i = 0
    while i < len(S):
        s_i = S[i]
        O.append(s_i)
        i += 1
        for s_j in S[i:]:
            S.remove(s_j)
            insort(S, s_j._replace(score=f(s_i, s_j)), lo=i, key=order)
    return sorted(s for s in O if s.score > delta)


def test_algorithm_1_step_by_step():
    decoder = SoftNmsDecoder(decay=0.9, overlap_threshold=0.6, score_threshold=0.5)
    entities = decoder.decode(
        [
            ScoredSpan(0, 4, "PER", 0.9),  # taken first
            ScoredSpan(0, 3, "ORG", 0.85),  # IoU 4/5 with the first: 0.765, taken second
            ScoredSpan(1, 4, "PER", 0.6),  # 4/5 with the first, 3/5 with the second: 0.486, last
            ScoredSpan(0, 9, "PER", 0.58),  # 5/10 with the first: not lowered, taken third
            ScoredSpan(6, 7, "GPE", 0.55),  # 2/10 with the third: not lowered, taken fourth
        ]
    )
    assert [span[:3] for span in entities] == [
        (0, 3, "ORG"),
        (0, 4, "PER"),
        (0, 9, "PER"),
        (6, 7, "GPE"),
    ]
    assert [span.score for span in entities] == pytest.approx([0.765, 0.9, 0.58, 0.55])


def test_a_lowered_span_goes_behind_a_better_one():
    decoder = SoftNmsDecoder(decay=0.5, overlap_threshold=0.7, score_threshold=0.1)
    # IoU of the neighbours 4/5 and 5/6, of the outer two 4/6. The second falls to 0.4, so the third
    # is taken before it, unharmed, and lowers it once more.
    entities = decoder.decode(
        [ScoredSpan(0, 3, "A", 0.9), ScoredSpan(0, 4, "A", 0.8), ScoredSpan(0, 5, "A", 0.6)]
    )
    assert [span.score for span in entities] == pytest.approx([0.9, 0.2, 0.6])


def test_two_types_on_the_same_words_lower_each_other():
    entities = SoftNmsDecoder(decay=0.5).decode(
        [ScoredSpan(1, 2, "A", 0.9), ScoredSpan(1, 2, "B", 0.95)]
    )
    assert entities == [ScoredSpan(1, 2, "B", 0.95)]


def test_of_equal_scores_the_earlier_start_end_and_label_is_taken_first():
    spans = [ScoredSpan(1, 4, "A", 0.8), ScoredSpan(0, 4, "B", 0.8), ScoredSpan(0, 4, "A", 0.8)]
    entities = SoftNmsDecoder(decay=0.5, score_threshold=0.0).decode(spans)
    assert entities == [
        ScoredSpan(0, 4, "A", 0.8),
        ScoredSpan(0, 4, "B", 0.4),
        ScoredSpan(1, 4, "A", 0.2),
    ]


def test_crossing_spans_are_both_dropped_before_anything_else():
    spans = [
        ScoredSpan(0, 5, "A", 0.9),
        ScoredSpan(1, 3, "A", 0.6),  # inside the first
        ScoredSpan(3, 5, "B", 0.2),  # below the threshold, and crosses the second all the same
        ScoredSpan(6, 7, "B", 0.8),  # touches the first
    ]
    assert SoftNmsDecoder().decode(spans) == [spans[0], spans[1], spans[3]]
    assert SoftNmsDecoder(drop_crossing=True).decode(spans) == [spans[0], spans[3]]


@given(spans=SPANS)
def test_without_crossing_spans_dropping_them_changes_nothing(spans):
    kept = SoftNmsDecoder(score_threshold=0.0, drop_crossing=True).decode(spans)
    for a in kept:
        assert not any(a.start < b.start <= a.end < b.end for b in kept)
    assert SoftNmsDecoder(drop_crossing=True).decode(kept) == SoftNmsDecoder().decode(kept)


@settings(max_examples=300, deadline=None)
@given(spans=SPANS, u=POSITIVE_FRACTIONS, k=POSITIVE_FRACTIONS, delta=FRACTIONS)
def test_it_does_what_algorithm_1_says(spans, u, k, delta):
    decoder = SoftNmsDecoder(decay=u, overlap_threshold=k, score_threshold=delta)
    assert decoder.decode(spans) == algorithm_1(spans, u, k, delta)
