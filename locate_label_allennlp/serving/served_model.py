"""A model as a server needs it: also with what falls below its thresholds, for a slider."""

from itertools import groupby
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from allennlp.common.checks import ConfigurationError
from allennlp.common.util import JsonDict
from allennlp.models import Model

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.decoders import FlatDecoder
from locate_label_allennlp.decoders.overlap import without_overlap
from locate_label_allennlp.models.nested_ner_model import NestedNerModel
from locate_label_allennlp.predictors.entity_finder import EntityFinder
from locate_label_allennlp.report.building import registered_name

LOWEST = 0.05
"""What a threshold can be lowered to."""


class ServedModel:
    """
    # Parameters

    finder : `EntityFinder`
        This object's own from now on: its thresholds are lowered.
    name : `str`
        How the model is called.

    # Errors

    `ConfigurationError` if the model does not find entities by itself.
    """

    def __init__(self, finder: EntityFinder, name: str) -> None:
        model = finder.model
        if not isinstance(model, NestedNerModel):
            raise ConfigurationError(
                f"{name}: the model has to be given mentions; allowed is one that finds them"
            )
        self.name = name
        self.kind = registered_name(Model, type(model))
        self.types = sorted(finder.types)
        self.num_parameters = sum(parameter.numel() for parameter in model.parameters())
        self.device = str(next(model.parameters()).device)
        self.thresholds, self.floor = lower_thresholds(model)
        self._finder = finder

    def predict(self, texts: List[str]) -> List[List[JsonDict]]:
        """Of each text the entities whose score is above `floor`."""
        # Blank ones would be said in the log.
        found = self._finder.pipe([text for text in texts if text.strip()])
        return [
            [entity.to_dict() for entity in next(found)] if text.strip() else [] for text in texts
        ]

    def chosen(
        self,
        entities: Sequence[JsonDict],
        threshold: "float | Mapping[str, float] | None" = None,
        types: Optional[Sequence[str]] = None,
        overlap: str = "nested",
    ) -> List[JsonDict]:
        """
        Those above the thresholds; without one given, exactly those that the model itself finds. A
        mapping changes those of some types. `overlap` is that of `without_overlap`, for what is
        left.
        """
        if isinstance(threshold, (int, float)):
            thresholds: Mapping[str, float] = dict.fromkeys(self.types, threshold)
        else:
            thresholds = {**self.thresholds, **(threshold or {})}
        wanted = set(self.types if types is None else types)
        left = [
            entity
            for entity in entities
            if entity["type"] in wanted and entity["score"] > thresholds[entity["type"]]
        ]
        if overlap == "nested":
            return left
        kept: List[JsonDict] = []
        for _, sentence in groupby(left, lambda entity: entity["sentence"]):
            # All of a sentence are distinct by these.
            by_key = {(each["start"], each["end"], each["type"]): each for each in sentence}
            spans = [Entity(*key, score=each["score"]) for key, each in by_key.items()]
            for span in without_overlap(spans, overlap):
                kept.append(by_key[span.start, span.end, span.type])
        return kept


def lower_thresholds(model: NestedNerModel) -> Tuple[Dict[str, float], float]:
    """
    Lets a model find what falls below its thresholds, too, and returns those that it had, and the
    one that it has now. In all decoders but `flat`, which is left as it is, a worse candidate has
    no effect on a better one: what is above a threshold is the same as with that threshold.
    """
    thresholds = model.thresholds
    decoder: Any = model.decoder
    if not isinstance(decoder, FlatDecoder):
        model.set_threshold(min(LOWEST, *thresholds.values()))
    return thresholds, decoder.score_threshold
