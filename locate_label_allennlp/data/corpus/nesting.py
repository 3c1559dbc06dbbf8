"""
How the spans of one sentence lie to each other. A span is `(start, end)`, `end` exclusive; a span
that is given twice counts as one.
"""

from bisect import bisect_right
from itertools import accumulate
from typing import Dict, Iterable, Iterator, List, Set, Tuple

Span = Tuple[int, int]


def inner_spans(spans: Iterable[Span]) -> Set[Span]:
    """The spans that lie inside a strictly larger one."""
    ordered = _outer_first(spans)
    furthest = [-1, *accumulate((end for _, end in ordered), max)]
    # Whatever contains a span stands before it.
    return {span for span, before in zip(ordered, furthest, strict=False) if before >= span[1]}


def outer_spans(spans: Iterable[Span]) -> Set[Span]:
    """The spans that a strictly smaller one lies inside."""
    ordered = _outer_first(spans)[::-1]
    found: Set[Span] = set()
    nearest = None
    for span in ordered:
        if nearest is not None and nearest <= span[1]:
            found.add(span)
        nearest = span[1] if nearest is None else min(nearest, span[1])
    return found


def depths(spans: Iterable[Span]) -> Dict[Span, int]:
    """
    # Returns

    `Dict[Tuple[int, int], int]`
        For each span how many spans the longest chain has that ends in it and whose every member
        lies inside the one before: 1 for a span that lies in no other.
    """
    levels: Dict[Span, int] = {}
    # The longest chains are the longest subsequences whose ends do not rise. Of each length, the
    # chain whose last end is the furthest: negated, so that the list rises.
    tails: List[int] = []
    for span in _outer_first(spans):
        level = bisect_right(tails, -span[1])
        tails[level : level + 1] = [-span[1]]
        levels[span] = level + 1
    return levels


def crossing_pairs(spans: Iterable[Span]) -> Iterator[Tuple[Span, Span]]:
    """The pairs of spans that share words while neither contains the other; the left one first."""
    ordered = sorted(set(spans))
    for index, (start, end) in enumerate(ordered):
        for other in ordered[index + 1 :]:
            if other[0] >= end:
                break
            if start < other[0] and end < other[1]:
                yield (start, end), other


def _outer_first(spans: Iterable[Span]) -> List[Span]:
    return sorted(set(spans), key=lambda span: (span[0], -span[1]))
