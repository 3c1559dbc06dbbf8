"""Scores by the length of entities, after tables of the papers on nested entities."""

from collections import defaultdict
from typing import Any, Collection, DefaultDict, Dict, Iterable, Optional

from locate_label_allennlp.report.traces import Trace
from locate_label_allennlp.training.metrics.entity_counter import Counts

_LONGEST, _SHORT = 20, 5
"""From so many words on, entities are one group: in Table 2 of Locate and Label, and in Table 5 of
"End-to-End Entity Detection with Proposer and Regressor"."""


class Lengths:
    """
    Precision, recall and F1 of the entities of each length in words, and of those lengths together
    that the model looks at spans of, in training, and that it does not: Table 2 of Locate and
    Label. Discontinuous entities have the length of their fragments together.

    # Parameters

    enumerated : `Collection[int]`, optional
        These lengths, for a model that does not look at spans of all.
    """

    def __init__(self, enumerated: Optional[Collection[int]] = None) -> None:
        self._enumerated = enumerated
        self._counts: DefaultDict[int, Counts] = defaultdict(Counts)

    def add(self, trace: Trace) -> None:
        gold = {entity.key: entity.num_words for entity in trace.gold}
        predicted = {entity.key: entity.num_words for entity in trace.predicted}
        for key, length in gold.items():
            self._counts[length].add_gold(key in predicted)
        for key, length in predicted.items():
            self._counts[length].add_predicted(key in gold)

    def as_json(self) -> Dict[str, Any]:
        """
        `single`, by length, the last group without an end; `short`, the same with fewer groups; and
        `enumerated`: `lengths`, and the scores of entities of these, `yes`, and of others, `no`, or
        `None` for a model that has no such lengths.
        """
        enumerated = None
        if self._enumerated is not None:
            within = [length for length in self._counts if length in self._enumerated]
            others = [length for length in self._counts if length not in self._enumerated]
            enumerated = {
                "lengths": sorted(self._enumerated),
                "yes": self._sum(within),
                "no": self._sum(others),
            }
        return {
            "single": self._up_to(_LONGEST),
            "short": self._up_to(_SHORT),
            "enumerated": enumerated,
        }

    def _up_to(self, longest: int) -> Dict[str, Any]:
        present = sorted(self._counts)
        groups = {str(length): self._sum([length]) for length in present if length < longest}
        longer = [length for length in present if length >= longest]
        return {**groups, **({f"{longest}+": self._sum(longer)} if longer else {})}

    def _sum(self, lengths: Iterable[int]) -> Dict[str, float]:
        return sum((self._counts[length] for length in lengths), Counts()).as_json()
