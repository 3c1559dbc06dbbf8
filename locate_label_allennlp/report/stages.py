"""Which stage of a model lost an entity, and what a false entity comes from."""

from typing import Callable, Dict, NamedTuple, Optional, Sequence

import torch
from torch import Tensor

from locate_label_allennlp.decoders import EntityDecoder, KeepAllDecoder, ScoredSpan, iou
from locate_label_allennlp.nn.spans import span_iou
from locate_label_allennlp.report.traces import Trace
from locate_label_allennlp.training.metrics.entity_counter import Span

STAGES: Dict[str, str] = {
    "discontinuous": "it is in several pieces, which no span is",
    "seed": "no seed is close enough to lead to it",
    "filter": "seeds are close enough, but the filter let none of them pass",
    "boundary": "no candidate has its boundaries",
    "none": "candidates have its boundaries, but were classified as no entity",
    "type": "candidates have its boundaries, but were given another type",
    "score": "a candidate has its boundaries and type, but its score is not above the threshold",
    "nms": "a candidate is right and above the threshold, but the decoder preferred others",
}

# What these mean where candidates have the boundaries of their seeds.
_UNADJUSTED = {
    "seed": "the model looks at no span of its length",
    "filter": "a seed has its boundaries, but the filter did not let it pass",
}

ORIGINS: Dict[str, str] = {
    "type": "the boundaries of a gold entity, but not its type",
    "inside": "lies inside a gold entity",
    "around": "contains a gold entity",
    "crossing": "crosses a gold entity",
    "discontinuous": "reaches from the first to the last word of an entity in several pieces; the "
    "other origins, too, take such an entity for all words from its first to its last",
    "nothing": "touches no gold entity",
}


class Origin(NamedTuple):
    """What a false entity comes from: one of `ORIGINS`, and the gold entity nearest to it."""

    kind: str
    nearest: Optional[Span]


def possible_stages(trace: Trace, decoder: EntityDecoder) -> Dict[str, str]:
    """
    The stages at which entities of a sentence can be lost, and what each means.

    # Parameters

    trace : `Trace`
    decoder : `EntityDecoder`
        The model's.
    """
    seeds = trace.seeds
    can_occur = {
        "discontinuous": bool(trace.unreachable),
        "seed": seeds is not None,
        "filter": seeds is not None and seeds.kept is not None,
        "boundary": not _classifies_all(trace) if seeds is None else seeds.are_adjusted,
        "score": decoder.score_threshold > 0,
        "nms": not isinstance(decoder, KeepAllDecoder),
    }
    keeps_boundaries = seeds is not None and not seeds.are_adjusted
    meanings = {**STAGES, **_UNADJUSTED} if keeps_boundaries else STAGES
    return {stage: told for stage, told in meanings.items() if can_occur.get(stage, True)}


def _classifies_all(trace: Trace) -> bool:
    """Whether every span of the sentence is a candidate."""
    num_words = len(trace.words)
    return trace.candidates.unique(dim=0).size(0) == num_words * (num_words + 1) // 2


def lost_at(entity: Span, trace: Trace, survives: Callable[[ScoredSpan], bool]) -> str:
    """
    The last stage that a missed entity came to, one of `STAGES`.

    What lies furthest on the way decides: an entity whose boundaries a candidate has was not lost
    by the seeds, even if that candidate was made from a seed far away from it.

    # Parameters

    entity : `Span`
        A gold entity of the sentence that was not found.
    survives : `Callable[[ScoredSpan], bool]`
        Whether the decoder would take this span if it were the only one.
    """
    start, end, label = entity
    there = [span for span in trace.offered if (span.start, span.end) == (start, end)]
    right = [span for span in there if span.label == label]
    if right:
        return "nms" if any(survives(span) for span in right) else "score"
    if there:
        return "type"
    if candidates_at(entity, trace).numel():
        return "none"
    if trace.seeds is None:
        return "boundary"
    reaches = iou_with(trace.seeds.spans, entity) >= trace.seeds.needed_iou
    if not reaches.any():
        return "seed"
    if trace.seeds.kept is not None and not (reaches & trace.seeds.kept).any():
        return "filter"
    return "boundary"


