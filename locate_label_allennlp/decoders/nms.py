from locate_label_allennlp.decoders.entity_decoder import (
    EntityDecoder,
    ScoredSpan,
    check_fraction,
)
from locate_label_allennlp.decoders.overlap import OverlapIndex


@EntityDecoder.register("nms")
class NmsDecoder(EntityDecoder):
    """
    Greedy non-maximum suppression: takes the spans from the best score to the worst, and drops
    those that overlap one already taken much, whatever their label.

    # Parameters

    overlap_threshold : `float`, optional (default = `0.6`)
        The IoU from which on two spans exclude each other, in `(0, 1]`.
    score_threshold : `float`, optional (default = `0.5`)
        An entity's score must be above it, in `[0, 1]`.
    """

    def __init__(self, overlap_threshold: float = 0.6, score_threshold: float = 0.5) -> None:
        super().__init__(score_threshold)
        self._overlap_threshold = check_fraction("overlap_threshold", overlap_threshold, zero=False)

    def select(self, candidates: list[ScoredSpan]) -> list[ScoredSpan]:
        index = OverlapIndex(candidates, self._overlap_threshold)
        dropped = [False] * len(candidates)
        entities = []
        # The sort is stable: equal scores stay in the candidates' order.
        for position in sorted(range(len(candidates)), key=lambda i: -candidates[i].score):
            if not dropped[position]:
                entities.append(candidates[position])
                for other in index.overlapping(position):
                    dropped[other] = True
        return entities
