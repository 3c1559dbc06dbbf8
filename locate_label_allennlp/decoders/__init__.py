"""
Decoders: from the scored spans of one sentence to its entities.
"""

from locate_label_allennlp.decoders.entity_decoder import EntityDecoder, ScoredSpan
from locate_label_allennlp.decoders.flat import FlatDecoder
from locate_label_allennlp.decoders.greedy import GreedyDecoder
from locate_label_allennlp.decoders.keep_all import KeepAllDecoder
from locate_label_allennlp.decoders.nms import NmsDecoder
from locate_label_allennlp.decoders.overlap import OverlapIndex, iou
from locate_label_allennlp.decoders.soft_nms import SoftNmsDecoder

__all__ = [
    "EntityDecoder",
    "FlatDecoder",
    "GreedyDecoder",
    "KeepAllDecoder",
    "NmsDecoder",
    "OverlapIndex",
    "ScoredSpan",
    "SoftNmsDecoder",
    "iou",
]
