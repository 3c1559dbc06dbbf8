"""What the models that detect entities have in common: words in, entities out."""

from typing import Any, Collection, Dict, Iterable, List, Mapping, Optional, Union

import torch
from allennlp.common.checks import ConfigurationError
from allennlp.data import Vocabulary
from overrides import overrides
from torch import Tensor

from locate_label_allennlp.common.length_buckets import LengthBuckets
from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.data.fields import entities_of_tensor
from locate_label_allennlp.decoders import EntityDecoder, SoftNmsDecoder
from locate_label_allennlp.decoders.entity_decoder import check_fraction
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
    """

    def __init__(
        self,
        vocab: Vocabulary,
        word_encoder: WordEncoder,
        decoder: Optional[EntityDecoder] = None,
        metric: Optional[NestedSpanF1] = None,
        label_namespace: str = "entity_labels",
        calibration: Optional[ScoreCalibration] = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(vocab, word_encoder, label_namespace, **kwargs)
        self.calibration = calibration
        self.decoder = decoder or SoftNmsDecoder()
        self._check_types("type_thresholds", self.decoder.type_thresholds)
        self._metric = metric or NestedSpanF1(vocab, label_namespace)

    def _check_types(self, name: str, types: Iterable[str]) -> None:
        unknown = sorted(set(types) - set(self.labels.values()))
        if unknown:
            allowed = ", ".join(self.labels.values())
            raise ConfigurationError(f"{name} has {unknown}; allowed are {allowed}")

    @property
    def thresholds(self) -> Dict[str, float]:
        """For each type the score that an entity must be above."""
        return {kind: self.decoder.threshold_of(kind) for kind in self.labels.values()}

    def set_threshold(self, threshold: Union[float, Mapping[str, float]]) -> None:
        """
        # Parameters

        threshold : `Union[float, Mapping[str, float]]`
            That of all types, or those of some; the others keep theirs.

        # Raises

        `ConfigurationError` for a type that the model does not know, or what is not in `[0, 1]`.
        """
        self.decoder = self.decoder_with(threshold)

    def decoder_with(self, threshold: Union[float, Mapping[str, float]]) -> EntityDecoder:
        """The model's decoder with other thresholds; see `set_threshold`."""
        if not isinstance(threshold, Mapping):
            return self.decoder.with_thresholds(check_fraction("threshold", threshold, zero=True))
        self._check_types("threshold", threshold)
        given = {
            kind: check_fraction(f"threshold.{kind}", value, zero=True)
            for kind, value in threshold.items()
        }
        types = {**self.decoder.type_thresholds, **given}
        return self.decoder.with_thresholds(self.decoder.score_threshold, types)

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
        scored = self.scored_spans(candidates, num_sentences)
        return [self.decoder.decode(spans) for spans in scored]

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
