from typing import List, Mapping, Optional

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.decoders.entity_decoder import EntityDecoder, best_first, check_fraction
from locate_label_allennlp.nn.relations import overlaps


@EntityDecoder.register("nms")
class NmsDecoder(EntityDecoder):
    """
    Greedy non-maximum suppression: takes the candidates from the best score to the worst, and drops
    those that overlap one already taken much, whatever their type.

    # Parameters

    overlap_threshold : `float`, optional (default = `0.6`)
        The IoU from which on two candidates exclude each other, in `(0, 1]`.
    score_threshold : `float`, optional (default = `0.5`)
    type_thresholds : `Mapping[str, float]`, optional (default = `None`)
        See `EntityDecoder`.
    """

    def __init__(
        self,
        overlap_threshold: float = 0.6,
        score_threshold: float = 0.5,
        type_thresholds: Optional[Mapping[str, float]] = None,
    ) -> None:
        super().__init__(score_threshold, type_thresholds)
        self._overlap_threshold = check_fraction("overlap_threshold", overlap_threshold, zero=False)

    def select(self, candidates: List[Entity]) -> List[Entity]:
        spans = [candidate.span for candidate in candidates]
        return best_first(candidates, overlaps(spans, spans, self._overlap_threshold))
