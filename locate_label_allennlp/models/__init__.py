"""The models."""

from locate_label_allennlp.models.locate_and_label import LocateAndLabel
from locate_label_allennlp.models.nested_ner_model import Candidates, NestedNerModel, Seeds

__all__ = ["Candidates", "LocateAndLabel", "NestedNerModel", "Seeds"]
