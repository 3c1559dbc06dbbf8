"""The thresholds at which precision and recall are best, for all types or for each."""

from typing import Dict, Iterable, Mapping, NamedTuple, Sequence, Tuple

import numpy
from numpy.typing import NDArray

FEWEST = 50
"""With fewer gold entities of a type, its threshold is that of all types."""

_ROUNDS = 5


class Found(NamedTuple):
    """An entity that a model found with a threshold of 0, and whether it is right."""

    type: str
    score: float
    is_correct: bool


class Objective(NamedTuple):
    """
    What is to be as large as possible.

    # Parameters

    beta : `float`, optional (default = `1.0`)
        Of F-beta: how many times recall counts as much as precision.
    min_precision : `float`, optional (default = `0.0`)
        If above 0: the recall, among the thresholds whose precision is at least so high.
    is_macro : `bool`, optional (default = `False`)
        The mean over the types, instead of all entities together.
    """

    beta: float = 1.0
    min_precision: float = 0.0
    is_macro: bool = False

    def of(self, counts: Mapping[str, Tuple[int, int, int]]) -> float:
        """`(correct, found, gold)` of each type."""
        rows = [row for row in counts.values() if row[1] or row[2]]
        if self.is_macro:
            return sum(self.value(*row) for row in rows) / max(len(rows), 1)
        return self.value(*(sum(column) for column in zip(*rows, strict=True))) if rows else 0.0

    def value(self, correct: int, found: int, gold: int) -> float:
        precision, recall = correct / max(found, 1), correct / max(gold, 1)
        if self.min_precision:
            # Where it cannot be reached, the more precise the better: below every recall.
            lacking = precision - self.min_precision
            return recall if lacking >= 0 else lacking
        weight = self.beta**2
        return (1 + weight) * precision * recall / max(weight * precision + recall, 1e-12)


class Sweep:
    """
    What a type, or all of them, has above every threshold.

    # Parameters

    found : `Sequence[Found]`
    gold : `int`
        The number of gold entities.
    """

    def __init__(self, found: Sequence[Found], gold: int) -> None:
        ordered = sorted(found, key=lambda each: -each.score)
        scores = numpy.array([each.score for each in ordered])
        # Negated, so that they rise and can be searched.
        self._negated = -scores
        correct = numpy.cumsum([each.is_correct for each in ordered], dtype=int)
        self._correct = numpy.concatenate([[0], correct])
        self.scores = numpy.unique(scores)
        self.gold = gold

    @property
    def thresholds(self) -> NDArray[numpy.float64]:
        """One between each two scores, and below and above all; the highest first."""
        return thresholds_between(self.scores)

    def at(self, threshold: float) -> Tuple[int, int, int]:
        """`(correct, found, gold)` above a threshold."""
        number = int(numpy.searchsorted(self._negated, -threshold, side="left"))
        return int(self._correct[number]), number, self.gold


def thresholds_between(scores: NDArray[numpy.float64]) -> NDArray[numpy.float64]:
    """For different scores in rising order."""
    edges = numpy.concatenate([[0.0], scores])
    return numpy.append((edges[1:] + edges[:-1]) / 2, 1.0)[::-1]


def sweeps(found: Sequence[Found], gold: Mapping[str, int]) -> Dict[str, Sweep]:
    """One for each type."""
    return {
        kind: Sweep([each for each in found if each.type == kind], count)
        for kind, count in gold.items()
    }


def best_for_all(by_type: Mapping[str, Sweep], objective: Objective) -> float:
    """The one threshold of all types; of several equally good ones the highest."""
    scores = [each.scores for each in by_type.values()]
    candidates = thresholds_between(numpy.unique(numpy.concatenate(scores)))
    # More are no better: between two of these there are a few entities.
    if len(candidates) > 2000:
        candidates = candidates[numpy.linspace(0, len(candidates) - 1, 2000).astype(int)]
    values = [objective.of(_counts(by_type, {}, each)) for each in candidates]
    return float(candidates[int(numpy.argmax(values))])


def best_for_each(
    by_type: Mapping[str, Sweep], objective: Objective, for_all: float, types: Iterable[str]
) -> Dict[str, float]:
    """
    A threshold for each of some types, beginning with that of all types and changing one after the
    other while this is better.
    """
    chosen = dict.fromkeys(types, for_all)
    best = objective.of(_counts(by_type, chosen, for_all))
    for _ in range(_ROUNDS):
        before = best
        for kind in chosen:
            counts = _counts(by_type, chosen, for_all)
            for threshold in by_type[kind].thresholds:
                counts[kind] = by_type[kind].at(threshold)
                value = objective.of(counts)
                if value > best:
                    best, chosen[kind] = value, float(threshold)
        if best == before:
            break
    return chosen


def _counts(
    by_type: Mapping[str, Sweep], thresholds: Mapping[str, float], for_all: float
) -> Dict[str, Tuple[int, int, int]]:
    return {kind: each.at(thresholds.get(kind, for_all)) for kind, each in by_type.items()}
