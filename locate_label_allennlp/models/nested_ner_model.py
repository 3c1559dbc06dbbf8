"""What the models have in common: words in, entities out, losses and metrics on the way."""

import math
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

import numpy
import torch
from allennlp.data import Instance, TextFieldTensors, Vocabulary
from allennlp.models import Model
from allennlp.nn import RegularizerApplicator
from allennlp.nn.parallel import DdpAccelerator
from allennlp.training.metrics import Average
from overrides import overrides
from torch import Tensor

from locate_label_allennlp.common.precision import at_precision
from locate_label_allennlp.decoders import EntityDecoder, ScoredSpan, SoftNmsDecoder
from locate_label_allennlp.modules.word_encoder import WordEncoder
from locate_label_allennlp.nn.pairing import iou_with_gold
from locate_label_allennlp.nn.spans import FlatSpans
from locate_label_allennlp.training.metrics import NestedSpanF1

# In evaluation the loss is taken over a sample as in training, but always the same one of a batch.
_EVALUATION_SEED = 13


class Seeds(NamedTuple):
    """
    The spans a model began with.

    # Parameters

    spans : `FlatSpans`
        `S` spans.
    kept : `torch.LongTensor`, optional
        Shape `(K,)`: which of them became the model's `K` candidates, in the candidates' order, if
        the model has a filter; without one each seed is a candidate.
    needed_iou : `float`
        A seed leads to an entity if it has at least this IoU with it.
    are_adjusted : `bool`
        Whether candidates may have other boundaries than the seeds they were made from.
    """

    spans: FlatSpans
    kept: Optional[Tensor]
    needed_iou: float
    are_adjusted: bool


class Candidates(NamedTuple):
    """
    The spans a model classified.

    # Parameters

    spans : `FlatSpans`
        `K` spans of all sentences of the batch.
    probabilities : `torch.FloatTensor`
        Shape `(K, C + 1)`, in float32: of each type, NONE first. They need not sum to one.
    seeds : `Seeds`, optional (default = `None`)
        What they were made from, where the model has such a stage.
    """

    spans: FlatSpans
    probabilities: Tensor
    seeds: Optional[Seeds] = None


