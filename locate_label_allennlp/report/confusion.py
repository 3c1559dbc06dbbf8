"""Which types are taken for which."""

from collections import Counter
from itertools import zip_longest
from typing import Any, Dict, Iterator, List, Optional, Sequence, Set, Tuple

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.report.traces import Trace

# A gold type and a predicted type; `None` for what has no partner on the other side.
Pair = Tuple[Optional[str], Optional[str]]


class Confusion:
    """
    Counts how often an entity of one type was predicted as another, with the same boundaries.

    # Parameters

    types : `Sequence[str]`
    """

    def __init__(self, types: Sequence[str]) -> None:
        self._types = sorted(types)
        self._counts: Counter[Pair] = Counter()

    def add(self, trace: Trace) -> None:
        self._counts.update(type_pairs(trace.gold, trace.predicted))

    def as_json(self) -> Dict[str, Any]:
        """
        `counts[i][j]`: entities of the gold type `types[i]` predicted as `types[j]`; the last row
        are predicted entities without a gold partner, the last column gold ones without a predicted
        partner.
        """
        names: List[Optional[str]] = [*self._types, None]
        return {
            "types": self._types,
            "counts": [[self._counts[row, column] for column in names] for row in names],
        }


def type_pairs(gold: Sequence[Entity], predicted: Sequence[Entity]) -> Iterator[Pair]:
    """
    Pairs gold with predicted entities of the same boundaries, one with one: first those whose types
    agree, then the others in alphabetical order. Whatever remains has no partner.
    """
    # Discontinuous entities have boundaries of their own.
    types: Dict[object, Tuple[Set[str], Set[str]]] = {}
    for side, entities in enumerate((gold, predicted)):
        for entity in entities:
            boundaries = (*entity.span, entity.fragments)
            types.setdefault(boundaries, (set(), set()))[side].add(entity.type)
    for gold_types, predicted_types in types.values():
        agreeing = gold_types & predicted_types
        yield from ((each, each) for each in agreeing)
        yield from zip_longest(sorted(gold_types - agreeing), sorted(predicted_types - agreeing))
