"""
Metrics of nested entities.
"""

from locate_label_allennlp.training.metrics.entity_counter import EntityCounter, Span, nested_spans
from locate_label_allennlp.training.metrics.nested_span_f1 import NestedSpanF1

__all__ = ["EntityCounter", "NestedSpanF1", "Span", "nested_spans"]
