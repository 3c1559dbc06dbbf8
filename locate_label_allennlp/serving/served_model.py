"""A model as a server needs it: also with what falls below its thresholds, for a slider."""

from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from allennlp.common.checks import ConfigurationError
from allennlp.common.util import JsonDict
from allennlp.models import Model

from locate_label_allennlp.decoders import FlatDecoder
from locate_label_allennlp.models.nested_ner_model import NestedNerModel
from locate_label_allennlp.predictors.nested_ner import NestedNerPredictor
from locate_label_allennlp.report.building import registered_name

LOWEST = 0.05
"""What a threshold can be lowered to."""


class ServedModel:
    """
    # Parameters

    predictor : `NestedNerPredictor`
        Of a model that is this object's own from now on: its thresholds are lowered.
    name : `str`
        How the model is called.

    # Errors

    `ConfigurationError` if the model does not find entities by itself.
    """

    def __init__(self, predictor: NestedNerPredictor, name: str) -> None:
        model: Any = predictor._model
        if not isinstance(model, NestedNerModel):
            raise ConfigurationError(
                f"{name}: the model has to be given mentions; allowed is one that finds them"
            )
        self.name = name
        self.kind = registered_name(Model, type(model))
        self.types: List[str] = sorted(model.labels.values())
        self.num_parameters = sum(parameter.numel() for parameter in model.parameters())
        self.device = str(next(model.parameters()).device)
        self.thresholds, self.floor = lower_thresholds(model)
        self._predictor = predictor

    def predict(self, texts: List[str]) -> List[List[JsonDict]]:
        """Of each text the entities whose score is above `floor`."""
        # Blank ones would be said in the log.
        items = [{"text": text} for text in texts if text.strip()]
        outputs = iter(self._predictor.predict_batch_json(items))
        return [next(outputs)["entities"] if text.strip() else [] for text in texts]

    def chosen(
        self,
        entities: Sequence[JsonDict],
        threshold: "float | Mapping[str, float] | None" = None,
        types: Optional[Sequence[str]] = None,
    ) -> List[JsonDict]:
        """
        Those above the thresholds; without one given, exactly those that the model itself finds. A
        mapping changes those of some types.
        """
        if isinstance(threshold, (int, float)):
            thresholds: Mapping[str, float] = dict.fromkeys(self.types, threshold)
        else:
            thresholds = {**self.thresholds, **(threshold or {})}
        wanted = set(self.types if types is None else types)
        return [
            entity
            for entity in entities
            if entity["type"] in wanted and entity["score"] > thresholds[entity["type"]]
        ]


def lower_thresholds(model: NestedNerModel) -> Tuple[Dict[str, float], float]:
    """
    Lets a model find what falls below its thresholds, too, and returns those that it had, and the
    one that it has now. In all decoders but `flat`, which is left as it is, a worse candidate has
    no effect on a better one: what is above a threshold is the same as with that threshold.
    """
    decoder = model.decoder
    thresholds = {
        kind: max(decoder.score_threshold, model.type_thresholds.get(kind, 0.0))
        for kind in model.labels.values()
    }
    if not isinstance(decoder, FlatDecoder):
        decoder.score_threshold = min(decoder.score_threshold, LOWEST)
        model.type_thresholds = {}
    return thresholds, decoder.score_threshold
