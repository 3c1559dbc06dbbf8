"""Locate and Label."""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import torch
from allennlp.common.checks import ConfigurationError
from allennlp.data import TextFieldTensors, Vocabulary
from allennlp.models import Model
from allennlp.nn import InitializerApplicator, RegularizerApplicator
from allennlp.nn.parallel import DdpAccelerator
from allennlp.training.metrics import Average
from overrides import overrides
from torch import Tensor

from locate_label_allennlp.decoders import EntityDecoder, ScoredSpan, SoftNmsDecoder
from locate_label_allennlp.modules.heads import BoundaryRegressor, EntityClassifier, SpanFilter
from locate_label_allennlp.modules.word_encoder import WordEncoder
from locate_label_allennlp.nn.losses import (
    classification_loss,
    filter_loss,
    regression_loss,
    soft_example_weights,
)
from locate_label_allennlp.nn.pairing import Pairing, pair_with_gold, sample_negatives
from locate_label_allennlp.nn.range_maximum import RangeMaximum
from locate_label_allennlp.nn.spans import (
    FlatSpans,
    adjust_spans,
    enumerate_spans,
    padded_to_flat,
    span_iou,
)
from locate_label_allennlp.training.metrics import NestedSpanF1

# In evaluation the loss is taken over a sample as in training, but always the same one.
_EVALUATION_SEED = 13


class Proposals(NamedTuple):
    """
    What prediction makes of the seeds.

    # Parameters

    kept : `torch.LongTensor`
        Shape `(K,)`: which seeds passed the filter.
    spans : `FlatSpans`
        `K` adjusted spans.
    probabilities : `torch.FloatTensor`
        Shape `(K, C + 1)`; NONE first.
    """

    kept: Tensor
    spans: FlatSpans
    probabilities: Tensor


