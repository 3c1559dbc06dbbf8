"""Vectors of spans: what a span's own words say, and what stands at its boundaries."""

from typing import NamedTuple, Optional

import torch
import torch.nn.functional as F
from allennlp.modules.span_extractors import SpanExtractor
from overrides import overrides
from torch import Tensor

from locate_label_allennlp.nn.encoded_words import EncodedWords
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
    Concatenates the maximum over a span with two boundary vectors. Subclasses say which two. Works
    on flat spans, and usable wherever AllenNLP takes a span extractor.

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

    def boundaries(self, words: EncodedWords, spans: FlatSpans) -> Boundaries:
        """Where the left and the right boundary vector of each span are found."""
        raise NotImplementedError

    def extract(self, words: EncodedWords, spans: FlatSpans) -> Tensor:
        """The vectors of flat spans, all of which lie inside their sentences: `(S, 3 * D)`."""
        vectors, left, right = self.boundaries(words, spans)
        boundary_vectors = [vectors.index_select(0, side) for side in (left, right)]
        # (S, 3 * D)
        return torch.cat([words.span_max(spans), *boundary_vectors], dim=1)

    def project(self, words: EncodedWords, spans: FlatSpans, layer: torch.nn.Linear) -> Tensor:
        """
        `layer(extract(words, spans))`, shape `(S, H)`, for a third of the work: where there are
        more spans than words, boundary vectors go through the layer before they are gathered.
        """
        vectors, left, right = self.boundaries(words, spans)
        if spans.num_spans < vectors.size(0):
            return layer(self.extract(words, spans))
        weight: Tensor = layer.weight
        # (H, D) each
        for_maximum, for_left, for_right = weight.split(self._input_dim, dim=1)
        # (S, H)
        projected = F.linear(words.span_max(spans), for_maximum, layer.bias)
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
        words = EncodedWords(sequence_tensor, lengths)
        flat = self.extract(words, FlatSpans(sentence, start, end))
        padded = flat.new_zeros(*mask.size(), self.get_output_dim())
        padded[sentence, row] = flat
        return padded


@SpanExtractor.register("inner_boundary")
class InnerBoundarySpanExtractor(FlatSpanExtractor):
    """
    `[max(h_start .. h_end); h_start; h_end]`: equations (2) and (9) of Shen et al. (2021), for the
    filter and the classifier. See `FlatSpanExtractor` for shapes and parameters.
    """

    @overrides
    def boundaries(self, words: EncodedWords, spans: FlatSpans) -> Boundaries:
        return Boundaries(
            words.flat,
            words.rows(spans.sentence, spans.start),
            words.rows(spans.sentence, spans.end),
        )


@SpanExtractor.register("outer_boundary")
class OuterBoundarySpanExtractor(FlatSpanExtractor):
    """
    `[max(h_start .. h_end); h_(start - 1); h_(end + 1)]`: equation (4) of Shen et al. (2021), for
    the regressor. Before the first and after the last word of a sentence stand learned vectors. See
    `FlatSpanExtractor` for shapes and parameters.
    """

    def __init__(self, input_dim: int) -> None:
        super().__init__(input_dim)
        self._before_sentence = torch.nn.Parameter(torch.empty(input_dim))
        self._after_sentence = torch.nn.Parameter(torch.empty(input_dim))
        for sentinel in (self._before_sentence, self._after_sentence):
            torch.nn.init.normal_(sentinel, std=input_dim**-0.5)

    @overrides
    def boundaries(self, words: EncodedWords, spans: FlatSpans) -> Boundaries:
        # (S,)
        last = words.lengths[spans.sentence] - 1
        left = words.rows(spans.sentence, (spans.start - 1).clamp(min=0))
        right = words.rows(spans.sentence, torch.minimum(spans.end + 1, last))
        num_rows = words.flat.size(0)
        # (2, D)
        sentinels = torch.stack([self._before_sentence, self._after_sentence])
        return Boundaries(
            torch.cat([words.flat, sentinels.to(words.flat.dtype)]),
            torch.where(spans.start == 0, num_rows, left),
            torch.where(spans.end == last, num_rows + 1, right),
        )
