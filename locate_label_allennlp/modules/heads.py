"""The three heads of Locate and Label (Shen et al., 2021): filter, regressor, classifier."""

from typing import Any, Optional

import torch
from allennlp.common import FromParams, Lazy
from allennlp.common.checks import ConfigurationError
from allennlp.modules import FeedForward
from allennlp.modules.span_extractors import SpanExtractor
from allennlp.nn import Activation
from overrides import overrides
from torch import Tensor

from locate_label_allennlp.common.sizes import construct
from locate_label_allennlp.modules.span_extractors import FlatSpanExtractor
from locate_label_allennlp.nn.encoded_words import EncodedWords
from locate_label_allennlp.nn.spans import FlatSpans

_OFFSETS = ("signed", "non_negative")


class SpanHead(torch.nn.Module, FromParams):
    """
    Span vectors, dropout, hidden layers, and the linear layer `_output` of a subclass: `(S, O)`
    numbers for `S` spans.

    # Parameters

    input_dim : `int`
        `D`, the size of a word vector; not given in a config.
    span_extractor : `Lazy[SpanExtractor]`
        A `FlatSpanExtractor`: `inner_boundary` or `outer_boundary`.
    feedforward : `Lazy[FeedForward]`, optional
        The hidden layers. By default the paper's: one of size `D` with GELU.
    dropout : `float`, optional (default = `0.5`)
        Applied to the span vectors.
    """

    _output: torch.nn.Linear

    def __init__(
        self,
        input_dim: int,
        span_extractor: Lazy[SpanExtractor],
        feedforward: Optional[Lazy[FeedForward]] = None,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        extractor = construct("span_extractor", span_extractor, input_dim=input_dim)
        if not isinstance(extractor, FlatSpanExtractor):
            raise ConfigurationError(
                f"span_extractor is a {type(extractor).__name__}; allowed are those that work on "
                "flat spans: 'inner_boundary' and 'outer_boundary'"
            )
        span_dim = extractor.get_output_dim()
        self._span_extractor = extractor
        if feedforward is None:
            gelu = Activation.by_name("gelu")()
            self._feedforward = FeedForward(span_dim, 1, input_dim, gelu)
        else:
            self._feedforward = construct("feedforward", feedforward, input_dim=span_dim)
        self._dropout = torch.nn.Dropout(dropout)
        self._hidden_dim = self._feedforward.get_output_dim()

    def forward(self, words: EncodedWords, spans: FlatSpans) -> Tensor:
        # (S, O)
        return self._output(self._hidden(words, spans))

    def _hidden(self, words: EncodedWords, spans: FlatSpans) -> Tensor:
        """The hidden layers' output: `(S, H)`."""
        if self.training:
            # (S, 3 * D); each span has a dropout of its own
            vectors = self._dropout(self._span_extractor.extract(words, spans))
            return self._feedforward(vectors)
        layers: Any = self._feedforward._linear_layers
        hidden = self._span_extractor.project(words, spans, layers[0])
        for number, activation in enumerate(self._feedforward._activations):
            hidden = activation(hidden if number == 0 else layers[number](hidden))
        return hidden


class SpanFilter(SpanHead):
    """
    Equations (1) to (3) of Shen et al. (2021): how probable it is that a seed span overlaps an
    entity well enough to be worth adjusting and classifying. See `SpanHead` for the parameters.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._output = torch.nn.Linear(self._hidden_dim, 1)

    @overrides
    def forward(self, words: EncodedWords, spans: FlatSpans) -> Tensor:
        """The logits of equation (3), before the sigmoid: shape `(S,)`."""
        return super().forward(words, spans).squeeze(1)


class BoundaryRegressor(SpanHead):
    """
    Equations (4) and (5) of Shen et al. (2021): by how many words the left and the right boundary
    of a span should move, two real numbers. See `SpanHead` for the other parameters.

    # Parameters

    offsets : `str`, optional (default = `"signed"`)
        `signed`: any number, as in the paper. `non_negative`: a share of the sentence's length, as
        in the authors' released code, where no boundary can move to the left.
    """

    def __init__(self, offsets: str = "signed", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if offsets not in _OFFSETS:
            raise ConfigurationError(f"offsets is {offsets!r}; allowed are {_OFFSETS}")
        self._offsets = offsets
        self._output = torch.nn.Linear(self._hidden_dim, 2)

    @overrides
    def forward(self, words: EncodedWords, spans: FlatSpans) -> Tensor:
        """The offsets of both boundaries in words: shape `(S, 2)`."""
        # (S, 2)
        offsets = super().forward(words, spans)  # (4), (5)
        if self._offsets == "signed":
            return offsets
        return torch.sigmoid(offsets.float()) * words.lengths[spans.sentence, None]


class EntityClassifier(SpanHead):
    """
    Equations (8) to (10) of Shen et al. (2021), before the softmax: logits over NONE (index 0) and
    the `C` entity types, shape `(S, C + 1)`. See `SpanHead` for the other parameters.

    # Parameters

    num_classes : `int`
        `C + 1`; not given in a config.
    """

    def __init__(self, num_classes: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._output = torch.nn.Linear(self._hidden_dim, num_classes)
