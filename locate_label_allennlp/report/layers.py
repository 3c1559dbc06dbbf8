"""
How a regressor's layers bring proposals to the entities that are made of them, after Table 8 of
"End-to-End Entity Detection with Proposer and Regressor".
"""

from typing import Any, Dict, List, Optional, Sequence

import torch
from torch import Tensor

from locate_label_allennlp.report.mistakes import Sample, entity_of, marks_of
from locate_label_allennlp.report.stages import candidates_at
from locate_label_allennlp.report.traces import Trace


class Layers:
    """
    Collects, of each found entity, the locations of its proposal before the first layer and after
    each: start and inclusive end, in words, real numbers.

    # Parameters

    types : `Sequence[str]`
        In the order of their columns in the probabilities, without NONE.
    max_examples : `int`
        Sentences to keep.
    """

    def __init__(self, types: Sequence[str], max_examples: int) -> None:
        self._columns = {label: column for column, label in enumerate(types, start=1)}
        self._distances: List[Tensor] = []
        self._examples = Sample(max_examples)

    def add(self, trace: Trace) -> None:
        if trace.locations is None:
            return
        gold = {entity.key for entity in trace.gold}
        entities = []
        for entity in trace.predicted:
            same_span = candidates_at(entity, trace)
            # Of several proposals that became this entity the one with the best score counts.
            column = self._columns[entity.type]
            best = same_span[trace.probabilities[same_span, column].argmax()]
            # (L + 1, 2)
            locations = trace.locations[best]
            boundaries = torch.tensor([entity.start, entity.end - 1])
            self._distances.append((locations.double() - boundaries).abs())
            entities.append(
                {
                    **entity_of(entity, trace, False),
                    "is_correct": entity.key in gold,
                    "locations": locations.double().round(decimals=2).tolist(),
                }
            )
        if entities:
            words = list(trace.words)
            self._examples.add(
                {
                    "source": trace.source,
                    "words": words,
                    "marks": marks_of(trace),
                    "entities": entities,
                }
            )

    def as_json(self) -> Optional[Dict[str, Any]]:
        """
        By layer, 0 before the first: `distance`, the mean one of a boundary from that of the found
        entity, in words; and `near`, the share of entities both of whose boundaries are less than
        half a word away. `entities`, the number of them; `examples`. `None` for a model without
        such layers.
        """
        if not self._distances:
            return None
        # (E, L + 1, 2)
        distances = torch.stack(self._distances)
        return {
            "entities": len(self._distances),
            "distance": distances.mean(dim=(0, 2)).tolist(),
            "near": (distances < 0.5).all(dim=2).double().mean(dim=0).tolist(),
            "examples": self._examples.kept,
        }
