from collections.abc import Sequence
from typing import NamedTuple

from allennlp.common import Registrable
from allennlp.common.checks import ConfigurationError


class ScoredSpan(NamedTuple):
    """
    A span of words, the type it was given and how sure the model is. `end` is inclusive.
    """

    start: int
    end: int
    label: str
    score: float


class EntityDecoder(Registrable):
    """
    Chooses the entities of a sentence among its scored spans.

    What every decoder does is done here: spans whose score is not above the threshold are left
    out, and the same `(start, end, label)` met again keeps its best score. No decoder ever raises
    a score, so a span left out at the beginning could not have come back, and could not have
    changed the fate of a better one. A subclass says in `select` which of the others stay.

    Wherever two spans have the same score, the one with the earlier start goes first, then the one
    with the earlier end, then the alphabetically first label: the result does not depend on the
    order of the input.

    # Parameters

    score_threshold : `float`, optional (default = `0.5`)
        An entity's score must be above it: `delta` of the paper, in `[0, 1]`.
    """

    default_implementation = "soft_nms"

    def __init__(self, score_threshold: float = 0.5) -> None:
        self.score_threshold = check_fraction("score_threshold", score_threshold, zero=True)

    def decode(self, spans: Sequence[ScoredSpan]) -> list[ScoredSpan]:
        """
        # Parameters

        spans : `Sequence[ScoredSpan]`
            The scored spans of one sentence, in any order, without the NONE class.

        # Returns

        `List[ScoredSpan]`
            The entities, sorted by start, end and label.
        """
        best: dict[tuple[int, int, str], ScoredSpan] = {}
        for span in spans:
            if span.score > self.score_threshold:
                key = (span.start, span.end, span.label)
                if key not in best or span.score > best[key].score:
                    best[key] = span
        return sorted(self.select(sorted(best.values())))

    def select(self, candidates: list[ScoredSpan]) -> list[ScoredSpan]:
        """
        # Parameters

        candidates : `List[ScoredSpan]`
            Spans with distinct `(start, end, label)`, sorted by them, all above the threshold.

        # Returns

        `List[ScoredSpan]`
            Those that are entities, in any order, with their final scores.
        """
        raise NotImplementedError


def check_fraction(name: str, value: float, zero: bool) -> float:
    """
    Returns `value` if it lies in `(0, 1]`, or in `[0, 1]` where `zero` is allowed too; raises a
    `ConfigurationError` that names the parameter otherwise.
    """
    if 0 < value <= 1 or (zero and value == 0):
        return value
    allowed = "[0, 1]" if zero else "(0, 1]"
    raise ConfigurationError(f"`{name}` is {value!r}, but it must lie in {allowed}.")
