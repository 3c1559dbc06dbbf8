"""The models."""

from locate_label_allennlp.models.dense_locate_and_label import DenseLocateAndLabel
from locate_label_allennlp.models.detection import Candidates, Detection, GoldEntities, Seeds
from locate_label_allennlp.models.enumerated_spans import EnumeratedSpans
from locate_label_allennlp.models.locate_and_label import LocateAndLabel
from locate_label_allennlp.models.mention_typer import MentionTyper
from locate_label_allennlp.models.nested_ner_model import NestedNerModel
from locate_label_allennlp.models.proposer_regressor import ProposerRegressor

__all__ = [
    "Candidates",
    "DenseLocateAndLabel",
    "Detection",
    "EnumeratedSpans",
    "GoldEntities",
    "LocateAndLabel",
    "MentionTyper",
    "NestedNerModel",
    "ProposerRegressor",
    "Seeds",
]
