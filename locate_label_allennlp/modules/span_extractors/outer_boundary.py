"""Spans by the words around them."""

import torch
from allennlp.modules.span_extractors import SpanExtractor
from overrides import overrides
from torch import Tensor

from locate_label_allennlp.modules.span_extractors.flat_span_extractor import FlatSpanExtractor
from locate_label_allennlp.nn.range_maximum import RangeMaximum
from locate_label_allennlp.nn.spans import FlatSpans


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
    def boundaries(self, words: RangeMaximum, spans: FlatSpans) -> "tuple[Tensor, Tensor]":
        last = words.lengths[spans.sentence] - 1
        at_left, at_right = spans.start == 0, spans.end == last
        left = words.word(spans.sentence, (spans.start - 1).clamp(min=0))
        right = words.word(spans.sentence, torch.minimum(spans.end + 1, last))
        return (
            torch.where(at_left[:, None], self._before_sentence.to(left.dtype), left),
            torch.where(at_right[:, None], self._after_sentence.to(right.dtype), right),
        )
