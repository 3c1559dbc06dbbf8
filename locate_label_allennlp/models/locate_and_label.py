"""Locate and Label."""

from typing import Any, Collection, Dict, Optional, Sequence

import torch
from allennlp.common import Lazy
from allennlp.common.checks import ConfigurationError
from allennlp.data import Vocabulary
from allennlp.models import Model
from allennlp.nn import InitializerApplicator
from overrides import overrides
from torch import Tensor

from locate_label_allennlp.common.sizes import construct
from locate_label_allennlp.models.detection import Candidates, Detection, GoldEntities, Seeds
from locate_label_allennlp.models.nested_ner_model import NestedNerModel
from locate_label_allennlp.modules.heads import BoundaryRegressor, EntityClassifier, SpanFilter
from locate_label_allennlp.modules.word_encoder import WordEncoder
from locate_label_allennlp.nn.encoded_words import EncodedWords
from locate_label_allennlp.nn.losses import (
    classification_loss,
    filter_loss,
    regression_loss,
    soft_example_weights,
)
from locate_label_allennlp.nn.pairing import pair_with_gold, sample_negatives
from locate_label_allennlp.nn.spans import (
    FlatSpans,
    adjust_spans,
    are_legal_moves,
    enumerate_spans,
    span_iou,
)

_LOSSES = ("filter_loss", "regression_loss", "classification_loss")


