from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from overrides import overrides

from locate_label_allennlp.decoders.entity_decoder import (
    EntityDecoder,
    ScoredSpan,
    check_fraction,
)
from locate_label_allennlp.decoders.overlap import OverlapIndex, crossing


@EntityDecoder.register("soft_nms")
class SoftNmsDecoder(EntityDecoder):
    """
    Soft non-maximum suppression, Algorithm 1 of
    [Locate and Label: A Two-stage Identifier for Nested Named Entity Recognition]
    (https://aclanthology.org/2021.acl-long.216): takes the spans from the best score to the worst,
    and each one taken lowers the score of all those still waiting that overlap it much, whatever
    their label. A span whose score is above the threshold when it is taken is an entity, with the
    score it has then.

    # Parameters

    decay : `float`, optional (default = `0.9`)
        What a score is multiplied by: `u` of the paper, in `(0, 1]`.
    overlap_threshold : `float`, optional (default = `0.6`)
        The IoU from which on spans lower each other's scores: `k` of the paper, in `(0, 1]`.
    score_threshold : `float`, optional (default = `0.5`)
        An entity's score must be above it: `delta` of the paper, in `[0, 1]`.
    drop_crossing : `bool`, optional (default = `False`)
        Whether two spans that share words without one lying inside the other are both dropped
        before anything else, whatever their labels and scores. So in the authors' released code;
        the paper does not say it.
    """

    def __init__(
        self,
        decay: float = 0.9,
        overlap_threshold: float = 0.6,
        score_threshold: float = 0.5,
        drop_crossing: bool = False,
    ) -> None:
        super().__init__(score_threshold)
        self._decay = check_fraction("decay", decay, zero=False)
        self._overlap_threshold = check_fraction("overlap_threshold", overlap_threshold, zero=False)
        self._drop_crossing = drop_crossing

    @overrides
    def decode(self, spans: Sequence[ScoredSpan]) -> list[ScoredSpan]:
        if self._drop_crossing:
            crossed = crossing(spans)
            spans = [span for position, span in enumerate(spans) if position not in crossed]
        return super().decode(spans)

    def select(self, candidates: list[ScoredSpan]) -> list[ScoredSpan]:
        index = OverlapIndex(candidates, self._overlap_threshold)
        scores = [span.score for span in candidates]
        # A score in the heap may be out of date. Scores only fall, so it is at least the true one,
        # and an up-to-date score on top is the best. Equal scores come in the candidates' order.
        heap = [(-score, position) for position, score in enumerate(scores)]
        heapify(heap)
        entities = []
        while heap:
            negative_score, position = heappop(heap)
            if scores[position] <= self.score_threshold:
                continue
            if scores[position] != -negative_score:
                heappush(heap, (-scores[position], position))
                continue
            span = candidates[position]
            entities.append(span._replace(score=scores[position]))
            for other in index.overlapping(position):
                scores[other] *= self._decay  # (18); of no effect on spans already taken
        return entities
