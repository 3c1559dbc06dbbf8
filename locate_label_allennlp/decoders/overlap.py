from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from typing import Any

import numpy

from locate_label_allennlp.decoders.entity_decoder import ScoredSpan

Numbers = numpy.ndarray[Any, numpy.dtype[numpy.int64]]

# Bounds are widened by half a word, so that rounding never hides a span that lies on them.
SLACK = 0.5


def iou(first: ScoredSpan, second: ScoredSpan) -> float:
    """
    The words in both spans over the words in either, section 2.2 of the paper.
    """
    shared = min(first.end, second.end) + 1 - max(first.start, second.start)
    if shared <= 0:
        return 0.0
    lengths = (first.end + 1 - first.start) + (second.end + 1 - second.start)
    return shared / (lengths - shared)


def crossing(spans: Sequence[ScoredSpan]) -> set[int]:
    """
    The positions of the spans that cross another one: they share words, and each has words that the
    other has not.

    # Parameters

    spans : `Sequence[ScoredSpan]`
        In any order.
    """
    crossed: set[int] = set()
    # From the last end to the first. Of the spans that end later than this one, it crosses those
    # that start inside it; the nearest start tells. Among equal ends the outer one comes first, so
    # what lies inside it is not yet there.
    starts: list[int] = []
    for position in sorted(range(len(spans)), key=lambda i: (-spans[i].end, spans[i].start)):
        span = spans[position]
        nearest = bisect_right(starts, span.start)
        if nearest < len(starts) and starts[nearest] <= span.end:
            crossed.add(position)
        insort(starts, span.start)
    # The mirror image: spans that start earlier and end inside this one.
    ends: list[int] = []
    for position in sorted(range(len(spans)), key=lambda i: (spans[i].start, -spans[i].end)):
        span = spans[position]
        nearest = bisect_left(ends, span.end) - 1
        if nearest >= 0 and ends[nearest] >= span.start:
            crossed.add(position)
        insort(ends, span.end)
    return crossed


class OverlapIndex:
    """
    Which of some spans overlap each other with an IoU of at least `threshold`. Only pairs that can
    are looked at: of two such spans the later one starts in a window inside the earlier one, and
    for each start its end lies in a window too. All pairs are found at once.

    # Parameters

    spans : `Sequence[ScoredSpan]`
        Sorted by start and end.
    threshold : `float`
        The smallest IoU, in `(0, 1]`.
    """

    def __init__(self, spans: Sequence[ScoredSpan], threshold: float) -> None:
        # (S,); half-open, because the bounds below are
        start = numpy.array([span.start for span in spans], dtype=numpy.int64)
        end = numpy.array([span.end + 1 for span in spans], dtype=numpy.int64)
        first, second = _pairs(start, end, threshold)
        # Both ways, by the span that asks.
        asking = numpy.concatenate([first, second])
        order = numpy.argsort(asking, kind="stable")
        self._others: list[int] = numpy.concatenate([second, first])[order].tolist()
        sizes = numpy.bincount(asking, minlength=len(spans))
        self._bounds: list[int] = [0, *numpy.cumsum(sizes).tolist()]

    def overlapping(self, position: int) -> list[int]:
        """The positions of the other spans `s` with `iou(span at position, s) >= threshold`."""
        return self._others[self._bounds[position] : self._bounds[position + 1]]


def _pairs(start: Numbers, end: Numbers, threshold: float) -> tuple[Numbers, Numbers]:
    """The pairs of overlapping spans, each pair once and the earlier span first."""
    length = end - start
    # A later start s allows an IoU of (end - s) / length at most, when both spans end together.
    starts = numpy.unique(start)
    earlier, at = _expand(
        numpy.searchsorted(starts, start),
        numpy.searchsorted(starts, end - length * threshold + SLACK, side="right"),
    )
    other_start = starts[at]
    # For an end e, the IoU is (e - s) / length up to e = end, and (end - s) / (e - start) beyond:
    # at least the threshold between these two.
    shortest = other_start + length[earlier] * threshold - SLACK
    with numpy.errstate(over="ignore"):  # with a threshold near 0 there is no longest
        longest = start[earlier] + (end[earlier] - other_start) / threshold + SLACK
    # Start and end in one number; no end reaches the next start's numbers.
    step = int(end.max(initial=0)) + 2
    place = start * step + end
    low = numpy.searchsorted(place, other_start * step + shortest)
    high = numpy.searchsorted(place, other_start * step + numpy.minimum(longest, step - 1))
    group, second = _expand(numpy.maximum(low, earlier + 1), high)
    first = earlier[group]
    shared = numpy.minimum(end[first], end[second]) - start[second]
    overlaps = shared / (length[first] + length[second] - shared) >= threshold
    return first[overlaps], second[overlaps]


def _expand(low: Numbers, high: Numbers) -> tuple[Numbers, Numbers]:
    """All whole numbers from each `low` to before its `high`, and the index of the two."""
    sizes = numpy.maximum(high - low, 0)
    index = numpy.repeat(numpy.arange(len(low)), sizes)
    first = numpy.cumsum(sizes) - sizes
    return index, numpy.arange(len(index)) - first[index] + low[index]
