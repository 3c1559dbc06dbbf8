"""Precision, recall and F1 of every group of entities, as `allennlp evaluate` gives them."""

from typing import Any, Dict

from locate_label_allennlp.report.traces import Trace
from locate_label_allennlp.training.metrics.entity_counter import Counts, EntityCounter


class Scores:
    """
    Sums the counts of all sentences.

    # Parameters

    counter : `EntityCounter`
    """

    def __init__(self, counter: EntityCounter) -> None:
        self._counter = counter
        self._counts = {group: Counts() for group in counter.groups}

    def add(self, trace: Trace) -> None:
        for group, counts in self._counter.count([trace.predicted], [trace.gold]).items():
            self._counts[group] += counts

    def as_json(self) -> Dict[str, Any]:
        """By group: the counts, and what follows from them; `macro` is the mean over the types."""
        groups = {group: counts.as_json() for group, counts in self._counts.items()}
        return {"micro": groups.pop("micro"), "macro": self._counter.macro(self._counts), **groups}
