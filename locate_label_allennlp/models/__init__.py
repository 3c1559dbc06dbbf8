"""The models."""

from locate_label_allennlp.models.biaffine_span import BiaffineSpan
from locate_label_allennlp.models.exhaustive_span import ExhaustiveSpan
from locate_label_allennlp.models.locate_and_label import LocateAndLabel
from locate_label_allennlp.models.nested_ner_model import Candidates, NestedNerModel, Seeds
from locate_label_allennlp.models.proposer_regressor import ProposerRegressor
from locate_label_allennlp.models.span_level_classifier import SpanLevelClassifier

__all__ = [
    "BiaffineSpan",
    "Candidates",
    "ExhaustiveSpan",
    "LocateAndLabel",
    "NestedNerModel",
    "ProposerRegressor",
    "Seeds",
    "SpanLevelClassifier",
]
