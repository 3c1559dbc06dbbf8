"""Locate and Label, learned densely: the recommended model."""

from typing import Any, Collection, Dict, Optional, Tuple

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
from locate_label_allennlp.modules.heads import BoundaryRegressor
from locate_label_allennlp.modules.span_scorers import SpanScorer
from locate_label_allennlp.modules.word_encoder import WordEncoder
from locate_label_allennlp.nn.encoded_words import EncodedWords
from locate_label_allennlp.nn.exact_match import exact_labels
from locate_label_allennlp.nn.losses import classification_loss, regression_loss
from locate_label_allennlp.nn.pairing import pair_with_gold
from locate_label_allennlp.nn.spans import FlatSpans, adjust_spans, enumerate_spans


@Model.register("dense_locate_and_label")
class DenseLocateAndLabel(NestedNerModel):
    """
    Seeds, boundary regression, classification and decoding as in Shen et al., "Locate and Label"
    (ACL 2021), with three things done otherwise, each of which docs/recipe.md has figures for:

    - **every seed is learned from**, none is drawn, and only a span with the very boundaries of an
      entity is positive; how well the others overlap an entity does not weigh. A score is then how
      probable it is that the span is an entity of that type, which is what strict scores count;
    - **there is no filter**: every seed is classified, and moves. To look at all of them costs
      little, since what a word contributes is worked out once;
    - **a seed is classified before and after it has moved**: a wrong move loses nothing. In
      training those move that overlap an entity well, once; in prediction all, and where that
      leads to a span longer than every seed it moves again, which is how long entities are reached.

    Equation numbers in the code are those of the paper. See `NestedNerModel` for the parameters
    that are not here.

    # Parameters

    vocab : `Vocabulary`
    word_encoder : `WordEncoder`
        Section 2.1.
    span_scorer : `Lazy[SpanScorer]`
        The classifier.
    regressor : `Lazy[BoundaryRegressor]`, optional (default = `None`)
        Equations (4) and (5). Without one, entities longer than every seed are out of reach.
    max_seed_length : `int`, optional (default = `10`)
        In words; every span up to that length is a seed.
    positive_iou : `float`, optional (default = `0.7`)
        Alpha 1: the regressor learns from seeds with at least this IoU with an entity.
    regression_weight : `float`, optional (default = `0.05`)
        Lambda 2 of equation (17); the classifier's loss has weight 1.
    max_moves : `int`, optional (default = `3`)
        How often a span may move in prediction.
    initializer : `InitializerApplicator`, optional
    """

    def __init__(
        self,
        vocab: Vocabulary,
        word_encoder: WordEncoder,
        span_scorer: Lazy[SpanScorer],
        regressor: Optional[Lazy[BoundaryRegressor]] = None,
        max_seed_length: int = 10,
        positive_iou: float = 0.7,
        regression_weight: float = 0.05,
        max_moves: int = 3,
        initializer: InitializerApplicator = InitializerApplicator(),
        **kwargs: Any,
    ) -> None:
        super().__init__(vocab, word_encoder, **kwargs)
        if max_seed_length < 1:
            raise ConfigurationError(f"max_seed_length is {max_seed_length}; allowed is >= 1")
        if max_moves < 1:
            raise ConfigurationError(f"max_moves is {max_moves}; allowed is >= 1")
        if not 0 < positive_iou <= 1:
            raise ConfigurationError(
                f"positive_iou is {positive_iou}; allowed is more than 0, up to 1"
            )
        if not regression_weight >= 0:
            raise ConfigurationError(
                f"regression_weight is {regression_weight}; allowed is 0 or more"
            )
        dim = word_encoder.get_output_dim()
        self._span_scorer = construct(
            "span_scorer", span_scorer, input_dim=dim, num_classes=self.num_types + 1
        )
        self._regressor: Optional[BoundaryRegressor] = None
        if regressor is not None:
            self._regressor = construct("regressor", regressor, input_dim=dim)
        self._seed_lengths = range(1, max_seed_length + 1)
        self._positive_iou = positive_iou
        self._max_moves = max_moves
        self._loss_weights = {"regression_loss": regression_weight}
        initializer(self)

    @property
    @overrides
    def enumerated_lengths(self) -> Collection[int]:
        return self._seed_lengths

    @overrides
    def detect(self, words: EncodedWords, gold: Optional[GoldEntities]) -> Detection:
        # Section 2.2: every span of a sentence that is no longer than the longest seed.
        # (S,) each: sentence, start, end
        seeds = enumerate_spans(words.lengths, self._seed_lengths, words.max_words)
        return Detection(
            losses={} if gold is None else self._learn(words, seeds, gold),
            candidates=None if self.training else self._predict(words, seeds),
        )

    def _learn(
        self, words: EncodedWords, seeds: FlatSpans, gold: GoldEntities
    ) -> Dict[str, Tensor]:
        """What the seeds, the entities longer than all of them, and the moved spans teach."""
        spans = seeds.join_missing(gold.spans, words.max_words)
        losses: Dict[str, Tensor] = {}

        # The regressor learns from the spans that overlap an entity well, as in section 2.3.
        if self._regressor is not None:
            pairs = pair_with_gold(spans, gold.entities)
            # (P,) of S spans
            positive = (pairs.iou >= self._positive_iou).nonzero().squeeze(1)
            proposals, pairs = spans.select(positive), pairs.select(positive)
            # (P, 2)
            offsets = self._regressor(words, proposals)  # (4), (5)
            losses["regression_loss"] = regression_loss(
                proposals.start, proposals.end, offsets, pairs.start, pairs.end
            )  # (13), (14), (15)
            moved = adjust_spans(proposals, offsets, words.lengths)  # (6), (7)
            spans = spans.join_missing(moved, words.max_words)

        # The classifier learns which of all these spans are entities to the word, and of what type.
        # The sum over the spans is divided by the words. Were it a mean, an entity would count the
        # less the more spans are looked at.
        # (S, C + 1)
        logits = self._span_scorer(words, spans)
        # (S,): 0 is NONE
        target = exact_labels(spans, gold.entities, words.max_words)
        spans_per_word = spans.num_spans / words.lengths.sum()
        losses["classification_loss"] = classification_loss(logits, target) * spans_per_word
        return losses

    def _predict(self, words: EncodedWords, seeds: FlatSpans) -> Candidates:
        """The probabilities of all seeds, and of the spans longer than them that some move to."""
        if self._regressor is None:
            every = torch.arange(seeds.num_spans, device=seeds.start.device)
            spans, origin = seeds, Seeds(seeds, every, False, 1.0, False)
        else:
            spans, first = self._move(self._regressor, words, seeds)
            origin = Seeds(seeds, first, False, self._positive_iou, True)
        # (K, C + 1)
        probabilities = self._span_scorer(words, spans).float().softmax(dim=1)
        return Candidates(spans, probabilities, origin)

    def _move(
        self, regressor: BoundaryRegressor, words: EncodedWords, seeds: FlatSpans
    ) -> Tuple[FlatSpans, Tensor]:
        """
        The seeds and, after them, all other spans that they move to; and for each of these `K` the
        first seed that led there: shape `(K,)`.
        """
        first = torch.arange(seeds.num_spans, device=seeds.start.device)
        spans, new, new_first = seeds, seeds, first
        for _ in range(self._max_moves):
            offsets = self.finite(regressor(words, new))
            moved = adjust_spans(new, offsets, words.lengths)
            # What has moved onto a seed is that seed: what is new is longer than all of them.
            before, spans = spans.num_spans, spans.join_missing(moved, words.max_words)
            new = spans.select(slice(before, None))
            if not new.num_spans:
                break
            # (N,) of the spans that moved: the first one that moved there
            keys, order = moved.keys(words.max_words).sort(stable=True)
            new_first = new_first[order[torch.searchsorted(keys, new.keys(words.max_words))]]
            first = torch.cat([first, new_first])
        return spans, first
