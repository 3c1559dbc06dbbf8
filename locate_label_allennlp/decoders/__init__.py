"""
Decoders: from the scored candidates of one sentence to its entities.
"""

from locate_label_allennlp.decoders.entity_decoder import EntityDecoder
from locate_label_allennlp.decoders.flat import FlatDecoder
from locate_label_allennlp.decoders.greedy import GreedyDecoder
from locate_label_allennlp.decoders.keep_all import KeepAllDecoder
from locate_label_allennlp.decoders.nms import NmsDecoder
from locate_label_allennlp.decoders.soft_nms import SoftNmsDecoder

__all__ = [
    "EntityDecoder",
    "FlatDecoder",
    "GreedyDecoder",
    "KeepAllDecoder",
    "NmsDecoder",
    "SoftNmsDecoder",
]
