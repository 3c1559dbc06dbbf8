from typing import List, Mapping, Optional

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.decoders.entity_decoder import EntityDecoder, best_first
from locate_label_allennlp.nn.relations import crosses, share_words


@EntityDecoder.register("greedy")
class GreedyDecoder(EntityDecoder):
    """
    Takes the candidates from the best score to the worst, and drops those that clash with one
    already taken (section 3 of Yu et al., "Named Entity Recognition as Dependency Parsing", ACL
    2020).
    Nested entities clash if they cross: if they share words, and neither lies inside the other.
    Flat ones clash if they share words at all.

    # Parameters

    flat : `bool`, optional (default = `False`)
        Whether the entities are flat.
    score_threshold : `float`, optional (default = `0.5`)
    type_thresholds : `Mapping[str, float]`, optional (default = `None`)
        See `EntityDecoder`.
    """

    def __init__(
        self,
        flat: bool = False,
        score_threshold: float = 0.5,
        type_thresholds: Optional[Mapping[str, float]] = None,
    ) -> None:
        super().__init__(score_threshold, type_thresholds)
        self._flat = flat

    def select(self, candidates: List[Entity]) -> List[Entity]:
        spans = [candidate.span for candidate in candidates]
        clash = share_words if self._flat else crosses
        return best_first(candidates, clash(spans, spans))
