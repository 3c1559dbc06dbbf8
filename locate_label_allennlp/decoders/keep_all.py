from locate_label_allennlp.decoders.entity_decoder import EntityDecoder, ScoredSpan


@EntityDecoder.register("none")
class KeepAllDecoder(EntityDecoder):
    """
    Keeps every span whose score is above the threshold, however much they overlap: the setting
    "w/o soft-NMS" of the paper's Table 3.

    # Parameters

    score_threshold : `float`, optional (default = `0.5`)
        An entity's score must be above it, in `[0, 1]`.
    """

    def select(self, candidates: list[ScoredSpan]) -> list[ScoredSpan]:
        return candidates
