"""Locate and Label."""

from typing import Any, Dict, Optional, Sequence

import torch
from allennlp.common.checks import ConfigurationError
from allennlp.data import Vocabulary
from allennlp.models import Model
from allennlp.nn import InitializerApplicator, RegularizerApplicator
from allennlp.nn.parallel import DdpAccelerator
from overrides import overrides
from torch import Tensor

from locate_label_allennlp.decoders import EntityDecoder
from locate_label_allennlp.models.nested_ner_model import Candidates, NestedNerModel, Seeds
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


@Model.register("locate_and_label")
class LocateAndLabel(NestedNerModel):
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
    classifier_focal_gamma : `float`, optional (default = `0.0`)
        The same for the focal form of equation (16); 0 for cross-entropy as in the paper. The
        authors' released code has 2.
    negatives_per_positive : `float`, optional (default = `5.0`)
        How many negative seeds are learned from, for each positive one; drawn at random. `None`
        for all of them.
    min_negatives : `int`, optional (default = `5`)
        The least number of them in a sentence, where they are drawn.
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
        classifier_focal_gamma: float = 0.0,
        negatives_per_positive: Optional[float] = 5.0,
        min_negatives: int = 5,
        gold_as_seeds: bool = True,
        loss_weights: Sequence[float] = (1.0, 0.1, 1.0),
        label_namespace: str = "entity_labels",
        regularizer: Optional[RegularizerApplicator] = None,
        serialization_dir: Optional[str] = None,
        ddp_accelerator: Optional[DdpAccelerator] = None,
        initializer: InitializerApplicator = InitializerApplicator(),
    ) -> None:
        super().__init__(
            vocab,
            word_encoder,
            decoder,
            metric,
            label_namespace,
            regularizer,
            serialization_dir,
            ddp_accelerator,
        )
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
        for name, number in [
            ("soft_example_eta", soft_example_eta),
            ("focal_gamma", focal_gamma),
            ("classifier_focal_gamma", classifier_focal_gamma),
            ("negatives_per_positive", negatives_per_positive),
            ("min_negatives", min_negatives),
        ]:
            if number is not None and not number >= 0:
                raise ConfigurationError(f"{name} is {number}; allowed is 0 or more")
        for name, head in [
            ("filter", filter),
            ("regressor", regressor),
            ("classifier", classifier),
        ]:
            if head is not None:
                head.check_word_dim(name, word_encoder.get_output_dim())
        self._filter = filter
        self._regressor = regressor
        self._classifier = classifier
        self._seed_lengths = tuple(seed_lengths)
        self._filter_threshold = filter_threshold
        self._positive_iou = positive_iou
        self._match_iou = match_iou
        self._eta = soft_example_eta
        self._gamma = focal_gamma
        self._classifier_gamma = classifier_focal_gamma
        self._negatives_per_positive = negatives_per_positive
        self._min_negatives = min_negatives
        self._gold_as_seeds = gold_as_seeds
        self._loss_weights = dict(
            zip(
                ("filter_loss", "regression_loss", "classification_loss"), loss_weights, strict=True
            )
        )
        initializer(self)

    @overrides
    def _analyse(self, words: Tensor, lengths: Tensor) -> "tuple[RangeMaximum, FlatSpans]":
        """The table of maxima, and the seeds (section 2.2)."""
        return RangeMaximum(words, lengths), enumerate_spans(
            lengths, self._seed_lengths, words.size(1)
        )

    @overrides
    def _propose(self, analysis: Any) -> Candidates:
        """Filter, adjust, classify."""
        words, seeds = analysis
        kept: Optional[Tensor] = None
        spans = seeds
        if self._filter is not None:
            passes = torch.sigmoid(self._filter(words, seeds).float()) >= self._filter_threshold
            kept = passes.nonzero().squeeze(1)
            spans = seeds.select(kept)
        spans = self._adjust(words, spans)
        probabilities = self._classifier(words, spans).float().softmax(dim=1)  # (10)
        # Without a regressor only the exact seed leads to an entity.
        are_adjusted = self._regressor is not None
        needed_iou = self._positive_iou if are_adjusted else 1.0
        return Candidates(spans, probabilities, Seeds(seeds, kept, needed_iou, are_adjusted))

    def _adjust(self, words: RangeMaximum, spans: FlatSpans) -> FlatSpans:
        if self._regressor is None:
            return spans
        return adjust_spans(spans, self._regressor(words, spans), words.lengths)  # (6), (7)

    @overrides
    def _compute_losses(self, analysis: Any, entities: Tensor) -> Dict[str, Tensor]:
        """The parts of equation (17), over the seeds that are learned from."""
        words, seeds = analysis
        if self._gold_as_seeds:
            seeds = seeds.join(padded_to_flat(entities[..., :2]))
        pairs = pair_with_gold(seeds, entities)
        if self._negatives_per_positive is not None:
            chosen = sample_negatives(
                pairs.iou >= self._positive_iou,
                seeds.sentence,
                entities.size(0),
                self._negatives_per_positive,
                self._min_negatives,
                self._generator(seeds.start.device),
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
        return losses

    def _classification_loss(self, words: RangeMaximum, spans: FlatSpans, pairs: Pairing) -> Tensor:
        """Equation (16): an adjusted span has the paired entity's type if it matches it."""
        iou = span_iou(spans.start, spans.end, pairs.start, pairs.end)
        iou = torch.where(pairs.label >= 0, iou, 0.0)
        target = torch.where((iou >= self._match_iou) & (pairs.label >= 0), pairs.label + 1, 0)
        weights = soft_example_weights(iou, self._match_iou, self._eta)
        logits = self._classifier(words, spans)
        return classification_loss(logits, target, weights, self._classifier_gamma)
