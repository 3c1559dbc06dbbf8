import pytest
from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.decoders import OverlapIndex, ScoredSpan, iou, overlap


def span(start, end):
    return ScoredSpan(start, end, "A", 1.0)


SPAN = st.builds(
    lambda start, length: span(start, start + length), st.integers(0, 30), st.integers(0, 30)
)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((0, 0), (0, 0), 1.0),
        ((0, 0), (1, 1), 0.0),
        ((0, 4), (0, 3), 0.8),
        ((0, 4), (3, 7), 0.25),
        ((2, 2), (0, 9), 0.1),
        ((0, 2), (8, 9), 0.0),
    ],
)
def test_iou_by_hand(first, second, expected):
    assert iou(span(*first), span(*second)) == expected
    assert iou(span(*second), span(*first)) == expected


@given(first=SPAN, second=SPAN)
def test_iou_is_that_of_the_sets_of_words(first, second):
    a = set(range(first.start, first.end + 1))
    b = set(range(second.start, second.end + 1))
    assert iou(first, second) == len(a & b) / len(a | b)


@given(
    spans=st.lists(SPAN, max_size=40),
    query=SPAN,
    # Thresholds that many pairs reach exactly, and any others.
    threshold=st.fractions(0, 1, max_denominator=12).map(float).filter(bool)
    | st.floats(0, 1, exclude_min=True),
)
def test_the_index_finds_what_a_loop_finds(spans, query, threshold):
    spans.sort()
    expected = [i for i, other in enumerate(spans) if iou(query, other) >= threshold]
    assert list(OverlapIndex(spans, threshold).overlapping(query)) == expected


def test_rounding_hides_no_span_on_the_threshold():
    # 0.28 * 25 is a little more than 7, but 7 of 25 words are an IoU of 0.28.
    assert 0.28 * 25 > 7
    spans = [span(0, 6), span(0, 24)]
    assert list(OverlapIndex(spans, 0.28).overlapping(spans[1])) == [0, 1]


def test_the_index_looks_at_few_spans_that_do_not_overlap_enough(monkeypatch):
    spans = [span(start, start + length) for start in range(500) for length in range(20)]
    index = OverlapIndex(spans, 0.6)
    looked_at = []
    monkeypatch.setattr(overlap, "iou", lambda a, b: looked_at.append(b) or iou(a, b))
    found = sum(1 for query in spans for _ in index.overlapping(query))
    assert found <= len(looked_at) <= 1.5 * found
