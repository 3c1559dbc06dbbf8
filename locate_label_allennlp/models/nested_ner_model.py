"""What the models that detect entities have in common: words in, entities out."""

from typing import Any, Collection, Dict, List, Mapping, Optional, Union

import torch
from allennlp.common.checks import ConfigurationError
from allennlp.data import Vocabulary
from overrides import overrides
from torch import Tensor

from locate_label_allennlp.common.length_buckets import LengthBuckets
from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.data.fields import entities_of_tensor
from locate_label_allennlp.decoders import EntityDecoder, SoftNmsDecoder
from locate_label_allennlp.decoders.entity_decoder import check_fraction, score_of
from locate_label_allennlp.decoders.score_calibration import ScoreCalibration
from locate_label_allennlp.models.detection import Candidates, GoldEntities
from locate_label_allennlp.models.ner_model import NerModel
from locate_label_allennlp.modules.word_encoder import WordEncoder
from locate_label_allennlp.nn.pairing import iou_with_gold
from locate_label_allennlp.training.metrics import NestedSpanF1

# In evaluation the loss is taken over a sample as in training, but always the same one of a batch.
_EVALUATION_SEED = 13


class NestedNerModel(NerModel):
    """
    A model of nested entities. Words become vectors; a subclass makes of these, in `detect`, losses
    and candidates; a decoder chooses the entities among the candidates. See `NerModel` for the
    parameters that are not here.

    # Parameters

    vocab : `Vocabulary`
    word_encoder : `WordEncoder`
    decoder : `EntityDecoder`, optional (default = `soft_nms`)
    metric : `NestedSpanF1`, optional
    label_namespace : `str`, optional (default = `"entity_labels"`)
    calibration : `ScoreCalibration`, optional (default = `None`)
        Of the scores of entities, in prediction: what `allennlp tune-thresholds` fits. The
        probabilities of the candidates stay as they are.
    type_thresholds : `Dict[str, float]`, optional (default = `None`)
        Of some types: the score that an entity must be above, where this is more than the
        decoder's `score_threshold`.
    """

    def __init__(
        self,
        vocab: Vocabulary,
        word_encoder: WordEncoder,
        decoder: Optional[EntityDecoder] = None,
        metric: Optional[NestedSpanF1] = None,
        label_namespace: str = "entity_labels",
        calibration: Optional[ScoreCalibration] = None,
        type_thresholds: Optional[Dict[str, float]] = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(vocab, word_encoder, label_namespace, **kwargs)
        self.calibration = calibration
        self.type_thresholds = self._checked("type_thresholds", type_thresholds or {})
        self.decoder = decoder or SoftNmsDecoder()
        self._metric = metric or NestedSpanF1(vocab, label_namespace)

    def _checked(self, name: str, thresholds: Mapping[str, float]) -> Dict[str, float]:
        unknown = sorted(thresholds.keys() - set(self.labels.values()))
        if unknown:
            allowed = ", ".join(self.labels.values())
            raise ConfigurationError(f"{name} has {unknown}; allowed are {allowed}")
        return {
            kind: check_fraction(f"{name}.{kind}", value, zero=True)
            for kind, value in thresholds.items()
        }

    @property
    def thresholds(self) -> Dict[str, float]:
        """For each type the score that an entity must be above."""
        lowest = self.decoder.score_threshold
        return {
            kind: max(lowest, self.type_thresholds.get(kind, lowest))
            for kind in self.labels.values()
        }

    def set_threshold(self, threshold: Union[float, Mapping[str, float]]) -> None:
        """
        # Parameters

        threshold : `Union[float, Mapping[str, float]]`
            That of all types, or those of some; the others keep theirs.

        # Raises

        `ConfigurationError` for a type that the model does not know, or what is not in `[0, 1]`.
        """
        if isinstance(threshold, Mapping):
            thresholds = {**self.thresholds, **self._checked("threshold", threshold)}
            self.decoder.score_threshold = min(thresholds.values())
            self.type_thresholds = thresholds
        else:
            self.decoder.score_threshold = check_fraction("threshold", threshold, zero=True)
            self.type_thresholds = {}

    def candidates(self, entities: Optional[Tensor] = None, **inputs: Any) -> Candidates:
        """
        What `forward` chooses the entities from, for the same arguments, all by name. `entities`
        make no difference.

        # Raises

        `ValueError`
            If the model is in training mode.
        """
        candidates = self._detect(None, **inputs).candidates
        if candidates is None:
            raise ValueError("a model in training mode makes no candidates; call eval() before")
        return candidates

    @overrides
    def decode(self, candidates: Candidates, num_sentences: int) -> List[List[Entity]]:
        return [self.choose(spans) for spans in self.scored_spans(candidates, num_sentences)]

    def choose(self, scored: List[Entity]) -> List[Entity]:
        """The entities among the scored spans of a sentence."""
        return above(self.decoder.decode(scored), self.type_thresholds)

    @overrides
    def calibrated(self, scores: Tensor) -> Tensor:
        return scores if self.calibration is None else self.calibration(scores)

    def _generator(self, device: torch.device) -> Optional[torch.Generator]:
        """Where samples come from: PyTorch's own in training, else one seeded anew a batch."""
        return None if self.training else torch.Generator(device).manual_seed(_EVALUATION_SEED)

    @overrides
    def _count(
        self, decoded: List[List[Entity]], candidates: Candidates, gold: GoldEntities
    ) -> None:
        """Gives the metric predictions and gold, and what each stage could still reach."""
        reachable = entities_of_tensor(gold.entities, self.labels)
        all_gold = [
            entities + unreachable
            for entities, unreachable in zip(reachable, gold.unreachable, strict=True)
        ]
        reached = _reached(candidates, gold.entities)
        self._metric(decoded, all_gold, reached)

    @property
    def enumerated_lengths(self) -> Optional[Collection[int]]:
        """
        The lengths in words of the spans that the model begins with in training; `None` where it
        begins with those of all lengths, or with none.
        """
        return None

    @property
    def length_buckets(self) -> LengthBuckets:
        """Those of the metric."""
        return self._metric.counter.length_buckets

    @overrides
    def get_metrics(self, reset: bool = False) -> Dict[str, float]:
        metrics = super().get_metrics(reset)
        if not self.training:
            metrics.update(self._metric.get_metric(reset))
        return metrics

    def group_metrics(self) -> Dict[str, float]:
        """The scores of each group of entities, which `get_metrics` may leave out."""
        return self._metric.get_metric(verbose=True)


def above(entities: List[Entity], type_thresholds: Mapping[str, float]) -> List[Entity]:
    """Those whose score is above the threshold of their type, if it has one."""
    return [
        entity
        for entity in entities
        if entity.type not in type_thresholds or score_of(entity) > type_thresholds[entity.type]
    ]


def _reached(candidates: Candidates, entities: Tensor) -> Dict[str, int]:
    """
    How many entities have a seed that leads to them, and how many one that passed the filter. One
    leads to an entity if it has the IoU that is needed, or if a candidate that was made from it has
    the boundaries of the entity.
    """
    seeds = candidates.seeds
    if seeds is None:
        return {}
    sentence = seeds.spans.sentence
    # (S, E)
    leads = (iou_with_gold(seeds.spans, entities) >= seeds.needed_iou).long()
    # (K, E)
    are_there = (iou_with_gold(candidates.spans, entities) == 1).long()
    leads.index_add_(0, seeds.of_candidates, are_there)
    batch_size, num_entities, _ = entities.size()
    of_sentence = torch.arange(batch_size, device=entities.device)[:, None, None]
    # (B, E, 4): what makes an entity the same as another one
    identity = torch.cat([of_sentence.expand(-1, num_entities, 1), entities], dim=2)

    def count(leads: Tensor, sentence: Tensor) -> int:
        # (B, E)
        ways = torch.zeros_like(entities[..., 0]).index_add_(0, sentence, leads)
        return identity[ways > 0].unique(dim=0).size(0)

    reached = {"seed": count(leads, sentence)}
    if seeds.are_filtered:
        kept = seeds.of_candidates
        reached["filter"] = count(leads[kept], sentence[kept])
    return reached
