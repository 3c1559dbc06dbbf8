"""Spans by the words around them."""

import torch
from allennlp.modules.span_extractors import SpanExtractor
from overrides import overrides

from locate_label_allennlp.modules.span_extractors.flat_span_extractor import (
    Boundaries,
    FlatSpanExtractor,
)
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
    def boundaries(self, words: RangeMaximum, spans: FlatSpans) -> Boundaries:
        last = words.lengths[spans.sentence] - 1
        left = words.row(spans.sentence, (spans.start - 1).clamp(min=0))
        right = words.row(spans.sentence, torch.minimum(spans.end + 1, last))
        num_words = words.words.size(0)
        sentinels = torch.stack([self._before_sentence, self._after_sentence])
        return Boundaries(
            torch.cat([words.words, sentinels.to(words.words.dtype)]),
            torch.where(spans.start == 0, num_words, left),
            torch.where(spans.end == last, num_words + 1, right),
        )
