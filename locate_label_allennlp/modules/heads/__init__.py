"""The three heads of Locate and Label."""

from locate_label_allennlp.modules.heads.boundary_regressor import BoundaryRegressor
from locate_label_allennlp.modules.heads.entity_classifier import EntityClassifier
from locate_label_allennlp.modules.heads.span_filter import SpanFilter
from locate_label_allennlp.modules.heads.span_head import SpanHead

__all__ = ["BoundaryRegressor", "EntityClassifier", "SpanFilter", "SpanHead"]
