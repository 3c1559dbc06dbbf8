"""What the heads have in common."""

from typing import Any

import torch
from allennlp.common import FromParams
from allennlp.common.checks import ConfigurationError
from allennlp.modules import FeedForward
from allennlp.modules.span_extractors import SpanExtractor
from torch import Tensor

from locate_label_allennlp.modules.span_extractors import FlatSpanExtractor
from locate_label_allennlp.nn.range_maximum import RangeMaximum
from locate_label_allennlp.nn.spans import FlatSpans


class SpanHead(torch.nn.Module, FromParams):
    """
    Span vectors, dropout, hidden layer, linear layer: `(S, output_dim)` numbers for `S` spans.

    # Parameters

    span_extractor : `SpanExtractor`
        A `FlatSpanExtractor`: `inner_boundary` or `outer_boundary`.
    feedforward : `FeedForward`
        The hidden layer; the paper's has one with GELU.
    dropout : `float`
        Applied to the span vectors.
    output_dim : `int`
    """

    def __init__(
        self,
        span_extractor: SpanExtractor,
        feedforward: FeedForward,
        dropout: float,
        output_dim: int,
    ) -> None:
        super().__init__()
        if not isinstance(span_extractor, FlatSpanExtractor):
            raise ConfigurationError(
                f"span_extractor is a {type(span_extractor).__name__}; allowed are those that work "
                "on flat spans: 'inner_boundary' and 'outer_boundary'"
            )
        if feedforward.get_input_dim() != span_extractor.get_output_dim():
            raise ConfigurationError(
                f"feedforward.input_dim is {feedforward.get_input_dim()}, but the span extractor "
                f"gives vectors of size {span_extractor.get_output_dim()}"
            )
        self._span_extractor = span_extractor
        self._feedforward = feedforward
        self._dropout = torch.nn.Dropout(dropout)
        self._output = torch.nn.Linear(feedforward.get_output_dim(), output_dim)

    def check_word_dim(self, name: str, word_dim: int) -> None:
        """Raises a `ConfigurationError` unless the head, the key `name`, is for such words."""
        taken = self._span_extractor.get_input_dim()
        if taken != word_dim:
            raise ConfigurationError(
                f"{name}.span_extractor.input_dim is {taken}, but the word encoder gives vectors "
                f"of size {word_dim}"
            )

    def forward(self, words: RangeMaximum, spans: FlatSpans) -> Tensor:
        # (S, output_dim)
        return self._output(self._hidden(words, spans))

    def _hidden(self, words: RangeMaximum, spans: FlatSpans) -> Tensor:
        """The hidden layer's output: `(S, H)`."""
        if self.training:
            # (S, 3 * D); each span has a dropout of its own
            vectors = self._dropout(self._span_extractor.extract(words, spans))
            return self._feedforward(vectors)
        layers: Any = self._feedforward._linear_layers
        hidden = self._span_extractor.project(words, spans, layers[0])
        for number, activation in enumerate(self._feedforward._activations):
            hidden = activation(hidden if number == 0 else layers[number](hidden))
        return hidden
