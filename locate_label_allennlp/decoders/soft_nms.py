from typing import List, Mapping, Optional, Sequence

import numpy
from overrides import overrides

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.decoders.entity_decoder import EntityDecoder, check_fraction, score_of
from locate_label_allennlp.nn.relations import crosses, overlaps


@EntityDecoder.register("soft_nms")
class SoftNmsDecoder(EntityDecoder):
    """
    Soft non-maximum suppression, Algorithm 1 of
    [Locate and Label: A Two-stage Identifier for Nested Named Entity Recognition]
    (https://aclanthology.org/2021.acl-long.216): takes the candidates from the best score to the
    worst, and each one taken lowers the score of all those still waiting that overlap it much,
    whatever their type. A candidate whose score is above its threshold when it is taken is an
    entity, with the score it has then; one whose score falls to its threshold is dropped.

    # Parameters

    decay : `float`, optional (default = `0.9`)
        What a score is multiplied by: `u` of the paper, in `(0, 1]`.
    overlap_threshold : `float`, optional (default = `0.6`)
        The IoU from which on candidates lower each other's scores: `k` of the paper, in `(0, 1]`.
    score_threshold : `float`, optional (default = `0.5`)
        `delta` of the paper.
    drop_crossing : `bool`, optional (default = `False`)
        Whether two candidates that share words without one lying inside the other are both dropped
        before anything else, whatever their types and scores. So in the authors' released code;
        the paper does not say it.
    type_thresholds : `Mapping[str, float]`, optional (default = `None`)
        As `score_threshold`, see `EntityDecoder`.
    """

    def __init__(
        self,
        decay: float = 0.9,
        overlap_threshold: float = 0.6,
        score_threshold: float = 0.5,
        drop_crossing: bool = False,
        type_thresholds: Optional[Mapping[str, float]] = None,
    ) -> None:
        super().__init__(score_threshold, type_thresholds)
        self._decay = check_fraction("decay", decay, zero=False)
        self._overlap_threshold = check_fraction("overlap_threshold", overlap_threshold, zero=False)
        self._drop_crossing = drop_crossing

    @overrides
    def decode(self, candidates: Sequence[Entity]) -> List[Entity]:
        if self._drop_crossing:
            spans = [candidate.span for candidate in candidates]
            crossing = numpy.any(crosses(spans, spans), axis=1)
            candidates = [
                each for each, is_it in zip(candidates, crossing, strict=True) if not is_it
            ]
        return super().decode(candidates)

    @overrides
    def select(self, candidates: List[Entity]) -> List[Entity]:
        spans = [candidate.span for candidate in candidates]
        lowers = overlaps(spans, spans, self._overlap_threshold)
        thresholds = numpy.array([self.threshold_of(each.type) for each in candidates])
        # The scores of those still waiting, and 0 for those taken or dropped.
        scores = numpy.array([score_of(candidate) for candidate in candidates], dtype=numpy.float64)
        entities: List[Entity] = []
        for _ in candidates:
            scores[scores <= thresholds] = 0.0
            # Of equal scores the first.
            best = int(scores.argmax())
            if scores[best] == 0:
                break
            entities.append(candidates[best].with_score(float(scores[best])))
            scores[lowers[best]] *= self._decay  # (18)
            scores[best] = 0.0
        return entities
