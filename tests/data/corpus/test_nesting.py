from typing import List, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.data.corpus.nesting import (
    crossing_pairs,
    depths,
    inner_spans,
    outer_spans,
)

Spans = List[Tuple[int, int]]
SPANS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(1, 8)).map(lambda pair: (pair[0], sum(pair))),
    max_size=12,
)


def contains(outer: Tuple[int, int], inner: Tuple[int, int]) -> bool:
    return outer != inner and outer[0] <= inner[0] and inner[1] <= outer[1]


@given(SPANS)
def test_inner_and_outer_equal_a_comparison_of_all_with_all(spans: Spans) -> None:
    assert inner_spans(spans) == {b for b in spans for a in spans if contains(a, b)}
    assert outer_spans(spans) == {a for a in spans for b in spans if contains(a, b)}


@given(SPANS)
def test_depth_is_the_longest_chain(spans: Spans) -> None:
    def depth(span: Tuple[int, int]) -> int:
        return 1 + max((depth(other) for other in spans if contains(other, span)), default=0)

    assert depths(spans) == {span: depth(span) for span in spans}


@given(SPANS)
def test_crossing_spans_share_words_and_none_contains_the_other(spans: Spans) -> None:
    slow = {
        (a, b)
        for a in spans
        for b in spans
        if a < b and set(range(*a)) & set(range(*b)) and not (contains(a, b) or contains(b, a))
    }
    found = list(crossing_pairs(spans))
    assert set(found) == slow
    assert len(found) == len(slow)


@pytest.mark.parametrize(
    ("spans", "inner", "outer", "deepest", "crossing"),
    [
        ([], 0, 0, 0, 0),
        ([(0, 1)], 0, 0, 1, 0),
        ([(0, 1), (0, 1)], 0, 0, 1, 0),
        ([(0, 2), (2, 4)], 0, 0, 1, 0),
        ([(0, 5), (3, 5)], 1, 1, 2, 0),
        ([(0, 3), (0, 2), (0, 1)], 2, 2, 3, 0),
        ([(0, 3), (2, 5)], 0, 0, 1, 1),
        ([(0, 6), (1, 4), (3, 6), (3, 4)], 3, 3, 3, 1),
    ],
)
def test_by_hand(spans: Spans, inner: int, outer: int, deepest: int, crossing: int) -> None:
    assert len(inner_spans(spans)) == inner
    assert len(outer_spans(spans)) == outer
    assert max(depths(spans).values(), default=0) == deepest
    assert len(list(crossing_pairs(spans))) == crossing
