"""Precision, recall and F1 of every group of entities, as `allennlp evaluate` gives them."""

from typing import Any, Dict, List, Sequence, Tuple

from locate_label_allennlp.report.traces import Trace
from locate_label_allennlp.training.metrics.entity_counter import (
    CORRECT,
    GOLD,
    PREDICTED,
    RECALLED,
    EntityCounter,
)


class Scores:
    """
    Sums the counts of all sentences.

    # Parameters

    counter : `EntityCounter`
    """

    def __init__(self, counter: EntityCounter) -> None:
        self._counter = counter
        self._counts = {group: [0, 0, 0, 0] for group in counter.groups}

    def add(self, trace: Trace) -> None:
        counts = self._counter.count([trace.found_spans], [trace.gold], [trace.unreachable])
        for group, numbers in counts.items():
            self._counts[group] = added(self._counts[group], numbers)

    def as_json(self) -> Dict[str, Any]:
        """By group: the counts, and what follows from them; `macro` is the mean over the types."""
        groups = {group: scored(counts) for group, counts in self._counts.items()}
        seen = [
            groups[group]
            for group in self._counter.types.values()
            if groups[group]["gold"] or groups[group]["predicted"]
        ]
        macro = {
            name: _divide(sum(each[name] for each in seen), len(seen))
            for name in ("precision", "recall", "f1")
        }
        return {"micro": groups.pop("micro"), "macro": macro, **groups}


def scored(counts: Sequence[int]) -> Dict[str, Any]:
    """
    # Parameters

    counts : `Sequence[int]`
        `[GOLD, RECALLED, PREDICTED, CORRECT]` of an `EntityCounter`.
    """
    precision, recall, f1 = precision_recall_f1(counts)
    return {
        "gold": counts[GOLD],
        "recalled": counts[RECALLED],
        "predicted": counts[PREDICTED],
        "correct": counts[CORRECT],
        "precision": precision,
        "recall": recall,
        "f1": f1,
    }


def precision_recall_f1(counts: Sequence[int]) -> Tuple[float, float, float]:
    """Of the four counts of an `EntityCounter`; what would be divided by zero is 0."""
    precision = _divide(counts[CORRECT], counts[PREDICTED])
    recall = _divide(counts[RECALLED], counts[GOLD])
    return precision, recall, _divide(2 * precision * recall, precision + recall)


def added(first: Sequence[int], second: Sequence[int]) -> List[int]:
    return [one + other for one, other in zip(first, second, strict=True)]


def _divide(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else 0.0
