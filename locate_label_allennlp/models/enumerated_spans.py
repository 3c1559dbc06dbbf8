"""The baselines: every span is classified."""

from typing import Any, Collection, Dict, Optional, Union, cast

import torch
from allennlp.common import Lazy
from allennlp.common.checks import ConfigurationError
from allennlp.data import Vocabulary
from allennlp.models import Model
from allennlp.modules import FeedForward, Seq2SeqEncoder
from allennlp.nn import InitializerApplicator
from overrides import overrides
from torch import Tensor

from locate_label_allennlp.common.sizes import construct
from locate_label_allennlp.decoders import EntityDecoder, GreedyDecoder
from locate_label_allennlp.models.detection import Candidates, Detection, GoldEntities, Seeds
from locate_label_allennlp.models.nested_ner_model import NestedNerModel
from locate_label_allennlp.modules.span_scorers import (
    BiaffineSpanScorer,
    MentionSpanScorer,
    PooledSpanScorer,
    SpanScorer,
)
from locate_label_allennlp.modules.word_encoder import WordEncoder
from locate_label_allennlp.nn.encoded_words import EncodedWords
from locate_label_allennlp.nn.exact_match import exact_labels
from locate_label_allennlp.nn.losses import classification_loss
from locate_label_allennlp.nn.pairing import sample_negatives
from locate_label_allennlp.nn.spans import enumerate_spans