class NestedNerModel(Model):
    """
    A model of nested entities. Words become vectors; a subclass makes of these candidates, and in
    training losses; a decoder chooses the entities among the candidates.

    # Parameters

    vocab : `Vocabulary`
    word_encoder : `WordEncoder`
    decoder : `EntityDecoder`, optional (default = `soft_nms`)
    metric : `NestedSpanF1`, optional
    label_namespace : `str`, optional (default = `"entity_labels"`)
    regularizer : `RegularizerApplicator`, optional
    serialization_dir : `str`, optional
    ddp_accelerator : `DdpAccelerator`, optional
    """

    default_predictor = "nested_ner"

    def __init__(
        self,
        vocab: Vocabulary,
        word_encoder: WordEncoder,
        decoder: Optional[EntityDecoder] = None,
        metric: Optional[NestedSpanF1] = None,
        label_namespace: str = "entity_labels",
        regularizer: Optional[RegularizerApplicator] = None,
        serialization_dir: Optional[str] = None,
        ddp_accelerator: Optional[DdpAccelerator] = None,
    ) -> None:
        super().__init__(vocab, regularizer, serialization_dir, ddp_accelerator)  # type: ignore[arg-type]
        self._word_encoder = word_encoder
        self.decoder = decoder or SoftNmsDecoder()
        self._metric = metric or NestedSpanF1(vocab, label_namespace)
        self.labels: Dict[int, str] = vocab.get_index_to_token_vocabulary(label_namespace)
        self.precision = word_encoder.precision
        self._loss_weights: Dict[str, float] = {}
        self._losses: Dict[str, Average] = {}

    def _analyse(self, words: Tensor, lengths: Tensor) -> Any:
        """
        What losses and candidates are both made from.

        # Parameters

        words : `torch.FloatTensor`
            Shape `(B, N, D)`.
        lengths : `torch.LongTensor`
            Shape `(B,)`: words in each sentence.
        """
        raise NotImplementedError

    def _compute_losses(self, analysis: Any, entities: Tensor) -> Dict[str, Tensor]:
        """
        The parts of the loss by name. Their sum, weighted by `_loss_weights` where a name is found
        there, is minimised; each is reported as a metric under its name.

        # Parameters

        entities : `torch.LongTensor`
            Shape `(B, E, 3)`: start, inclusive end, label; rows of -1 are padding.
        """
        raise NotImplementedError

    def _propose(self, analysis: Any) -> Candidates:
        """The spans the model considers in prediction, and their probabilities."""
        raise NotImplementedError

    @overrides(check_signature=False)
    def forward(
        self,
        centre: Tensor,
        metadata: List[Dict[str, Any]],
        tokens: Optional[TextFieldTensors] = None,
        context: Optional[TextFieldTensors] = None,
        entities: Optional[Tensor] = None,
    ) -> Dict[str, Any]:
        """
        # Parameters

        centre : `torch.LongTensor`
            Shape `(B, 2)`: the sentence's first word in `context`, and its number of words.
        metadata : `List[Dict[str, Any]]`
            `words`, `source` and `unreachable` of each sentence; see the reader `nested_ner`.
        tokens : `TextFieldTensors`, optional
        context : `TextFieldTensors`, optional
        entities : `torch.LongTensor`, optional
            Shape `(B, E, 3)`: start, inclusive end, label; rows of -1 are padding.

        # Returns

        `Dict[str, Any]`
            `loss` where there are gold entities; outside training also `entities`: for each
            sentence a list of entities with `start`, `end` (exclusive, in words), `type`, `score`.
        """
        output: Dict[str, Any] = {}
        with at_precision(self.precision, centre.device):
            analysis = self._read(centre, metadata, tokens, context)
            if entities is not None:
                output["loss"] = self._loss(analysis, entities, metadata)
            if not self.training:
                candidates = self._propose(analysis)
        if not self.training:
            decoded = self.decode(candidates, len(metadata))
            if entities is not None:
                self._count(decoded, candidates, entities, metadata)
            output["entities"] = [[_readable(entity) for entity in found] for found in decoded]
        return output

    def candidates(
        self,
        centre: Tensor,
        metadata: List[Dict[str, Any]],
        tokens: Optional[TextFieldTensors] = None,
        context: Optional[TextFieldTensors] = None,
        entities: Optional[Tensor] = None,
    ) -> Candidates:
        """What `forward` chooses the entities from, for the same arguments."""
        with at_precision(self.precision, centre.device):
            return self._propose(self._read(centre, metadata, tokens, context))

    @overrides
    def forward_on_instances(self, instances: List[Instance]) -> List[Dict[str, numpy.ndarray]]:
        with torch.inference_mode():
            return super().forward_on_instances(instances)

    def _read(
        self,
        centre: Tensor,
        metadata: List[Dict[str, Any]],
        tokens: Optional[TextFieldTensors],
        context: Optional[TextFieldTensors],
    ) -> Any:
        max_words = max(len(sentence["words"]) for sentence in metadata)
        # (B, N, D)
        words = self._word_encoder(centre, max_words, tokens, context)
        return self._analyse(words, centre[:, 1])

    def _loss(self, analysis: Any, entities: Tensor, metadata: List[Dict[str, Any]]) -> Tensor:
        losses = self._compute_losses(analysis, entities)
        weighted = [self._loss_weights.get(name, 1.0) * loss for name, loss in losses.items()]
        total = torch.stack(weighted).sum()
        # One copy from the device for all of them.
        values = torch.stack([*losses.values(), total]).detach().tolist()
        for name, value in zip(losses, values, strict=False):
            self._losses.setdefault(name, Average())(value)
        if not math.isfinite(values[-1]):
            parts = dict(zip(losses, values, strict=False))
            sources = [sentence["source"] for sentence in metadata]
            raise FloatingPointError(
                f"the loss is {values[-1]} ({parts}) on the sentences {sources}; a lower learning "
                "rate is what helps most often"
            )
        return total

    def _generator(self, device: torch.device) -> Optional[torch.Generator]:
        """Where samples come from: PyTorch's own in training, else one seeded anew a batch."""
        return None if self.training else torch.Generator(device).manual_seed(_EVALUATION_SEED)

    def decode(self, candidates: Candidates, num_sentences: int) -> List[List[ScoredSpan]]:
        """
        The entities of each sentence: the label of highest probability, NONE dropped (section 2.6
        of Shen et al., 2021); then the decoder.
        """
        score, label = candidates.probabilities.max(dim=1)
        spans = candidates.spans
        columns = [spans.sentence, spans.start, spans.end, label, score]
        # The batch's one copy from the device; doubles hold every index and score exactly.
        rows = torch.stack([column.double() for column in columns], dim=1)[label > 0].tolist()
        scored: List[List[ScoredSpan]] = [[] for _ in range(num_sentences)]
        for sentence, start, end, kind, probability in rows:
            scored[int(sentence)].append(
                ScoredSpan(int(start), int(end), self.labels[int(kind) - 1], probability)
            )
        return [self.decoder.decode(spans) for spans in scored]

    def _count(
        self,
        decoded: List[List[ScoredSpan]],
        candidates: Candidates,
        entities: Tensor,
        metadata: List[Dict[str, Any]],
    ) -> None:
        """Tells the metric what was found, and how many entities each stage could still reach."""
        gold = [
            [(start, end, self.labels[label]) for start, end, label in rows if label >= 0]
            for rows in entities.tolist()
        ]
        predicted = [[(span.start, span.end, span.label) for span in spans] for spans in decoded]
        unreachable: List[Sequence[Any]] = [sentence["unreachable"] for sentence in metadata]
        reached = {} if candidates.seeds is None else _reached(candidates.seeds, entities)
        self._metric(predicted, gold, reached, unreachable)

    @overrides
    def get_metrics(self, reset: bool = False) -> Dict[str, float]:
        metrics = {name: float(loss.get_metric(reset)) for name, loss in self._losses.items()}
        if not self.training:
            metrics.update(self._metric.get_metric(reset))
        return metrics

    def group_metrics(self) -> Dict[str, float]:
        """The scores of each group of entities, which `get_metrics` may leave out."""
        return self._metric.get_metric(verbose=True)


def _reached(seeds: Seeds, entities: Tensor) -> Dict[str, int]:
    """How many entities have a seed that leads to them, and how many one that passed the filter."""
    sentence = seeds.spans.sentence
    # (S, E)
    leads = (iou_with_gold(seeds.spans, entities) >= seeds.needed_iou).long()
    batch_size, num_entities, _ = entities.size()
    of_sentence = torch.arange(batch_size, device=entities.device)[:, None, None]
    # (B, E, 4): what makes an entity the same as another one
    identity = torch.cat([of_sentence.expand(-1, num_entities, 1), entities], dim=2)

    def count(leads: Tensor, sentence: Tensor) -> int:
        # (B, E)
        ways = torch.zeros_like(entities[..., 0]).index_add_(0, sentence, leads)
        return identity[ways > 0].unique(dim=0).size(0)

    reached = {"seed": count(leads, sentence)}
    if seeds.kept is not None:
        reached["filter"] = count(leads[seeds.kept], sentence[seeds.kept])
    return reached


def _readable(span: ScoredSpan) -> Dict[str, Any]:
    return {"start": span.start, "end": span.end + 1, "type": span.label, "score": span.score}
