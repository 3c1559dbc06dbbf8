"""Spans by their own words."""

from allennlp.modules.span_extractors import SpanExtractor
from overrides import overrides

from locate_label_allennlp.modules.span_extractors.flat_span_extractor import (
    Boundaries,
    FlatSpanExtractor,
)
from locate_label_allennlp.nn.range_maximum import RangeMaximum
from locate_label_allennlp.nn.spans import FlatSpans


@SpanExtractor.register("inner_boundary")
class InnerBoundarySpanExtractor(FlatSpanExtractor):
    """
    `[max(h_start .. h_end); h_start; h_end]`: equations (2) and (9) of Shen et al. (2021), for the
    filter and the classifier. See `FlatSpanExtractor` for shapes and parameters.
    """

    @overrides
    def boundaries(self, words: RangeMaximum, spans: FlatSpans) -> Boundaries:
        return Boundaries(
            words.words,
            words.row(spans.sentence, spans.start),
            words.row(spans.sentence, spans.end),
        )
