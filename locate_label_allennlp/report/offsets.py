"""How far a model moves the boundaries of its seeds."""

from collections import Counter
from typing import Any, Dict, List, Optional, Sequence

from locate_label_allennlp.report.stages import candidates_at
from locate_label_allennlp.report.traces import Trace

# The paper's figure has 0, 1, 2, 3, and everything from here on.
LARGEST = 4


class Offsets:
    """
    Counts the offsets behind the predicted entities, Figure 3 of
    [Locate and Label](https://aclanthology.org/2021.acl-long.216). An entity may have been reached
    from many seeds. `all` counts every seed that was moved onto a predicted entity and given its
    type, twice: at its start and at its end. `nearest` counts for each predicted entity the one
    seed that was moved least: how much had to be moved, rather than how much was.

    # Parameters

    types : `Sequence[str]`
        In the order of their columns in the probabilities, without NONE.
    """

    def __init__(self, types: Sequence[str]) -> None:
        self._columns = {label: column for column, label in enumerate(types, start=1)}
        self._are_adjusted = False
        self._start: Counter[int] = Counter()
        self._end: Counter[int] = Counter()
        self._nearest: Counter[int] = Counter()

    def add(self, trace: Trace) -> None:
        if trace.seeds is None or not trace.seeds.are_adjusted:
            return
        self._are_adjusted = True
        # (K,)
        label = trace.probabilities.argmax(dim=1)
        # (K, 2)
        moved = trace.candidates - trace.seeds.of_candidates
        for entity in trace.predicted:
            rows = candidates_at(entity, trace)
            rows = rows[label[rows] == self._columns[entity.type]]
            pairs: List[List[int]] = moved[rows].tolist()
            self._start.update(start for start, _ in pairs)
            self._end.update(end for _, end in pairs)
            if pairs:
                self._nearest.update(
                    abs(each) for each in min(pairs, key=lambda pair: sum(map(abs, pair)))
                )

    def as_json(self) -> Optional[Dict[str, Any]]:
        """
        `None` for a model that moves no seeds. `start` and `end`: how many seeds were moved by so
        many words to the right there (negative: to the left), as pairs. `all` and `nearest`: how
        many offsets have the absolute value 0, 1, 2, 3, and 4 or more.
        """
        if not self._are_adjusted:
            return None
        every = Counter(abs(each) for each in (self._start + self._end).elements())
        return {
            "start": sorted(self._start.items()),
            "end": sorted(self._end.items()),
            "all": _binned(every),
            "nearest": _binned(self._nearest),
        }


def _binned(sizes: Counter[int]) -> List[int]:
    bins = [0] * (LARGEST + 1)
    for size, count in sizes.items():
        bins[min(size, LARGEST)] += count
    return bins