@Model.register("locate_and_label")
class LocateAndLabel(Model):
    """
    The two-stage identifier of nested entities of Shen et al., "Locate and Label: A Two-stage
    Identifier for Nested Named Entity Recognition" (ACL 2021). Seed spans of given lengths are
    filtered; the boundaries of those that remain are adjusted; the adjusted spans are classified
    and decoded into entities. Equation numbers in the code are the paper's.

    # Parameters

    vocab : `Vocabulary`
    word_encoder : `WordEncoder`
        Section 2.1.
    classifier : `EntityClassifier`
        Equations (8) to (10).
    filter : `SpanFilter`, optional (default = `None`)
        Equations (1) to (3). Without one, every seed is a proposal.
    regressor : `BoundaryRegressor`, optional (default = `None`)
        Equations (4) and (5). Without one, proposals keep the boundaries of their seeds.
    decoder : `EntityDecoder`, optional (default = `soft_nms`)
        Section 2.6.
    metric : `NestedSpanF1`, optional
    seed_lengths : `Sequence[int]`, optional (default = `1 .. 10`)
        Lengths of seed spans, in words.
    filter_threshold : `float`, optional (default = `1 / 6`)
        A seed passes with at least this probability.
    positive_iou : `float`, optional (default = `0.7`)
        Alpha 1: seeds with at least this IoU with an entity are positive.
    match_iou : `float`, optional (default = `1.0`)
        Alpha 2: adjusted spans with at least this IoU take the entity's type.
    soft_example_eta : `float`, optional (default = `1.0`)
        Eta of equation (11); 0 for hard examples.
    focal_gamma : `float`, optional (default = `2.0`)
        Gamma of equation (12).
    negatives_per_positive : `float`, optional (default = `5.0`)
        How many negative seeds are drawn in training.
    min_negatives : `int`, optional (default = `5`)
        The least number of them in a sentence.
    gold_as_seeds : `bool`, optional (default = `True`)
        Whether in training the gold spans join the seeds, so that entities longer than any seed
        are learned from as well.
    loss_weights : `Sequence[float]`, optional (default = `(1.0, 0.1, 1.0)`)
        The lambdas of equation (17), for filter, regressor and classifier.
    label_namespace : `str`, optional (default = `"entity_labels"`)
    regularizer : `RegularizerApplicator`, optional
    serialization_dir : `str`, optional
    ddp_accelerator : `DdpAccelerator`, optional
    initializer : `InitializerApplicator`, optional
    """

    default_predictor = "nested_ner"

    def __init__(
        self,
        vocab: Vocabulary,
        word_encoder: WordEncoder,
        classifier: EntityClassifier,
        filter: Optional[SpanFilter] = None,
        regressor: Optional[BoundaryRegressor] = None,
        decoder: Optional[EntityDecoder] = None,
        metric: Optional[NestedSpanF1] = None,
        seed_lengths: Sequence[int] = tuple(range(1, 11)),
        filter_threshold: float = 1 / 6,
        positive_iou: float = 0.7,
        match_iou: float = 1.0,
        soft_example_eta: float = 1.0,
        focal_gamma: float = 2.0,
        negatives_per_positive: float = 5.0,
        min_negatives: int = 5,
        gold_as_seeds: bool = True,
        loss_weights: Sequence[float] = (1.0, 0.1, 1.0),
        label_namespace: str = "entity_labels",
        regularizer: Optional[RegularizerApplicator] = None,
        serialization_dir: Optional[str] = None,
        ddp_accelerator: Optional[DdpAccelerator] = None,
        initializer: InitializerApplicator = InitializerApplicator(),
    ) -> None:
        super().__init__(vocab, regularizer, serialization_dir, ddp_accelerator)  # type: ignore[arg-type]
        if not seed_lengths or min(seed_lengths) < 1:
            raise ConfigurationError(f"seed_lengths is {seed_lengths}; allowed are numbers >= 1")
        if len(loss_weights) != 3:
            raise ConfigurationError(
                f"loss_weights has {len(loss_weights)} numbers; it takes three, for filter, "
                "regressor and classifier"
            )
        if not 0 <= filter_threshold <= 1:
            raise ConfigurationError(f"filter_threshold is {filter_threshold}; allowed is 0 to 1")
        for name, iou in [("positive_iou", positive_iou), ("match_iou", match_iou)]:
            if not 0 < iou <= 1:
                raise ConfigurationError(f"{name} is {iou}; allowed is more than 0, up to 1")
        self._word_encoder = word_encoder
        self._filter = filter
        self._regressor = regressor
        self._classifier = classifier
        self._decoder = decoder or SoftNmsDecoder()
        self._metric = metric or NestedSpanF1(vocab, label_namespace)
        self._seed_lengths = tuple(seed_lengths)
        self._filter_threshold = filter_threshold
        self._positive_iou = positive_iou
        self._match_iou = match_iou
        self._eta = soft_example_eta
        self._gamma = focal_gamma
        self._negatives_per_positive = negatives_per_positive
        self._min_negatives = min_negatives
        self._gold_as_seeds = gold_as_seeds
        self._loss_weights = tuple(loss_weights)
        self._labels = vocab.get_index_to_token_vocabulary(label_namespace)
        self._losses = {
            name: Average()
            for name, head in [
                ("filter_loss", filter),
                ("regression_loss", regressor),
                ("classification_loss", classifier),
            ]
            if head is not None
        }
        initializer(self)

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
        max_words = max(len(sentence["words"]) for sentence in metadata)
        lengths = centre[:, 1]
        # (B, N, D)
        words = self._word_encoder(centre, max_words, tokens, context)
        table = RangeMaximum(words, lengths)
        seeds = enumerate_spans(lengths, self._seed_lengths, max_words)
        output: Dict[str, Any] = {}
        if entities is not None:
            output["loss"] = self._loss(table, seeds, entities, metadata)
        if not self.training:
            proposals = self._propose(table, seeds)
            decoded = self._decode(proposals, len(metadata))
            if entities is not None:
                unreachable = [sentence["unreachable"] for sentence in metadata]
                self._count(decoded, seeds, proposals.kept, entities, unreachable)
            output["entities"] = [[_readable(entity) for entity in found] for found in decoded]
        return output

    def _propose(self, words: RangeMaximum, seeds: FlatSpans) -> Proposals:
        """Filter, adjust, classify."""
        if self._filter is None:
            kept = torch.arange(seeds.num_spans, device=seeds.start.device)
        else:
            passes = torch.sigmoid(self._filter(words, seeds).float()) >= self._filter_threshold
            kept = passes.nonzero().squeeze(1)
        spans = self._adjust(words, seeds.select(kept))
        return Proposals(kept, spans, self._classifier(words, spans).float().softmax(dim=1))  # (10)

    def _adjust(self, words: RangeMaximum, spans: FlatSpans) -> FlatSpans:
        if self._regressor is None:
            return spans
        return adjust_spans(spans, self._regressor(words, spans), words.lengths)  # (6), (7)

    def _loss(
        self,
        words: RangeMaximum,
        seeds: FlatSpans,
        entities: Tensor,
        metadata: List[Dict[str, Any]],
    ) -> Tensor:
        """Equation (17), over the sampled seeds."""
        if self._gold_as_seeds:
            seeds = seeds.join(padded_to_flat(entities[..., :2]))
        pairs = pair_with_gold(seeds, entities)
        chosen = sample_negatives(
            pairs.iou >= self._positive_iou,
            seeds.sentence,
            len(metadata),
            self._negatives_per_positive,
            self._min_negatives,
            None if self.training else self._fixed_generator(seeds.start.device),
        )
        seeds, pairs = seeds.select(chosen), pairs.select(chosen)
        is_positive = pairs.iou >= self._positive_iou
        losses: Dict[str, Tensor] = {}
        if self._filter is not None:
            weights = soft_example_weights(pairs.iou, self._positive_iou, self._eta)
            logits = self._filter(words, seeds)
            losses["filter_loss"] = filter_loss(logits, is_positive, weights, self._gamma)
        spans = seeds
        if self._regressor is not None:
            # (S, 2)
            offsets = self._regressor(words, seeds)
            spans = adjust_spans(seeds, offsets, words.lengths)  # (6), (7)
            losses["regression_loss"] = regression_loss(
                seeds.start[is_positive],
                seeds.end[is_positive],
                offsets[is_positive],
                pairs.start[is_positive],
                pairs.end[is_positive],
            )
        losses["classification_loss"] = self._classification_loss(words, spans, pairs)
        for name, loss in losses.items():
            self._losses[name](loss.detach())
        total = self._weighted_sum(losses)  # (17)
        if not torch.isfinite(total):
            values = {name: loss.item() for name, loss in losses.items()}
            sources = [sentence["source"] for sentence in metadata]
            raise ValueError(f"the loss is {total.item()} ({values}) on the sentences {sources}")
        return total

    def _classification_loss(self, words: RangeMaximum, spans: FlatSpans, pairs: Pairing) -> Tensor:
        """Equation (16): an adjusted span has the paired entity's type if it matches it."""
        iou = span_iou(spans.start, spans.end, pairs.start, pairs.end)
        iou = torch.where(pairs.label >= 0, iou, 0.0)
        target = torch.where((iou >= self._match_iou) & (pairs.label >= 0), pairs.label + 1, 0)
        weights = soft_example_weights(iou, self._match_iou, self._eta)
        return classification_loss(self._classifier(words, spans), target, weights)

    def _weighted_sum(self, losses: Dict[str, Tensor]) -> Tensor:
        names = ("filter_loss", "regression_loss", "classification_loss")
        return torch.stack(
            [
                weight * losses[name]
                for name, weight in zip(names, self._loss_weights, strict=True)
                if name in losses
            ]
        ).sum()

    def _decode(self, proposals: Proposals, num_sentences: int) -> List[List[ScoredSpan]]:
        """Section 2.6: the label of highest probability, NONE dropped; then the decoder."""
        score, label = proposals.probabilities.max(dim=1)
        spans = proposals.spans
        columns = [spans.sentence, spans.start, spans.end, label, score]
        # The batch's one copy from the device; doubles hold every index and score exactly.
        rows = torch.stack([column.double() for column in columns], dim=1)[label > 0].tolist()
        scored: List[List[ScoredSpan]] = [[] for _ in range(num_sentences)]
        for sentence, start, end, kind, probability in rows:
            scored[int(sentence)].append(
                ScoredSpan(int(start), int(end), self._labels[int(kind) - 1], probability)
            )
        return [self._decoder.decode(spans) for spans in scored]

    def _count(
        self,
        decoded: List[List[ScoredSpan]],
        seeds: FlatSpans,
        kept: Tensor,
        entities: Tensor,
        unreachable: Sequence[Sequence[Tuple[int, int, str]]],
    ) -> None:
        """Tells the metric what was found, and how many entities each stage could still reach."""
        # Without a regressor only the exact seed leads to an entity.
        needed = 1.0 if self._regressor is None else self._positive_iou
        pairs = pair_with_gold(seeds, entities)
        reaches = pairs.iou >= needed
        passed = torch.zeros_like(reaches).index_fill_(0, kept, True)
        # An entity is known by its sentence and its row.
        entity = seeds.sentence * entities.size(1) + pairs.gold
        reached = {"seed": entity[reaches].unique().numel()}
        if self._filter is not None:
            reached["filter"] = entity[reaches & passed].unique().numel()
        gold = [
            [(start, end, self._labels[label]) for start, end, label in rows if label >= 0]
            for rows in entities.tolist()
        ]
        predicted = [[(span.start, span.end, span.label) for span in spans] for spans in decoded]
        self._metric(predicted, gold, reached, unreachable)

    @staticmethod
    def _fixed_generator(device: torch.device) -> torch.Generator:
        return torch.Generator(device).manual_seed(_EVALUATION_SEED)

    @overrides
    def get_metrics(self, reset: bool = False) -> Dict[str, float]:
        metrics = {name: float(loss.get_metric(reset)) for name, loss in self._losses.items()}
        if not self.training:
            metrics.update(self._metric.get_metric(reset))
        return metrics


def _readable(span: ScoredSpan) -> Dict[str, Any]:
    return {"start": span.start, "end": span.end + 1, "type": span.label, "score": span.score}
