"""Moves the boundaries of spans."""

import torch
from allennlp.common.checks import ConfigurationError
from allennlp.modules import FeedForward
from allennlp.modules.span_extractors import SpanExtractor
from overrides import overrides
from torch import Tensor

from locate_label_allennlp.modules.heads.span_head import SpanHead
from locate_label_allennlp.nn.range_maximum import RangeMaximum
from locate_label_allennlp.nn.spans import FlatSpans

_OFFSETS = ("signed", "non_negative")


class BoundaryRegressor(SpanHead):
    """
    Equations (4) and (5) of Shen et al. (2021): by how many words the left and the right boundary
    of a span should move, two real numbers, shape `(S, 2)`. See `SpanHead` for the other
    parameters.

    # Parameters

    offsets : `str`, optional (default = `"signed"`)
        `signed`: any number, as in the paper. `non_negative`: a share of the sentence's length, as
        in the authors' released code, where no boundary can move to the left.
    """

    def __init__(
        self,
        span_extractor: SpanExtractor,
        feedforward: FeedForward,
        dropout: float = 0.5,
        offsets: str = "signed",
    ) -> None:
        super().__init__(span_extractor, feedforward, dropout, output_dim=2)
        if offsets not in _OFFSETS:
            raise ConfigurationError(f"offsets is {offsets!r}; allowed are {_OFFSETS}")
        self._offsets = offsets

    @overrides
    def forward(self, words: RangeMaximum, spans: FlatSpans) -> Tensor:
        """The offsets of both boundaries in words: shape `(S, 2)`."""
        # (S, 2)
        offsets = super().forward(words, spans)  # (4), (5)
        if self._offsets == "signed":
            return offsets
        return torch.sigmoid(offsets.float()) * words.lengths[spans.sentence, None]
