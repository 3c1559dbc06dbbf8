from bisect import bisect_left
from typing import List

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.decoders.entity_decoder import EntityDecoder, score_of


@EntityDecoder.register("flat")
class FlatDecoder(EntityDecoder):
    """
    The best set of entities of which no two share a word: the one with the largest sum of scores
    (weighted interval scheduling). Where sums are equal, the entity that comes first by start, end
    and type is taken.

    # Parameters

    score_threshold : `float`, optional (default = `0.5`)
    type_thresholds : `Mapping[str, float]`, optional (default = `None`)
        See `EntityDecoder`.
    """

    def select(self, candidates: List[Entity]) -> List[Entity]:
        starts = [candidate.start for candidate in candidates]
        # best[i]: the largest sum that candidates[i:] allow. taken[i]: it needs candidates[i].
        best = [0.0] * (len(candidates) + 1)
        taken = [False] * len(candidates)
        for i in reversed(range(len(candidates))):
            with_this = score_of(candidates[i]) + best[bisect_left(starts, candidates[i].end)]
            taken[i] = with_this >= best[i + 1]
            best[i] = max(with_this, best[i + 1])

        entities: List[Entity] = []
        for candidate, is_taken in zip(candidates, taken, strict=True):
            if is_taken and (not entities or candidate.start >= entities[-1].end):
                entities.append(candidate)
        return entities
