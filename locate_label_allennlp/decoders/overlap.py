"""What of overlapping entities to keep, after a decoder has chosen them."""

from typing import List, Sequence, Tuple

from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.decoders.entity_decoder import score_of
from locate_label_allennlp.decoders.flat import FlatDecoder
from locate_label_allennlp.nn.relations import share_words

OVERLAPS = ("nested", "flat", "outermost", "innermost")


def check_overlap(overlap: str) -> str:
    """`overlap`, if it is one; a `ConfigurationError` if not."""
    if overlap not in OVERLAPS:
        raise ConfigurationError(f"overlap is {overlap!r}; allowed are {', '.join(OVERLAPS)}")
    return overlap


def without_overlap(entities: Sequence[Entity], overlap: str) -> List[Entity]:
    """
    # Parameters

    entities : `Sequence[Entity]`
        Of one sentence, with scores, as a decoder gives them.
    overlap : `str`
        `"nested"`: all of them. Else no two of those that are returned share a word: `"flat"` is
        the set with the largest sum of scores; `"outermost"` takes the longest first, and
        `"innermost"` the shortest, of equally long ones the one with the better score.

    # Returns

    `List[Entity]`
        In the same order.
    """
    entities = list(entities)
    if overlap == "nested" or len(entities) < 2:
        return entities
    if overlap == "flat":
        return FlatDecoder(score_threshold=0.0).decode(entities)
    sign = -1 if overlap == "outermost" else 1
    spans = [entity.span for entity in entities]
    clash = share_words(spans, spans)

    def rank(index: int) -> Tuple[int, float]:
        start, end = spans[index]
        return sign * (end - start), -score_of(entities[index])

    taken: List[int] = []
    for index in sorted(range(len(entities)), key=rank):
        if not clash[index, taken].any():
            taken.append(index)
    return [entities[index] for index in sorted(taken)]
