"""Which types are taken for which."""

from collections import Counter
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from locate_label_allennlp.report.traces import Trace
from locate_label_allennlp.training.metrics.entity_counter import Span

# A gold type and a found type; `None` for what has no partner on the other side.
Pair = Tuple[Optional[str], Optional[str]]


class Confusion:
    """
    Counts how often an entity of one type was found as another, with the same boundaries.

    # Parameters

    types : `Sequence[str]`
    """

    def __init__(self, types: Sequence[str]) -> None:
        self._types = sorted(types)
        self._counts: Counter[Pair] = Counter()

    def add(self, trace: Trace) -> None:
        self._counts.update(type_pairs(trace.gold, trace.found_spans))
        self._counts.update((label, None) for _, _, label in trace.unreachable)

    def as_json(self) -> Dict[str, Any]:
        """
        `counts[i][j]`: entities of the gold type `types[i]` found as `types[j]`; the last row are
        found entities without a gold partner, the last column gold ones without a found partner.
        """
        names: List[Optional[str]] = [*self._types, None]
        return {
            "types": self._types,
            "counts": [[self._counts[row, column] for column in names] for row in names],
        }


def type_pairs(gold: Sequence[Span], found: Sequence[Span]) -> Iterator[Pair]:
    """
    Pairs gold with found entities of the same boundaries, one with one: first those whose types
    agree, then the others in alphabetical order. Whatever remains has no partner.
    """
    labels: Dict[Tuple[int, int], Tuple[List[str], List[str]]] = {}
    for side, spans in enumerate((set(gold), set(found))):
        for start, end, label in spans:
            labels.setdefault((start, end), ([], []))[side].append(label)
    for gold_labels, found_labels in labels.values():
        agreeing = sorted({*gold_labels} & {*found_labels})
        yield from zip(agreeing, agreeing, strict=True)
        rest = sorted({*gold_labels} - {*agreeing})
        others = sorted({*found_labels} - {*agreeing})
        pairs = min(len(rest), len(others))
        yield from zip(rest[:pairs], others[:pairs], strict=True)
        yield from ((label, None) for label in rest[pairs:])
        yield from ((None, label) for label in others[pairs:])
