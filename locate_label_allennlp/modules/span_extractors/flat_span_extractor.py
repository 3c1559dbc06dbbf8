"""Span extractors that work on flat spans, usable wherever AllenNLP takes a span extractor."""

from typing import NamedTuple, Optional

import torch
import torch.nn.functional as F
from allennlp.modules.span_extractors import SpanExtractor
from overrides import overrides
from torch import Tensor

from locate_label_allennlp.nn.range_maximum import RangeMaximum
from locate_label_allennlp.nn.spans import FlatSpans


class Boundaries(NamedTuple):
    """
    # Parameters

    vectors : `torch.FloatTensor`
        Shape `(R, D)`: the words of all sentences, and whatever else may stand at a boundary.
    left, right : `torch.LongTensor`
        Shape `(S,)`: which of them stand at the boundaries of each span.
    """

    vectors: Tensor
    left: Tensor
    right: Tensor


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

    def boundaries(self, words: RangeMaximum, spans: FlatSpans) -> Boundaries:
        """Where the left and the right boundary vector of each span are found."""
        raise NotImplementedError

    def extract(self, words: RangeMaximum, spans: FlatSpans) -> Tensor:
        """The vectors of flat spans, all of which lie inside their sentences: `(S, 3 * D)`."""
        vectors, left, right = self.boundaries(words, spans)
        boundary_vectors = [vectors.index_select(0, side) for side in (left, right)]
        return torch.cat([words.maximum(spans), *boundary_vectors], dim=1)

    def project(self, words: RangeMaximum, spans: FlatSpans, layer: torch.nn.Linear) -> Tensor:
        """
        `layer(extract(words, spans))`, shape `(S, H)`, for a third of the work: where there are
        more spans than words, boundary vectors go through the layer before they are gathered.
        """
        vectors, left, right = self.boundaries(words, spans)
        if spans.num_spans < vectors.size(0):
            return layer(self.extract(words, spans))
        weight: Tensor = layer.weight
        for_maximum, for_left, for_right = weight.split(self._input_dim, dim=1)
        projected = F.linear(words.maximum(spans), for_maximum, layer.bias)
        for side, part in ((left, for_left), (right, for_right)):
            projected += F.linear(vectors, part).index_select(0, side)
        return projected

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
