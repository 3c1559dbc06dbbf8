"""The parts of the proposer and regressor model."""

from locate_label_allennlp.modules.proposer_regressor.feature_pyramid import FeaturePyramid
from locate_label_allennlp.modules.proposer_regressor.prediction_head import (
    Prediction,
    PredictionHead,
)
from locate_label_allennlp.modules.proposer_regressor.proposals import Proposals
from locate_label_allennlp.modules.proposer_regressor.proposer import Proposer
from locate_label_allennlp.modules.proposer_regressor.regressor import Regressor
from locate_label_allennlp.modules.proposer_regressor.regressor_layer import RegressorLayer
from locate_label_allennlp.modules.proposer_regressor.spatial_attention import SpatialAttention

__all__ = [
    "FeaturePyramid",
    "Prediction",
    "PredictionHead",
    "Proposals",
    "Proposer",
    "Regressor",
    "RegressorLayer",
    "SpatialAttention",
]
