"""Vectors of spans."""

from locate_label_allennlp.modules.span_extractors.flat_span_extractor import FlatSpanExtractor
from locate_label_allennlp.modules.span_extractors.inner_boundary import InnerBoundarySpanExtractor
from locate_label_allennlp.modules.span_extractors.outer_boundary import OuterBoundarySpanExtractor

__all__ = ["FlatSpanExtractor", "InnerBoundarySpanExtractor", "OuterBoundarySpanExtractor"]
