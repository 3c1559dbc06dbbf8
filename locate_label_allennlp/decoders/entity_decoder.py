from copy import copy
from numbers import Real
from typing import Dict, List, Mapping, Optional, Sequence, TypeVar

import numpy
from allennlp.common import Registrable
from allennlp.common.checks import ConfigurationError
from numpy.typing import NDArray

from locate_label_allennlp.data.document import Entity

_Decoder = TypeVar("_Decoder", bound="EntityDecoder")


class EntityDecoder(Registrable):
    """
    Chooses the entities of a sentence among its candidates.

    What every decoder does is done here: candidates whose score is not above the threshold of their
    type are left out before anything else, so that what can be no entity takes the place of none;
    and the same `(start, end, type)` met again keeps its best score. No decoder ever raises a
    score, so a candidate left out at the beginning could not have come back. A subclass says in
    `select` which of the others stay.

    Wherever two candidates have the same score, the one with the earlier start goes first, then the
    one with the earlier end, then the alphabetically first type: the result does not depend on the
    order of the input.

    # Parameters

    score_threshold : `float`, optional (default = `0.5`)
        An entity's score must be above it: `delta` of the paper, in `[0, 1]`.
    type_thresholds : `Mapping[str, float]`, optional (default = `None`)
        The same for the types that have one of their own, be it higher or lower.
    """

    default_implementation = "soft_nms"

    def __init__(
        self,
        score_threshold: float = 0.5,
        type_thresholds: Optional[Mapping[str, float]] = None,
    ) -> None:
        self.score_threshold = check_fraction("score_threshold", score_threshold, zero=True)
        self.type_thresholds: Dict[str, float] = {
            kind: check_fraction(f"type_thresholds.{kind}", value, zero=True)
            for kind, value in (type_thresholds or {}).items()
        }

    def threshold_of(self, kind: str) -> float:
        """What the score of an entity of this type must be above."""
        return self.type_thresholds.get(kind, self.score_threshold)

    def with_thresholds(
        self: _Decoder,
        score_threshold: float,
        type_thresholds: Optional[Mapping[str, float]] = None,
    ) -> _Decoder:
        """A decoder like this one with these thresholds alone; see the class for both."""
        other = copy(self)
        EntityDecoder.__init__(other, score_threshold, type_thresholds)
        return other

    def decode(self, candidates: Sequence[Entity]) -> List[Entity]:
        """
        # Parameters

        candidates : `Sequence[Entity]`
            The candidates of one sentence with their scores, in any order, without the NONE class.

        # Returns

        `List[Entity]`
            The entities, sorted by start, end and type.
        """
        above = [each for each in candidates if score_of(each) > self.threshold_of(each.type)]
        # Of the same candidate the last one stays, which is the best.
        best = {candidate.key: candidate for candidate in sorted(above, key=score_of)}
        entities = self.select([best[key] for key in sorted(best)])
        return sorted(entities, key=lambda entity: entity.key)

    def select(self, candidates: List[Entity]) -> List[Entity]:
        """
        # Parameters

        candidates : `List[Entity]`
            With distinct `(start, end, type)`, sorted by them, all above their thresholds.

        # Returns

        `List[Entity]`
            Those that are entities, in any order, with their final scores.
        """
        raise NotImplementedError


def score_of(candidate: Entity) -> float:
    if candidate.score is None:
        raise ValueError(f"{candidate} has no score; a decoder chooses by scores")
    return candidate.score


def best_first(candidates: Sequence[Entity], exclude: NDArray[numpy.bool_]) -> List[Entity]:
    """
    Takes candidates from the best score to the worst, and drops what one taken excludes.

    # Parameters

    candidates : `Sequence[Entity]`
        `S` candidates; of equal scores the earlier one is taken first.
    exclude : `numpy.ndarray`
        Shape `(S, S)`: which candidates exclude each other.
    """
    dropped = numpy.zeros(len(candidates), dtype=bool)
    entities = []
    for index in sorted(range(len(candidates)), key=lambda i: -score_of(candidates[i])):
        if not dropped[index]:
            entities.append(candidates[index])
            dropped |= exclude[index]
    return entities


def check_fraction(name: str, value: float, zero: bool) -> float:
    """
    Returns `value` if it lies in `(0, 1]`, or in `[0, 1]` where `zero` is allowed too; raises a
    `ConfigurationError` that names the parameter otherwise.
    """
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if is_number and (0 < value <= 1 or (zero and value == 0)):
        return value
    allowed = "[0, 1]" if zero else "(0, 1]"
    raise ConfigurationError(f"`{name}` is {value!r}, but it must lie in {allowed}.")