@Model.register("span_level_classifier", constructor="span_level_classifier")
@Model.register("biaffine_span", constructor="biaffine_span")
@Model.register("exhaustive_span", constructor="exhaustive_span")
@Model.register("enumerated_spans")
class EnumeratedSpans(NestedNerModel):
    """
    Classifies every span of a sentence, up to a length: cross-entropy over `C` types and NONE, one
    type a span. How a span is scored is a part with a name:

    - `pooled`: by its maximum and ends, which is what is left of Locate and Label (Shen et al.,
      2021) without filter and regressor (Table 3), learned from all spans;
    - `biaffine`: by its first and last word (Yu et al., ACL 2020);
    - `mention`: by its words alone, read away from their sentence ("A Span-level Strategy for
      Nested Named Entity Recognition", with NONE among the types).

    Also registered, each with one of these scorers, as `exhaustive_span`, `biaffine_span` and
    `span_level_classifier`: methods of these names take the scorer's keys
    beside the model's. See `NestedNerModel` for the parameters that are not here.

    # Parameters

    span_scorer : `Lazy[SpanScorer]`
    max_span_length : `int`, optional (default = `None`)
        In words; longer entities are out of reach. `None` for every span there is.
    negatives_per_positive : `float`, optional (default = `None`)
        How many spans that are no entity are learned from, for each one that is; drawn at random.
        `None` for all of them.
    min_negatives : `int`, optional (default = `5`)
        The least number of them in a sentence, where they are drawn.
    max_words : `int`, optional (default = `2000`)
        See `NerModel`; only where memory grows with the square of the words: without a
        `max_span_length`, or with a scorer that `scores_all_pairs`.
    initializer : `InitializerApplicator`, optional
    """

    def __init__(
        self,
        vocab: Vocabulary,
        word_encoder: WordEncoder,
        span_scorer: Lazy[SpanScorer],
        max_span_length: Optional[int] = None,
        negatives_per_positive: Optional[float] = None,
        min_negatives: int = 5,
        max_words: Optional[int] = 2000,
        label_namespace: str = "entity_labels",
        initializer: InitializerApplicator = InitializerApplicator(),
        **kwargs: Any,
    ) -> None:
        scorer = construct(
            "span_scorer",
            span_scorer,
            input_dim=word_encoder.get_output_dim(),
            num_classes=vocab.get_vocab_size(label_namespace) + 1,
        )
        is_quadratic = max_span_length is None or scorer.scores_all_pairs
        limit = max_words if is_quadratic else None
        super().__init__(
            vocab, word_encoder, label_namespace=label_namespace, max_words=limit, **kwargs
        )
        if max_span_length is not None and max_span_length < 1:
            raise ConfigurationError(f"max_span_length is {max_span_length}; allowed is >= 1")
        for name, number in [
            ("negatives_per_positive", negatives_per_positive),
            ("min_negatives", min_negatives),
        ]:
            if number is not None and number < 0:
                raise ConfigurationError(f"{name} is {number}; allowed is >= 0")
        self._span_scorer = scorer
        self._max_span_length = max_span_length
        self._negatives_per_positive = negatives_per_positive
        self._min_negatives = min_negatives
        initializer(self)

    @classmethod
    def exhaustive_span(
        cls,
        classifier: Lazy[PooledSpanScorer],
        max_span_length: Optional[int] = 10,
        negatives_per_positive: Optional[float] = None,
        min_negatives: int = 5,
        initializer: InitializerApplicator = InitializerApplicator(),
        **kwargs: Any,
    ) -> "EnumeratedSpans":
        """The scorer `pooled`, up to ten words."""
        return cls(
            span_scorer=cast(Lazy[SpanScorer], classifier),
            max_span_length=max_span_length,
            negatives_per_positive=negatives_per_positive,
            min_negatives=min_negatives,
            initializer=initializer,
            **kwargs,
        )

    @classmethod
    def biaffine_span(
        cls,
        start_feedforward: Lazy[FeedForward],
        end_feedforward: Lazy[FeedForward],
        decoder: Optional[EntityDecoder] = None,
        max_span_length: Optional[int] = None,
        negatives_per_positive: Optional[float] = None,
        min_negatives: int = 5,
        initializer: InitializerApplicator = InitializerApplicator(),
        **kwargs: Any,
    ) -> "EnumeratedSpans":
        """
        The scorer `biaffine`. Without a `decoder`, the most probable type, NONE among them, decides
        alone what is a candidate, and candidates are taken greedily by score.
        """
        return cls(
            span_scorer=Lazy(
                BiaffineSpanScorer,
                start_feedforward=start_feedforward,
                end_feedforward=end_feedforward,
            ),
            decoder=decoder or GreedyDecoder(score_threshold=0.0),
            max_span_length=max_span_length,
            negatives_per_positive=negatives_per_positive,
            min_negatives=min_negatives,
            initializer=initializer,
            **kwargs,
        )

    @classmethod
    def span_level_classifier(
        cls,
        encoder: Lazy[Seq2SeqEncoder],
        gold_spans: bool = False,
        dropout: float = 0.0,
        max_chunk_words: int = 32768,
        max_span_length: Optional[int] = 10,
        negatives_per_positive: Optional[float] = None,
        min_negatives: int = 5,
        initializer: InitializerApplicator = InitializerApplicator(),
        **kwargs: Any,
    ) -> "EnumeratedSpans":
        """The scorer `mention`, up to ten words. Given mentions are for `mention_typer`."""
        if gold_spans:
            raise ConfigurationError(
                "span_level_classifier has 'gold_spans': true; the model that names the types of "
                "given mentions is 'mention_typer', with the keys word_encoder, encoder, dropout "
                "and max_chunk_words"
            )
        return cls(
            span_scorer=Lazy(
                MentionSpanScorer,
                encoder=encoder,
                dropout=dropout,
                max_chunk_words=max_chunk_words,
            ),
            max_span_length=max_span_length,
            negatives_per_positive=negatives_per_positive,
            min_negatives=min_negatives,
            initializer=initializer,
            **kwargs,
        )

    @property
    @overrides
    def enumerated_lengths(self) -> Optional[Collection[int]]:
        longest = self._max_span_length
        return None if longest is None else range(1, longest + 1)

    @overrides
    def detect(self, words: EncodedWords, gold: Optional[GoldEntities]) -> Detection:
        longest = min(self._max_span_length or words.max_words, words.max_words)
        spans = enumerate_spans(words.lengths, range(1, longest + 1), words.max_words)
        # (K,): which spans are learned from
        learned: Union[slice, Tensor] = slice(None)
        if gold is not None:
            # (S,): 0 is NONE
            target = exact_labels(spans, gold.entities, words.max_words)
            if self._negatives_per_positive is not None:
                learned = sample_negatives(
                    target > 0,
                    spans.sentence,
                    words.num_sentences,
                    self._negatives_per_positive,
                    self._min_negatives,
                    self._generator(target.device),
                )
        if self.training:
            # The others need no score.
            spans, target = spans.select(learned), target[learned]
            learned = slice(None)
        # (S, C + 1)
        logits = self._span_scorer(words, spans)

        losses: Dict[str, Tensor] = {}
        if gold is not None:
            loss = classification_loss(logits[learned], target[learned])
            losses["classification_loss"] = loss
        if self.training:
            return Detection(losses, None)
        probabilities = logits.float().softmax(dim=1)
        # Where every span is looked at, there is no ceiling to report.
        seeds = None
        if self._max_span_length is not None:
            every = torch.arange(spans.num_spans, device=spans.start.device)
            seeds = Seeds(spans, every, False, 1.0, False)
        return Detection(losses, Candidates(spans, probabilities, seeds))
