"""What became of each sentence on its way through a model, as plain records."""

from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import torch
from torch import Tensor

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.data.fields import entities_of_tensor
from locate_label_allennlp.models import Candidates, NestedNerModel
from locate_label_allennlp.nn.spans import FlatSpans


class SeedTrace(NamedTuple):
    """
    The spans a model began with in one sentence.

    # Parameters

    spans : `torch.LongTensor`
        Shape `(S, 2)`: start and inclusive end.
    kept : `torch.BoolTensor`, optional
        Shape `(S,)`: which passed the filter; `None` if the model has none.
    of_candidates : `torch.LongTensor`
        Shape `(K, 2)`: the seed that each candidate was made from.
    needed_iou : `float`
        A seed leads to an entity if it has at least this IoU with it.
    are_adjusted : `bool`
        Whether candidates may have other boundaries than their seeds.
    """

    spans: Tensor
    kept: Optional[Tensor]
    of_candidates: Tensor
    needed_iou: float
    are_adjusted: bool


class Trace(NamedTuple):
    """
    What became of one sentence.

    # Parameters

    words : `Sequence[str]`
    source : `str`
        `file:line` of where it was read.
    gold : `List[Entity]`
        The distinct gold entities, sorted; discontinuous ones are what no span can be.
    candidates : `torch.LongTensor`
        Shape `(K, 2)`: start and inclusive end of the spans that the model classified.
    probabilities : `torch.FloatTensor`
        Shape `(K, C + 1)`, NONE first.
    scored : `List[Entity]`
        What the decoder chose from: the candidates that were given a type.
    predicted : `List[Entity]`
        The entities, with scores.
    seeds : `SeedTrace`, optional
        Where the model has such a stage.
    locations : `torch.FloatTensor`, optional
        Shape `(K, L + 1, 2)`: see `Candidates`.
    """

    words: Sequence[str]
    source: str
    gold: List[Entity]
    candidates: Tensor
    probabilities: Tensor
    scored: List[Entity]
    predicted: List[Entity]
    seeds: Optional[SeedTrace] = None
    locations: Optional[Tensor] = None


def traces(model: NestedNerModel, batches: Iterable[Dict[str, Any]]) -> Iterator[Trace]:
    """
    Runs a model, one batch after the other, and records what became of each sentence.

    # Parameters

    batches : `Iterable[Dict[str, Any]]`
        With gold entities, on the model's device.
    """
    model.eval()
    for batch in batches:
        # Not around the `yield`: whoever takes the traces may want gradients.
        with torch.inference_mode():
            traced = _traces_of_batch(model, batch)
        yield from traced


def _traces_of_batch(model: NestedNerModel, batch: Dict[str, Any]) -> List[Trace]:
    metadata = batch["metadata"]
    candidates = model.candidates(**batch)
    scored = model.scored_spans(candidates, len(metadata))
    (spans, probabilities), indices = by_sentence(
        candidates.spans, len(metadata), candidates.probabilities
    )
    seeds = _seeds_by_sentence(candidates, indices, len(metadata))
    locations: Sequence[Optional[Tensor]] = [None] * len(metadata)
    if candidates.locations is not None:
        every = candidates.locations.cpu()
        locations = [every[of_sentence] for of_sentence in indices]
    gold = entities_of_tensor(batch["entities"], model.labels)
    return [
        Trace(
            sentence["words"],
            sentence["source"],
            sorted({*reachable, *sentence["unreachable"]}, key=lambda entity: entity.key),
            sentence_spans,
            rows,
            of_sentence,
            model.decoder.decode(of_sentence),
            sentence_seeds,
            locations[number],
        )
        for number, (sentence, reachable, sentence_spans, rows, of_sentence, sentence_seeds) in (
            enumerate(zip(metadata, gold, spans, probabilities, scored, seeds, strict=True))
        )
    ]


def by_sentence(
    spans: FlatSpans, num_sentences: int, *columns: Tensor
) -> Tuple[List[Sequence[Tensor]], List[Tensor]]:
    """
    # Returns

    `List[Sequence[Tensor]]`
        The spans as `(start, end)`, and each further column, by sentence, on the host.
    `List[Tensor]`
        The indices of each sentence's spans among all.
    """
    sentence = spans.sentence.cpu()
    order = sentence.argsort(stable=True)
    sizes = torch.bincount(sentence, minlength=num_sentences).tolist()
    indices = list(order.split(sizes))
    whole = [torch.stack([spans.start, spans.end], dim=1), *columns]
    return [column.cpu()[order].split(sizes) for column in whole], indices


def _seeds_by_sentence(
    candidates: Candidates, indices: List[Tensor], num_sentences: int
) -> Sequence[Optional[SeedTrace]]:
    seeds = candidates.seeds
    if seeds is None:
        return [None] * num_sentences
    boundaries = torch.stack([seeds.spans.start, seeds.spans.end], dim=1)
    # (K, 2)
    of_candidates = boundaries[seeds.of_candidates].cpu()
    passed = torch.zeros_like(seeds.spans.start, dtype=torch.bool)
    passed.index_fill_(0, seeds.of_candidates, True)
    (spans, kept), _ = by_sentence(seeds.spans, num_sentences, passed)
    return [
        SeedTrace(
            spans[number],
            kept[number] if seeds.are_filtered else None,
            of_candidates[indices[number]],
            seeds.needed_iou,
            seeds.are_adjusted,
        )
        for number in range(num_sentences)
    ]
