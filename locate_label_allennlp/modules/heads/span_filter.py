"""Tells span proposals from contextual spans."""

from allennlp.modules import FeedForward
from allennlp.modules.span_extractors import SpanExtractor
from overrides import overrides
from torch import Tensor

from locate_label_allennlp.modules.heads.span_head import SpanHead
from locate_label_allennlp.nn.range_maximum import RangeMaximum
from locate_label_allennlp.nn.spans import FlatSpans


class SpanFilter(SpanHead):
    """
    Equations (1) to (3) of Shen et al. (2021): how probable it is that a seed span overlaps an
    entity well enough to be worth adjusting and classifying. See `SpanHead` for the parameters.
    """

    def __init__(
        self, span_extractor: SpanExtractor, feedforward: FeedForward, dropout: float = 0.5
    ) -> None:
        super().__init__(span_extractor, feedforward, dropout, output_dim=1)

    @overrides
    def forward(self, words: RangeMaximum, spans: FlatSpans) -> Tensor:
        """The logits of equation (3), before the sigmoid: shape `(S,)`."""
        return super().forward(words, spans).squeeze(1)
