"""
How spans of one sentence lie to each other. A span is `(start, end)` with an exclusive end; of `S`
spans and `O` others every function compares each with each.
"""

from typing import Sequence, Tuple, Union

import numpy
from numpy.typing import NDArray

# Starts and ends.
Spans = Union[Sequence[Tuple[int, int]], NDArray[numpy.float64]]

# Rows of a comparison made at a time, so that its numbers stay in the processor's cache.
_ROWS = 16


def iou(spans: Spans, others: Spans) -> NDArray[numpy.float64]:
    """Shape `(S, O)`: the words that two spans share over those of both together, section 2.2."""
    start, end, other_start, other_end = _bounds(spans, others)
    shared = (numpy.minimum(end, other_end) - numpy.maximum(start, other_start)).clip(min=0)
    return shared / ((end - start) + (other_end - other_start) - shared)


def overlaps(spans: Spans, others: Spans, threshold: float) -> NDArray[numpy.bool_]:
    """Shape `(S, O)`: whether the IoU of two spans is at least `threshold`."""
    rows, columns = _array(spans), _array(others)
    result = numpy.empty((len(rows), len(columns)), dtype=bool)
    for first in range(0, len(rows), _ROWS):
        result[first : first + _ROWS] = iou(rows[first : first + _ROWS], columns) >= threshold
    return result


def share_words(spans: Spans, others: Spans) -> NDArray[numpy.bool_]:
    """Shape `(S, O)`: whether two spans have a word in common."""
    start, end, other_start, other_end = _bounds(spans, others)
    return (start < other_end) & (other_start < end)


def contains(spans: Spans, others: Spans) -> NDArray[numpy.bool_]:
    """Shape `(S, O)`: whether a span has all words of the other; spans contain their equals."""
    start, end, other_start, other_end = _bounds(spans, others)
    return (start <= other_start) & (other_end <= end)


def crosses(spans: Spans, others: Spans) -> NDArray[numpy.bool_]:
    """Shape `(S, O)`: whether two spans share words and each has words that the other has not."""
    start, end, other_start, other_end = _bounds(spans, others)
    is_left = (start < other_start) & (other_start < end) & (end < other_end)
    is_right = (other_start < start) & (start < other_end) & (other_end < end)
    return is_left | is_right


def nested(spans: Spans) -> NDArray[numpy.bool_]:
    """
    Which spans are nested, shape `(S,)`: those that contain another span of the list or lie inside
    one. A span that is there twice is nested: both entities on these words cannot be had from
    labels of words alone.
    """
    inside = contains(spans, spans)
    numpy.fill_diagonal(inside, False)
    return numpy.any(inside | inside.T, axis=0)


def depths(spans: Spans) -> NDArray[numpy.int64]:
    """
    Shape `(S,)`: how many spans the longest chain has that ends in a span and each of whose members
    is larger than the next and contains it; 1 for a span inside no larger one.
    """
    inside = contains(spans, spans)
    inside &= ~inside.T
    depth = numpy.ones(len(spans), dtype=numpy.int64)
    # What contains a span is longer, and so has its depth already.
    for index in sorted(range(len(spans)), key=lambda i: spans[i][0] - spans[i][1]):
        depth[index] += depth[inside[:, index]].max(initial=0)
    return depth


def _bounds(spans: Spans, others: Spans) -> Sequence[NDArray[numpy.float64]]:
    """Starts and ends of shape `(S, 1)`, and of shape `(O,)`."""
    # Each column in one piece of memory, over which NumPy is faster.
    (start, end), (other_start, other_end) = _array(spans).T.copy(), _array(others).T.copy()
    return start[:, None], end[:, None], other_start, other_end


def _array(spans: Spans) -> NDArray[numpy.float64]:
    # Whole numbers as floats: their quotients need no conversion.
    return numpy.asarray(spans, dtype=numpy.float64).reshape(-1, 2)
