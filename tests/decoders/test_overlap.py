import pytest
from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.decoders import OverlapIndex, ScoredSpan, iou, overlap
from locate_label_allennlp.decoders.overlap import crossing


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
    # Thresholds that many pairs reach exactly, and any others.
    threshold=st.fractions(0, 1, max_denominator=12).map(float).filter(bool)
    | st.floats(0, 1, exclude_min=True),
)
def test_the_index_finds_what_a_loop_finds(spans, threshold):
    spans.sort()
    index = OverlapIndex(spans, threshold)
    for position, span in enumerate(spans):
        expected = [
            other
            for other in range(len(spans))
            if other != position and iou(span, spans[other]) >= threshold
        ]
        assert sorted(index.overlapping(position)) == expected


@given(spans=st.lists(SPAN, max_size=40))
def test_crossing_spans_are_those_a_loop_finds(spans):
    expected = {
        i
        for i, a in enumerate(spans)
        if any(
            a.start < b.start <= a.end < b.end or b.start < a.start <= b.end < a.end for b in spans
        )
    }
    assert crossing(spans) == expected


def test_crossing_takes_no_look_at_every_pair():
    # A thousand spans inside each other, and as many that each cross all others: a loop over the
    # pairs would compare two million times.
    looked_at = 0

    class Counted(int):
        def __lt__(self, other):
            nonlocal looked_at
            looked_at += 1
            return int(self) < int(other)

    nested = [span(Counted(i), Counted(3000 - i)) for i in range(1000)]
    chain = [span(Counted(4000 + i), Counted(6000 + i)) for i in range(1000)]
    assert crossing(nested + chain) == set(range(1000, 2000))
    assert 0 < looked_at < 200_000


def test_rounding_hides_no_span_on_the_threshold():
    # 0.28 * 25 is a little more than 7, but 7 of 25 words are an IoU of 0.28.
    assert 0.28 * 25 > 7
    index = OverlapIndex([span(0, 6), span(0, 24)], 0.28)
    assert [index.overlapping(0), index.overlapping(1)] == [[1], [0]]


def test_the_index_looks_at_few_spans_that_do_not_overlap_enough(monkeypatch):
    spans = [span(start, start + length) for start in range(500) for length in range(20)]
    expanded = []
    expand = overlap._expand
    monkeypatch.setattr(
        overlap, "_expand", lambda *bounds: expanded.append(expand(*bounds)) or expanded[-1]
    )
    index = OverlapIndex(spans, 0.6)
    found = sum(len(index.overlapping(position)) for position in range(len(spans))) / 2
    _, (looked_at, _) = expanded
    assert 0 < found <= len(looked_at) <= 1.5 * found
