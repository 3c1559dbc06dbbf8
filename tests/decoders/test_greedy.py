import pytest
from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.decoders import GreedyDecoder, ScoredSpan

# Sixteenths, so that scores are often equal.
SPANS = st.lists(
    st.builds(
        lambda start, length, label, score: ScoredSpan(start, start + length, label, score / 16),
        st.integers(0, 9),
        st.integers(0, 6),
        st.sampled_from("AB"),
        st.integers(0, 16),
    ),
    max_size=12,
)


def overlap(a, b):
    return a.start <= b.end and b.start <= a.end


def inside(a, b):
    return b.start <= a.start and a.end <= b.end


def slow(spans, flat, delta):
    best = {}
    for span in sorted(spans, key=lambda span: -span.score):
        if span.score > delta:
            best.setdefault(span[:3], span)
    taken = []
    for span in sorted(best.values(), key=lambda span: (-span.score, span)):
        shares = [other for other in taken if overlap(span, other)]
        if not flat:
            shares = [one for one in shares if not inside(span, one) and not inside(one, span)]
        if not shares:
            taken.append(span)
    return sorted(taken)


@given(spans=SPANS, flat=st.booleans(), delta=st.sampled_from([0.0, 0.25, 0.5]))
def test_against_a_slow_loop(spans, flat, delta):
    decoder = GreedyDecoder(flat=flat, score_threshold=delta)
    assert decoder.decode(spans) == slow(spans, flat, delta)


def test_the_better_of_two_that_cross_stays():
    spans = [ScoredSpan(0, 2, "A", 0.6), ScoredSpan(1, 3, "A", 0.9)]
    assert GreedyDecoder().decode(spans) == [spans[1]]


def test_what_crosses_only_a_dropped_span_stays():
    spans = [
        ScoredSpan(0, 2, "A", 0.9),
        ScoredSpan(2, 4, "A", 0.8),
        ScoredSpan(4, 6, "A", 0.7),
    ]
    assert GreedyDecoder().decode(spans) == [spans[0], spans[2]]


@pytest.mark.parametrize(("flat", "kept"), [(False, 3), (True, 1)])
def test_nested_entities(flat, kept):
    spans = [
        ScoredSpan(0, 5, "A", 0.9),
        ScoredSpan(1, 3, "B", 0.8),
        ScoredSpan(3, 3, "A", 0.7),
    ]
    assert GreedyDecoder(flat=flat).decode(spans) == spans[:kept]


def test_no_spans():
    assert GreedyDecoder().decode([]) == []
