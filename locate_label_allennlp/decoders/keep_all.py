from typing import List

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.decoders.entity_decoder import EntityDecoder


@EntityDecoder.register("none")
class KeepAllDecoder(EntityDecoder):
    """
    Keeps every candidate whose score is above its threshold, however much they overlap: the setting
    "w/o soft-NMS" of the paper's Table 3.

    # Parameters

    score_threshold : `float`, optional (default = `0.5`)
    type_thresholds : `Mapping[str, float]`, optional (default = `None`)
        See `EntityDecoder`.
    """

    def select(self, candidates: List[Entity]) -> List[Entity]:
        return candidates
