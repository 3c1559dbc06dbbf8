from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from locate_label_allennlp.decoders.entity_decoder import ScoredSpan

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


class OverlapIndex:
    """
    Finds the spans that overlap a given one with an IoU of at least `threshold`, looking only at
    those that can: such a span starts in a window around the given one, and for each start its end
    lies in a window too.

    # Parameters

    spans : `Sequence[ScoredSpan]`
        The spans to find, sorted by start and end.
    threshold : `float`
        The smallest IoU, in `(0, 1]`.
    """

    def __init__(self, spans: Sequence[ScoredSpan], threshold: float) -> None:
        self._spans = spans
        self._threshold = threshold
        # Half-open, because the bounds below are.
        self._boundaries = [(span.start, span.end + 1) for span in spans]
        self._starts = sorted({span.start for span in spans})

    def overlapping(self, span: ScoredSpan) -> Iterator[int]:
        """
        Yields the positions of the spans `s` with `iou(span, s) >= threshold`, in order, that of
        `span` itself among them if it is in the index.
        """
        k = self._threshold
        start, end = span.start, span.end + 1
        length = end - start
        # The largest IoU that a start allows is reached by a span that ends where this one ends:
        # length / (end - s) for an earlier start s, (end - s) / length for a later one.
        first = bisect_left(self._starts, end - length / k - SLACK)
        last = bisect_right(self._starts, end - length * k + SLACK)
        for other_start in self._starts[first:last]:
            left, right = min(start, other_start), max(start, other_start)
            # For an end e, the IoU is (e - right) / (end - left) up to e = end, and
            # (end - right) / (e - left) beyond: at least k between these two.
            shortest = right + (end - left) * k - SLACK
            longest = left + (end - right) / k + SLACK
            low = bisect_left(self._boundaries, (other_start, shortest))
            high = bisect_right(self._boundaries, (other_start, longest))
            for position in range(low, high):
                if iou(span, self._spans[position]) >= k:
                    yield position
