"""
Metrics of nested entities.
"""

from locate_label_allennlp.training.metrics.entity_counter import Counts, EntityCounter
from locate_label_allennlp.training.metrics.nested_span_f1 import NestedSpanF1
from locate_label_allennlp.training.metrics.oracle_span_accuracy import OracleSpanAccuracy

__all__ = ["Counts", "EntityCounter", "NestedSpanF1", "OracleSpanAccuracy"]
