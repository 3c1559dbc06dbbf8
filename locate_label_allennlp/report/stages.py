"""Which stage of a model lost an entity, and what a false entity comes from."""

from typing import Callable, Dict, NamedTuple, Optional, Sequence

import torch
from torch import Tensor

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.decoders import EntityDecoder, KeepAllDecoder
from locate_label_allennlp.decoders.entity_decoder import score_of
from locate_label_allennlp.nn import relations
from locate_label_allennlp.nn.spans import span_iou
from locate_label_allennlp.report.traces import Trace

STAGES: Dict[str, str] = {
    "discontinuous": "it is in several fragments, which no span is",
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
    "discontinuous": "reaches from the first to the last word of an entity in several fragments; "
    "the other origins, too, take such an entity for all words from its first to its last",
    "nothing": "touches no gold entity",
}


class Origin(NamedTuple):
    """What a false entity comes from: one of `ORIGINS`, and the gold entity nearest to it."""

    kind: str
    nearest: Optional[Entity]


def possible_stages(trace: Trace, decoder: EntityDecoder) -> Dict[str, str]:
    """
    The stages at which entities of a sentence can be lost, and what each means.

    # Parameters

    trace : `Trace`
    decoder : `EntityDecoder`
    """
    seeds = trace.seeds
    can_occur = {
        "discontinuous": any(entity.fragments for entity in trace.gold),
        "seed": seeds is not None,
        "filter": seeds is not None and seeds.kept is not None,
        "boundary": not _classifies_all(trace) if seeds is None else seeds.are_adjusted,
        "score": max([decoder.score_threshold, *decoder.type_thresholds.values()]) > 0,
        "nms": not isinstance(decoder, KeepAllDecoder),
    }
    keeps_boundaries = seeds is not None and not seeds.are_adjusted
    meanings = {**STAGES, **_UNADJUSTED} if keeps_boundaries else STAGES
    return {stage: means for stage, means in meanings.items() if can_occur.get(stage, True)}


def _classifies_all(trace: Trace) -> bool:
    """Whether every span of the sentence is a candidate."""
    num_words = len(trace.words)
    return trace.candidates.unique(dim=0).size(0) == num_words * (num_words + 1) // 2


def lost_at(entity: Entity, trace: Trace, survives: Callable[[Entity], bool]) -> str:
    """
    The last stage that a missed entity came to, one of `STAGES`.

    What lies furthest on the way decides: an entity whose boundaries a candidate has was not lost
    by the seeds, even if that candidate was made from a seed far away from it.

    # Parameters

    entity : `Entity`
        A gold entity of the sentence that was not predicted.
    survives : `Callable[[Entity], bool]`
        Whether the decoder would take this candidate if it were the only one.
    """
    if entity.fragments:
        return "discontinuous"
    same_span = [candidate for candidate in trace.scored if candidate.span == entity.span]
    same_type = [candidate for candidate in same_span if candidate.type == entity.type]
    if same_type:
        return "nms" if any(survives(candidate) for candidate in same_type) else "score"
    if same_span:
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


def candidates_at(entity: Entity, trace: Trace) -> Tensor:
    """The rows of the candidates that have the boundaries of an entity."""
    return (trace.candidates == _boundaries(entity)).all(dim=1).nonzero().squeeze(1)


def iou_with(spans: Tensor, entity: Entity) -> Tensor:
    """The IoU of each of `(S, 2)` spans with an entity."""
    return span_iou(*spans.unbind(1), *_boundaries(entity))


def _boundaries(entity: Entity) -> Tensor:
    """As a tensor has them, the end inclusive."""
    return torch.tensor([entity.start, entity.end - 1])


def origin(entity: Entity, gold: Sequence[Entity]) -> Origin:
    """
    What a predicted entity that is not gold comes from, by the gold entity that it overlaps most;
    among equals by the one whose boundaries are nearest, then by a contiguous and an earlier one.

    # Parameters

    entity : `Entity`
    gold : `Sequence[Entity]`
        The gold entities of its sentence; discontinuous ones count as all words from their first to
        their last.
    """
    (overlaps,) = relations.iou([entity.span], [other.span for other in gold])
    touching = [(other, iou) for other, iou in zip(gold, overlaps, strict=True) if iou > 0]
    if not touching:
        return Origin("nothing", None)

    def distance(other: Entity) -> int:
        return abs(entity.start - other.start) + abs(entity.end - other.end)

    # `min` takes the first of equals.
    nearest, _ = min(
        touching, key=lambda pair: (-pair[1], distance(pair[0]), bool(pair[0].fragments))
    )
    if nearest.span == entity.span:
        return Origin("discontinuous" if nearest.fragments else "type", nearest)
    if relations.contains([nearest.span], [entity.span]).item():
        return Origin("inside", nearest)
    if relations.contains([entity.span], [nearest.span]).item():
        return Origin("around", nearest)
    return Origin("crossing", nearest)


def explanation(entity: Entity, stage: str, trace: Trace, labels: Dict[str, int]) -> str:
    """
    What the model made of an entity that it lost, in a few words.

    # Parameters

    entity : `Entity`
    stage : `str`
        Where it was lost.
    labels : `Dict[str, int]`
        The column of each type in the probabilities.
    """
    if stage in ("score", "nms"):
        score = max(score_of(each) for each in trace.scored if each.key == entity.key)
        return f"scored {score:.3f} before decoding"
    if stage in ("none", "type"):
        # (K', C + 1)
        rows = trace.probabilities[candidates_at(entity, trace)]
        if stage == "type":
            rows = rows[rows.argmax(dim=1) > 0]
        # (C + 1,)
        best = rows[rows[:, labels[entity.type]].argmax()]
        names = {column: label for label, column in labels.items()}
        top = int(best.argmax())
        highest = f"{names.get(top, 'no entity')} {best[top]:.3f}"
        return f"{highest}, {entity.type} {best[labels[entity.type]]:.3f}"
    if stage == "seed" and trace.seeds is not None:
        return _closest("seed", trace.seeds.spans, entity, trace.words)
    if stage == "filter" and trace.seeds is not None:
        near = int((iou_with(trace.seeds.spans, entity) >= trace.seeds.needed_iou).sum())
        return f"{near} seeds dropped" if near > 1 else "1 seed dropped"
    if stage == "boundary":
        return _closest("candidate", trace.candidates, entity, trace.words)
    return ""


def _closest(what: str, spans: Tensor, entity: Entity, words: Sequence[str]) -> str:
    if not spans.size(0):
        return f"no {what} in this sentence"
    overlaps = iou_with(spans, entity)
    best = int(overlaps.argmax())
    if not overlaps[best] > 0:
        return f"no {what} touches it"
    start, end = spans[best].tolist()
    return f"closest {what}: “{' '.join(words[start : end + 1])}” (IoU {overlaps[best]:.2f})"
