from locate_label_allennlp.decoders.entity_decoder import EntityDecoder, ScoredSpan


@EntityDecoder.register("greedy")
class GreedyDecoder(EntityDecoder):
    """
    Takes the spans from the best score to the worst, and drops those that clash with one already
    taken (section 3 of Yu et al., "Named Entity Recognition as Dependency Parsing", ACL 2020).
    Nested entities clash if they cross: if they share words, and neither lies inside the other.
    Flat ones clash if they share words at all.

    # Parameters

    flat : `bool`, optional (default = `False`)
        Whether the entities are flat.
    score_threshold : `float`, optional (default = `0.5`)
        An entity's score must be above it, in `[0, 1]`.
    """

    def __init__(self, flat: bool = False, score_threshold: float = 0.5) -> None:
        super().__init__(score_threshold)
        self._flat = flat

    def select(self, candidates: list[ScoredSpan]) -> list[ScoredSpan]:
        taken = (_TakenFlat if self._flat else _TakenNested)(
            max((span.end + 1 for span in candidates), default=0)
        )
        # The sort is stable: equal scores stay in the candidates' order.
        by_score = sorted(candidates, key=lambda span: -span.score)
        return [span for span in by_score if taken.take(span)]


class _TakenFlat:
    """Which words the entities taken so far have."""

    def __init__(self, num_words: int) -> None:
        self._is_taken = bytearray(num_words)

    def take(self, span: ScoredSpan) -> bool:
        """Takes the span if it clashes with none before it, and says whether it did."""
        if self._is_taken.find(1, span.start, span.end + 1) >= 0:
            return False
        self._is_taken[span.start : span.end + 1] = b"\1" * (span.end + 1 - span.start)
        return True


class _TakenNested:
    """How far the entities taken so far reach from each of their boundaries."""

    def __init__(self, num_words: int) -> None:
        self._furthest_end = [-1] * num_words
        self._furthest_start = [num_words] * num_words

    def take(self, span: ScoredSpan) -> bool:
        """Takes the span if it clashes with none before it, and says whether it did."""
        start, end = span.start, span.end
        # What crosses a span begins inside it and ends after it, or ends inside it and begins
        # before it.
        begin_inside = self._furthest_end[start + 1 : end + 1]
        end_inside = self._furthest_start[start:end]
        if begin_inside and (max(begin_inside) > end or min(end_inside) < start):
            return False
        self._furthest_end[start] = max(self._furthest_end[start], end)
        self._furthest_start[end] = min(self._furthest_start[end], start)
        return True