def candidates_at(entity: Span, trace: Trace) -> Tensor:
    """The rows of the candidates that have the boundaries of an entity."""
    boundaries = torch.tensor(entity[:2])
    return (trace.candidates == boundaries).all(dim=1).nonzero().squeeze(1)


def iou_with(spans: Tensor, entity: Span) -> Tensor:
    """The IoU of each of `(S, 2)` spans with an entity."""
    start, end = torch.tensor(entity[0]), torch.tensor(entity[1])
    return span_iou(spans[:, 0], spans[:, 1], start, end)


def origin(entity: Span, gold: Sequence[Span], unreachable: Sequence[Span] = ()) -> Origin:
    """
    What a found entity that is not gold comes from, by the gold entity that it overlaps most;
    among equals by the one whose boundaries are nearest, then by the earlier one.

    # Parameters

    entity : `Span`
    gold, unreachable : `Sequence[Span]`
        The gold entities of its sentence; the latter in several pieces, which count as all words
        from their first to their last.
    """
    start, end, _ = entity
    touching = [other for other in [*gold, *unreachable] if other[0] <= end and other[1] >= start]
    if not touching:
        return Origin("nothing", None)
    # `min` takes the first of equals, and any gold entity comes before all unreachable ones.
    nearest = min(touching, key=lambda other: (-_iou(entity, other), _distance(entity, other)))
    if nearest[:2] == (start, end):
        return Origin("type" if nearest in gold else "discontinuous", nearest)
    if nearest[0] <= start and end <= nearest[1]:
        return Origin("inside", nearest)
    if start <= nearest[0] and nearest[1] <= end:
        return Origin("around", nearest)
    return Origin("crossing", nearest)


def _iou(first: Span, second: Span) -> float:
    return iou(ScoredSpan(*first, 0.0), ScoredSpan(*second, 0.0))


def _distance(first: Span, second: Span) -> int:
    return abs(first[0] - second[0]) + abs(first[1] - second[1])


def explanation(entity: Span, stage: str, trace: Trace, labels: Dict[str, int]) -> str:
    """
    What the model made of an entity that it lost, in a few words.

    # Parameters

    entity : `Span`
    stage : `str`
        Where it was lost.
    labels : `Dict[str, int]`
        The column of each type in the probabilities.
    """
    if stage in ("score", "nms"):
        score = max(span.score for span in trace.offered if span[:3] == entity)
        return f"scored {score:.3f} before decoding"
    if stage in ("none", "type"):
        # (K', C + 1)
        rows = trace.probabilities[candidates_at(entity, trace)]
        if stage == "type":
            rows = rows[rows.argmax(dim=1) > 0]
        # (C + 1,)
        best = rows[rows[:, labels[entity[2]]].argmax()]
        names = {column: label for label, column in labels.items()}
        top = int(best.argmax())
        taken = f"{names.get(top, 'no entity')} {best[top]:.3f}"
        return f"{taken}, {entity[2]} {best[labels[entity[2]]]:.3f}"
    if stage == "seed" and trace.seeds is not None:
        return _closest("seed", trace.seeds.spans, entity, trace.words)
    if stage == "filter" and trace.seeds is not None:
        near = int((iou_with(trace.seeds.spans, entity) >= trace.seeds.needed_iou).sum())
        return f"{near} seeds dropped" if near > 1 else "1 seed dropped"
    if stage == "boundary":
        return _closest("candidate", trace.candidates, entity, trace.words)
    return ""


def _closest(what: str, spans: Tensor, entity: Span, words: Sequence[str]) -> str:
    if not spans.size(0):
        return f"no {what} in this sentence"
    overlaps = iou_with(spans, entity)
    best = int(overlaps.argmax())
    if not overlaps[best] > 0:
        return f"no {what} touches it"
    start, end = spans[best].tolist()
    return f"closest {what}: “{' '.join(words[start : end + 1])}” (IoU {overlaps[best]:.2f})"
