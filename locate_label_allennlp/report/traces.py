"""What became of each sentence on its way through a model, as plain records."""

from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import torch
from torch import Tensor

from locate_label_allennlp.decoders import ScoredSpan
from locate_label_allennlp.models import Candidates, NestedNerModel
from locate_label_allennlp.nn.spans import FlatSpans
from locate_label_allennlp.training.metrics.entity_counter import Span


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
    One sentence. All ends are inclusive.

    # Parameters

    words : `Sequence[str]`
    source : `str`
        Where it stands in the corpus.
    gold : `List[Span]`
        The distinct gold entities, sorted.
    unreachable : `List[Span]`
        Further gold entities that no span can be, by the words they reach from and to.
    candidates : `torch.LongTensor`
        Shape `(K, 2)`: start and inclusive end of the spans that the model classified.
    probabilities : `torch.FloatTensor`
        Shape `(K, C + 1)`, NONE first.
    offered : `List[ScoredSpan]`
        What the decoder chose from: the candidates that were given a type.
    found : `List[ScoredSpan]`
        The entities.
    seeds : `SeedTrace`, optional
        Where the model has such a stage.
    """

    words: Sequence[str]
    source: str
    gold: List[Span]
    unreachable: List[Span]
    candidates: Tensor
    probabilities: Tensor
    offered: List[ScoredSpan]
    found: List[ScoredSpan]
    seeds: Optional[SeedTrace] = None

    @property
    def found_spans(self) -> List[Span]:
        """The entities without their scores."""
        return [span[:3] for span in self.found]


def traces(model: NestedNerModel, batches: Iterable[Dict[str, Any]]) -> Iterator[Trace]:
    """
    Runs a model, one batch after the other, and tells what happened in each sentence.

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
    offered = model.scored_spans(candidates, len(metadata))
    found = [model.decoder.decode(spans) for spans in offered]
    (spans, probabilities), places = _by_sentence(
        candidates.spans, len(metadata), candidates.probabilities
    )
    seeds = _seeds_by_sentence(candidates, places, len(metadata))
    gold = batch["entities"].tolist()
    return [
        Trace(
            sentence["words"],
            sentence["source"],
            sorted({(start, end, model.labels[label]) for start, end, label in rows if start >= 0}),
            [tuple(span[:3]) for span in sentence["unreachable"]],
            *columns,
        )
        for sentence, rows, *columns in zip(
            metadata, gold, spans, probabilities, offered, found, seeds, strict=True
        )
    ]


def _by_sentence(
    spans: FlatSpans, num_sentences: int, *columns: Tensor
) -> Tuple[List[Sequence[Tensor]], List[Tensor]]:
    """
    # Returns

    `List[Sequence[Tensor]]`
        The spans as `(start, end)`, and each further column, in pieces by sentence, on the host.
    `List[Tensor]`
        The places of each sentence's spans among all.
    """
    sentence = spans.sentence.cpu()
    order = sentence.argsort(stable=True)
    sizes = torch.bincount(sentence, minlength=num_sentences).tolist()
    places = list(order.split(sizes))
    whole = [torch.stack([spans.start, spans.end], dim=1), *columns]
    return [column.cpu()[order].split(sizes) for column in whole], places


def _seeds_by_sentence(
    candidates: Candidates, places: List[Tensor], num_sentences: int
) -> Sequence[Optional[SeedTrace]]:
    seeds = candidates.seeds
    if seeds is None:
        return [None] * num_sentences
    # (K, 2)
    of_candidates = torch.stack([seeds.spans.start, seeds.spans.end], dim=1)
    passed = torch.ones_like(seeds.spans.start, dtype=torch.bool)
    if seeds.kept is not None:
        of_candidates = of_candidates[seeds.kept]
        passed = torch.zeros_like(passed).index_fill_(0, seeds.kept, True)
    of_candidates = of_candidates.cpu()
    (spans, kept), _ = _by_sentence(seeds.spans, num_sentences, passed)
    return [
        SeedTrace(
            spans[number],
            None if seeds.kept is None else kept[number],
            of_candidates[places[number]],
            seeds.needed_iou,
            seeds.are_adjusted,
        )
        for number in range(num_sentences)
    ]
