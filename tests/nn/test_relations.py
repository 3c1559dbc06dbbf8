from itertools import product

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.nn import relations

SPAN = st.tuples(st.integers(0, 12), st.integers(1, 9)).map(lambda pair: (pair[0], sum(pair)))
# More than one block of rows.
SPANS = st.lists(SPAN, max_size=40)


def words(span):
    return set(range(*span))


def check(found, spans, others, expected):
    assert found.shape == (len(spans), len(others))
    for (row, span), (column, other) in product(enumerate(spans), enumerate(others)):
        assert found[row, column] == expected(words(span), words(other))


@given(spans=SPANS, others=st.lists(SPAN, max_size=5))
def test_relations_are_those_of_the_sets_of_words(spans, others):
    check(relations.iou(spans, others), spans, others, lambda a, b: len(a & b) / len(a | b))
    check(relations.share_words(spans, others), spans, others, lambda a, b: bool(a & b))
    check(relations.contains(spans, others), spans, others, lambda a, b: a >= b)
    check(
        relations.crosses(spans, others),
        spans,
        others,
        lambda a, b: bool(a & b and a - b and b - a),
    )


@given(
    spans=SPANS,
    # Thresholds that many pairs reach exactly, and any others.
    threshold=st.fractions(0, 1, max_denominator=12).map(float).filter(bool)
    | st.floats(0, 1, exclude_min=True),
)
def test_overlaps_are_those_of_the_iou(spans, threshold):
    check(
        relations.overlaps(spans, spans, threshold),
        spans,
        spans,
        lambda a, b: len(a & b) / len(a | b) >= threshold,
    )


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((0, 1), (0, 1), 1.0),
        ((0, 1), (1, 2), 0.0),
        ((0, 5), (0, 4), 0.8),
        ((0, 5), (3, 8), 0.25),
        ((2, 3), (0, 10), 0.1),
        ((0, 3), (8, 10), 0.0),
    ],
)
def test_iou_by_hand(first, second, expected):
    assert relations.iou([first], [second]).tolist() == [[expected]]
    assert relations.iou([second], [first]).tolist() == [[expected]]


def contains(outer, inner):
    return outer != inner and words(outer) >= words(inner)


@given(SPANS)
def test_depth_is_the_longest_chain(spans):
    def depth(span):
        return 1 + max((depth(other) for other in spans if contains(other, span)), default=0)

    assert relations.depths(spans).tolist() == [depth(span) for span in spans]


@given(SPANS)
def test_nested_is_inside_around_or_the_same(spans):
    def is_nested(index):
        return any(
            words(spans[index]) <= words(other) or words(spans[index]) >= words(other)
            for position, other in enumerate(spans)
            if position != index
        )

    assert relations.nested(spans).tolist() == [is_nested(i) for i in range(len(spans))]


@pytest.mark.parametrize(
    ("spans", "nested", "depths"),
    [
        ([], [], []),
        ([(0, 4)], [False], [1]),
        ([(0, 4), (1, 3)], [True, True], [1, 2]),
        ([(0, 4), (0, 4), (5, 6)], [True, True, False], [1, 1, 1]),
        ([(0, 4), (3, 6)], [False, False], [1, 1]),  # they cross
        ([(0, 2), (2, 4)], [False, False], [1, 1]),  # they touch
        ([(1, 2), (0, 6), (1, 4)], [True] * 3, [3, 1, 2]),
        # The middle one holds the last one, and only crosses the first.
        ([(0, 4), (2, 7), (5, 7)], [False, True, True], [1, 1, 2]),
    ],
)
def test_nesting_by_hand(spans, nested, depths):
    assert relations.nested(spans).tolist() == nested
    assert relations.depths(spans).tolist() == depths


def test_spans_may_be_an_array():
    spans = [(0, 5), (0, 4)]
    assert relations.iou(numpy.array(spans), spans).tolist() == [[1.0, 0.8], [0.8, 1.0]]


@pytest.mark.parametrize("spans", [[], [(0, 2), (1, 2)]])
def test_kinds_of_numbers(spans):
    assert relations.overlaps(spans, spans, 0.5).dtype == bool
    assert relations.depths(spans).dtype == numpy.int64
    assert relations.iou(spans, spans).dtype == numpy.float64
