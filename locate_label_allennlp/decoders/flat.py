from bisect import bisect_left

from locate_label_allennlp.decoders.entity_decoder import EntityDecoder, ScoredSpan


@EntityDecoder.register("flat")
class FlatDecoder(EntityDecoder):
    """
    The best set of entities of which no two share a word: the one with the largest sum of scores
    (weighted interval scheduling). Where sums are equal, the entity that comes first by start, end
    and label is taken.

    # Parameters

    score_threshold : `float`, optional (default = `0.5`)
        An entity's score must be above it, in `[0, 1]`.
    """

    def select(self, candidates: list[ScoredSpan]) -> list[ScoredSpan]:
        starts = [span.start for span in candidates]
        # best[i]: the largest sum that candidates[i:] allow. taken[i]: it needs candidates[i].
        best = [0.0] * (len(candidates) + 1)
        taken = [False] * len(candidates)
        for i in reversed(range(len(candidates))):
            with_this = candidates[i].score + best[bisect_left(starts, candidates[i].end + 1)]
            taken[i] = with_this >= best[i + 1]
            best[i] = max(with_this, best[i + 1])

        entities: list[ScoredSpan] = []
        for i, span in enumerate(candidates):
            if taken[i] and (not entities or span.start > entities[-1].end):
                entities.append(span)
        return entities
