"""Span extractors that work on flat spans, usable wherever AllenNLP takes a span extractor."""

from typing import Optional

import torch
from allennlp.modules.span_extractors import SpanExtractor
from overrides import overrides
from torch import Tensor

from locate_label_allennlp.nn.range_maximum import RangeMaximum
from locate_label_allennlp.nn.spans import FlatSpans


class FlatSpanExtractor(SpanExtractor):
    """
    Concatenates the maximum over a span with two boundary vectors. Subclasses say which two.

    # Parameters

    input_dim : `int`
        `D`, the size of a word vector.
    """

    def __init__(self, input_dim: int) -> None:
        super().__init__()
        self._input_dim = input_dim

    @overrides
    def get_input_dim(self) -> int:
        return self._input_dim

    @overrides
    def get_output_dim(self) -> int:
        return 3 * self._input_dim

    def boundaries(self, words: RangeMaximum, spans: FlatSpans) -> "tuple[Tensor, Tensor]":
        """The left and the right boundary vector of each span, both `(S, D)`."""
        raise NotImplementedError

    def extract(self, words: RangeMaximum, spans: FlatSpans) -> Tensor:
        """The vectors of flat spans, all of which lie inside their sentences: `(S, 3 * D)`."""
        left, right = self.boundaries(words, spans)
        return torch.cat([words.maximum(spans), left, right], dim=1)

    @overrides
    def forward(
        self,
        sequence_tensor: torch.FloatTensor,
        span_indices: torch.LongTensor,
        sequence_mask: Optional[torch.BoolTensor] = None,
        span_indices_mask: Optional[torch.BoolTensor] = None,
    ) -> Tensor:
        """
        AllenNLP's padded form.

        # Parameters

        sequence_tensor : `torch.FloatTensor`
            Shape `(B, N, D)`.
        span_indices : `torch.LongTensor`
            Shape `(B, S, 2)`, ends inclusive.
        sequence_mask : `torch.BoolTensor`, optional
            Shape `(B, N)`.
        span_indices_mask : `torch.BoolTensor`, optional
            Shape `(B, S)`.

        # Returns

        `torch.FloatTensor`
            Shape `(B, S, 3 * D)`, zeros for masked spans.
        """
        batch_size, num_words, _ = sequence_tensor.size()
        if sequence_mask is None:
            lengths = span_indices.new_full((batch_size,), num_words)
        else:
            lengths = sequence_mask.long().sum(1)
        if span_indices_mask is None:
            mask = torch.ones_like(span_indices[..., 0], dtype=torch.bool)
        else:
            mask = span_indices_mask
        sentence, row = mask.nonzero(as_tuple=True)
        start, end = span_indices[sentence, row].unbind(1)
        flat = self.extract(RangeMaximum(sequence_tensor, lengths), FlatSpans(sentence, start, end))
        padded = flat.new_zeros(*mask.size(), self.get_output_dim())
        padded[sentence, row] = flat
        return padded