@Model.register("locate_and_label")
class LocateAndLabel(NestedNerModel):
    """
    The two-stage identifier of nested entities of Shen et al., "Locate and Label: A Two-stage
    Identifier for Nested Named Entity Recognition" (ACL 2021). Seed spans of given lengths are
    filtered; the boundaries of those that remain are adjusted; the adjusted spans are classified
    and decoded into entities. Equation numbers in the code are the paper's. See `NestedNerModel`
    for the parameters that are not here.

    # Parameters

    vocab : `Vocabulary`
    word_encoder : `WordEncoder`
        Section 2.1.
    classifier : `Lazy[EntityClassifier]`
        Equations (8) to (10).
    filter : `Lazy[SpanFilter]`, optional (default = `None`)
        Equations (1) to (3). Without one, every seed is a proposal.
    regressor : `Lazy[BoundaryRegressor]`, optional (default = `None`)
        Equations (4) and (5). Without one, proposals keep the boundaries of their seeds.
    seed_lengths : `Sequence[int]`, optional (default = `1 .. 10`)
        Lengths of seed spans, in words.
    evaluation_seed_lengths : `Sequence[int]`, optional (default = `seed_lengths`)
        Those that candidates are made from. The authors' released code learns from some lengths and
        predicts with every one up to the longest.
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
        How many negative seeds of a sentence are learned from, for each positive one; drawn at
        random. `None` for all of them.
    min_negatives : `int`, optional (default = `5`)
        The least number of them in each sentence, unless all are learned from.
    gold_as_seeds : `bool`, optional (default = `True`)
        Whether gold spans that are no seeds join those that the losses are taken over, in an
        evaluation too, so that entities of other lengths are learned from as well.
    drop_illegal : `bool`, optional (default = `False`)
        Whether a seed is dropped if its offsets would move it out of its sentence or its boundaries
        past each other: from the losses of regressor and classifier, and in prediction. So it is in
        the authors' released code; the paper's equations (6) and (7) keep boundaries inside.
    loss_weights : `Sequence[float]`, optional (default = `(1.0, 0.1, 1.0)`)
        The lambdas of equation (17), for filter, regressor and classifier. The authors' released
        configs have `(1.0, 1.0, 1.0)` for ACE 2005 and GENIA, `(0.1, 1.0, 1.0)` for ACE 2004 and
        KBP 2017.
    initializer : `InitializerApplicator`, optional
    """

    def __init__(
        self,
        vocab: Vocabulary,
        word_encoder: WordEncoder,
        classifier: Lazy[EntityClassifier],
        filter: Optional[Lazy[SpanFilter]] = None,
        regressor: Optional[Lazy[BoundaryRegressor]] = None,
        seed_lengths: Sequence[int] = tuple(range(1, 11)),
        evaluation_seed_lengths: Optional[Sequence[int]] = None,
        filter_threshold: float = 1 / 6,
        positive_iou: float = 0.7,
        match_iou: float = 1.0,
        soft_example_eta: float = 1.0,
        focal_gamma: float = 2.0,
        classifier_focal_gamma: float = 0.0,
        negatives_per_positive: Optional[float] = 5.0,
        min_negatives: int = 5,
        gold_as_seeds: bool = True,
        drop_illegal: bool = False,
        loss_weights: Sequence[float] = (1.0, 0.1, 1.0),
        initializer: InitializerApplicator = InitializerApplicator(),
        **kwargs: Any,
    ) -> None:
        super().__init__(vocab, word_encoder, **kwargs)
        if evaluation_seed_lengths is None:
            evaluation_seed_lengths = seed_lengths
        for name, lengths in [
            ("seed_lengths", seed_lengths),
            ("evaluation_seed_lengths", evaluation_seed_lengths),
        ]:
            if not lengths or min(lengths) < 1:
                raise ConfigurationError(f"{name} is {lengths}; allowed are numbers >= 1")
        if len(loss_weights) != len(_LOSSES):
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
        dim = word_encoder.get_output_dim()
        self._classifier = construct(
            "classifier", classifier, input_dim=dim, num_classes=self.num_types + 1
        )
        self._filter: Optional[SpanFilter] = None
        if filter is not None:
            self._filter = construct("filter", filter, input_dim=dim)
        self._regressor: Optional[BoundaryRegressor] = None
        if regressor is not None:
            self._regressor = construct("regressor", regressor, input_dim=dim)
        self._seed_lengths = tuple(seed_lengths)
        self._evaluation_seed_lengths = tuple(evaluation_seed_lengths)
        self._filter_threshold = filter_threshold
        self._positive_iou = positive_iou
        self._match_iou = match_iou
        self._eta = soft_example_eta
        self._gamma = focal_gamma
        self._classifier_gamma = classifier_focal_gamma
        self._negatives_per_positive = negatives_per_positive
        self._min_negatives = min_negatives
        self._gold_as_seeds = gold_as_seeds
        self._drop_illegal = drop_illegal
        self._loss_weights = dict(zip(_LOSSES, loss_weights, strict=True))
        initializer(self)

    @property
    @overrides
    def enumerated_lengths(self) -> Collection[int]:
        return self._seed_lengths

    @overrides
    def detect(self, words: EncodedWords, gold: Optional[GoldEntities]) -> Detection:
        # There are two ways. To learn, a sample of the seeds meets all heads, whatever the filter
        # says of them (in the paper the classifier meets proposals only). To predict, all seeds
        # meet the filter, and what it keeps meets the other heads. An evaluation with gold entities
        # does both, each on its own: gold changes no prediction.
        losses: Dict[str, Tensor] = {}
        candidates: Optional[Candidates] = None
        # Section 2.2: seeds are all spans of a sentence that have one of the given lengths.
        # (S,) each: sentence, start, end
        if gold is not None:
            seeds = enumerate_spans(words.lengths, self._seed_lengths, words.max_words)
            losses = self._learn(words, seeds, gold)
        if not self.training:
            seeds = enumerate_spans(words.lengths, self._evaluation_seed_lengths, words.max_words)
            candidates = self._predict(words, seeds)
        return Detection(losses, candidates)

    def _learn(
        self, words: EncodedWords, seeds: FlatSpans, gold: GoldEntities
    ) -> Dict[str, Tensor]:
        """What seeds teach: sections 2.2 to 2.5, the three terms of equation (17) by name."""
        if self._gold_as_seeds:
            # Entities of other lengths than the seeds', too; nothing is learned from twice.
            seeds = seeds.join_missing(gold.spans, words.max_words)

        # Section 2.2: each seed is paired with the entity of its sentence with which it has the
        # largest IoU, and is positive if that is at least alpha 1.
        # (S,) each: the entity's start, end and label (-1: there is none), the IoU
        pairs = pair_with_gold(seeds, gold.entities)
        # All positive seeds are learned from; of the negative ones, at random in each sentence,
        # `negatives_per_positive` for each positive one, and `min_negatives` at least.
        if self._negatives_per_positive is not None:
            # (S',), which of the S seeds; from here on S is their number
            sample = sample_negatives(
                pairs.iou >= self._positive_iou,
                seeds.sentence,
                words.num_sentences,
                self._negatives_per_positive,
                self._min_negatives,
                self._generator(seeds.start.device),
            )
            seeds, pairs = seeds.select(sample), pairs.select(sample)
        # (S,)
        is_positive = pairs.iou >= self._positive_iou
        losses: Dict[str, Tensor] = {}

        # Section 2.3, filter: p = sigmoid(MLP([max of the span's words; first; last])) of every
        # seed should be 1 if it is positive and 0 if not. How much a seed counts depends on how
        # well it matches: IoU ** eta if it is positive, (1 - IoU) ** eta if not.
        if self._filter is not None:
            # (S,): p before the sigmoid
            logits = self._filter(words, seeds)  # (1), (2), (3)
            # (S,)
            weights = soft_example_weights(pairs.iou, self._positive_iou, self._eta)  # (11)
            losses["filter_loss"] = filter_loss(logits, is_positive, weights, self._gamma)  # (12)

        # Section 2.3, regressor: MLP([max of the span's words; the word before; the word after])
        # of a positive seed should be `gold - seed` of both boundaries (smooth L1), and the seed
        # moved by it, not rounded, should overlap the entity (15). Every loss is a mean, where the
        # paper has sums.
        spans = seeds
        if self._regressor is not None:
            # (S, 2): left and right offset in words, real numbers
            offsets = self._regressor(words, seeds)  # (4), (5)
            if self._drop_illegal:
                legal = are_legal_moves(seeds, offsets, words.lengths)
                seeds, pairs, offsets = seeds.select(legal), pairs.select(legal), offsets[legal]
                is_positive = is_positive[legal]
            losses["regression_loss"] = regression_loss(
                seeds.start[is_positive],
                seeds.end[is_positive],
                offsets[is_positive],
                pairs.start[is_positive],
                pairs.end[is_positive],
            )  # (13), (14), (15)
            # Section 2.4: every seed, negative ones too, moves by its offsets, rounded half up,
            # inside its sentence; one whose boundaries would pass each other stays. The classifier
            # sends no gradient into the offsets: the regression loss alone teaches the regressor.
            # (S,) each: sentence, start, end
            spans = adjust_spans(seeds, offsets, words.lengths)  # (6), (7)

        # Section 2.4, classifier: softmax(MLP([max of the span's words; first; last])) of every
        # adjusted span. It should be the paired entity's type if the span has now an IoU of at
        # least alpha 2 with it, and NONE if not; again, how well it matches is how much it counts.
        # (S, C + 1)
        logits = self._classifier(words, spans)  # (8), (9), (10) before the softmax
        has_gold = pairs.label >= 0
        # (S,): 0 where the sentence has no entity
        iou = span_iou(spans.start, spans.end, pairs.start, pairs.end) * has_gold
        # (S,): 0 is NONE
        target = torch.where(has_gold & (iou >= self._match_iou), pairs.label + 1, 0)
        weights = soft_example_weights(iou, self._match_iou, self._eta)  # (11)
        losses["classification_loss"] = classification_loss(
            logits, target, weights, self._classifier_gamma
        )  # (16)
        # `total_loss` takes their sum, each weighted by its lambda: (17).
        return losses

    def _predict(self, words: EncodedWords, seeds: FlatSpans) -> Candidates:
        """What becomes of seeds in prediction: sections 2.3, 2.4 and 2.6."""
        # Section 2.3, filter: a seed becomes a proposal if p is at least the threshold.
        # (K,) of S seeds
        kept = torch.arange(seeds.num_spans, device=seeds.start.device)
        if self._filter is not None:
            # (S,)
            probability = self.finite(self._filter(words, seeds).float().sigmoid())  # (1), (2), (3)
            kept = (probability >= self._filter_threshold).nonzero().squeeze(1)
        proposals = seeds.select(kept)

        # Section 2.3, regressor, and section 2.4: proposals move by their rounded offsets.
        # For the metric alone: the IoU from which a seed can lead to an entity. One that does not
        # move has to be exact.
        spans, needed_iou = proposals, 1.0
        if self._regressor is not None:
            # (K, 2)
            offsets = self.finite(self._regressor(words, proposals))  # (4), (5)
            if self._drop_illegal:
                legal = are_legal_moves(proposals, offsets, words.lengths)
                kept, proposals, offsets = kept[legal], proposals.select(legal), offsets[legal]
            # (K,) each: sentence, start, end
            spans = adjust_spans(proposals, offsets, words.lengths)  # (6), (7)
            needed_iou = self._positive_iou

        # Section 2.4, classifier. In section 2.6 the decoder takes the adjusted spans whose most
        # probable class is a type and not NONE; the probability of that type is their score.
        # (K, C + 1)
        probabilities = self._classifier(words, spans).float().softmax(dim=1)  # (8), (9), (10)
        are_filtered, are_adjusted = self._filter is not None, self._regressor is not None
        return Candidates(
            spans, probabilities, Seeds(seeds, kept, are_filtered, needed_iou, are_adjusted)
        )
