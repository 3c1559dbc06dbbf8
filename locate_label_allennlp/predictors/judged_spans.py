"""What a model thinks of every span that it looked at."""

from typing import Any, Dict, List, NamedTuple, Tuple

import torch
from torch import Tensor

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.decoders.overlap import without_overlap
from locate_label_allennlp.models.nested_ner_model import NestedNerModel


class JudgedSpan(NamedTuple):
    """
    # Parameters

    entity : `Entity`
        With its most probable type, and the score of an entity of that.
    none : `float`
        The probability that it is no entity.
    probabilities : `Dict[str, float]`
        That of each type. Where scores are calibrated, the most probable type has the score, and
        the others and NONE share the rest as before.
    is_found : `bool`
        Whether the model finds it, with this type.
    needed : `float`
        What the score has to be above: the threshold of the type or, where this is higher, the
        score with which the type would be as probable as NONE.
    """

    entity: Entity
    none: float
    probabilities: Dict[str, float]
    is_found: bool
    needed: float


def judged_spans(
    model: NestedNerModel, batch: Dict[str, Any], min_score: float, overlap: str
) -> List[List[JudgedSpan]]:
    """
    # Parameters

    model : `NestedNerModel`
        In evaluation mode.
    batch : `Dict[str, Any]`
        On the model's device.
    min_score : `float`
        The score of a span has to be above it.
    overlap : `str`
        What of overlapping entities counts as found; see `without_overlap`.

    # Returns

    `List[List[JudgedSpan]]`
        For each sentence its spans by start, end and type. A span that the model met more than once
        is there as it was judged with the highest score.
    """
    num_sentences = len(batch["metadata"])
    candidates = model.candidates(**batch)
    found = [
        {entity.key for entity in without_overlap(entities, overlap)}
        for entities in model.decode(candidates, num_sentences)
    ]
    # (K,)
    probability, label = candidates.probabilities[:, 1:].max(dim=1)
    score = model.calibrated(probability)
    # With which the type would be as probable as NONE, and the other types as they are.
    tied = model.calibrated((probability + candidates.probabilities[:, 0]) / 2)
    kept = (score > min_score).nonzero().squeeze(1)
    spans = candidates.spans.select(kept)
    shares = _with_best(candidates.probabilities[kept], label[kept] + 1, score[kept])
    columns = zip(
        *(column.tolist() for column in (*spans, label[kept], tied[kept], shares)), strict=True
    )
    best: List[Dict[Tuple[Any, ...], JudgedSpan]] = [{} for _ in range(num_sentences)]
    for sentence, start, end, kind, tie, (none, *probabilities) in columns:
        by_type = {model.labels[index]: each for index, each in enumerate(probabilities)}
        kind = model.labels[kind]
        entity = Entity(start, end + 1, kind, score=by_type[kind])
        before = best[sentence].get(entity.key)
        if before is None or before.entity.score < by_type[kind]:
            is_found = entity.key in found[sentence]
            needed = max(model.decoder.threshold_of(kind), tie)
            best[sentence][entity.key] = JudgedSpan(entity, none, by_type, is_found, needed)
    return [[spans[key] for key in sorted(spans)] for spans in best]


def _with_best(probabilities: Tensor, best: Tensor, score: Tensor) -> Tensor:
    """
    The distributions `(K, C + 1)` whose columns `best` `(K,)` are `score` `(K,)`, while the others
    keep their proportions. Where they have nothing between them, all that is left is `none`'s.
    """
    before = probabilities.gather(1, best[:, None])
    others = probabilities.scatter(1, best[:, None], 0.0)
    others[:, :1].masked_fill_(others.sum(dim=1, keepdim=True) == 0, 1.0)
    rest = (1 - score[:, None]) / others.sum(dim=1, keepdim=True)
    # What is left as it is keeps its last digit.
    shares = torch.where(score[:, None] == before, probabilities, others * rest)
    return shares.scatter(1, best[:, None], score[:, None])
