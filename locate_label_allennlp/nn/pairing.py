"""Which gold entity a seed span belongs to, and which seeds to learn from (section 2.2)."""

from typing import NamedTuple, Optional

import torch
from torch import Tensor

from locate_label_allennlp.nn.spans import FlatSpans, span_iou


class Pairing(NamedTuple):
    """
    Each span with the gold entity that overlaps it most.

    # Parameters

    gold : `torch.LongTensor`
        Shape `(S,)`: the row of the entity in its sentence; 0 where the sentence has none.
    start, end : `torch.LongTensor`
        Shape `(S,)`: the entity's boundaries; the span's own where the sentence has no entity.
    label : `torch.LongTensor`
        Shape `(S,)`: the entity's label; -1 where the sentence has none.
    iou : `torch.FloatTensor`
        Shape `(S,)`; 0 where no entity is touched.
    """

    gold: Tensor
    start: Tensor
    end: Tensor
    label: Tensor
    iou: Tensor

    def select(self, which: Tensor) -> "Pairing":
        """The pairs at an index `(K,)`, or those a mask `(S,)` keeps, in order."""
        return Pairing(*(part[which] for part in self))


def iou_with_gold(spans: FlatSpans, entities: Tensor) -> Tensor:
    """
    The IoU of each span with each entity of its sentence: shape `(S, E)`, -1 for padding.

    # Parameters

    entities : `torch.LongTensor`
        Shape `(B, E, 3)`: start, end, label; rows of -1 are padding.
    """
    start, end, _ = entities[spans.sentence].unbind(-1)
    return _iou(spans, start, end)


def _iou(spans: FlatSpans, gold_start: Tensor, gold_end: Tensor) -> Tensor:
    iou = span_iou(spans.start[:, None], spans.end[:, None], gold_start, gold_end)
    return iou.masked_fill(gold_start < 0, -1.0)


def pair_with_gold(spans: FlatSpans, entities: Tensor) -> Pairing:
    """
    Pairs each span with the gold entity of largest IoU; among equals with the one whose boundaries
    are nearest, then with the earlier one.

    # Parameters

    entities : `torch.LongTensor`
        Shape `(B, E, 3)`: start, end, label; rows of -1 are padding.
    """
    if entities.size(1) == 0:
        nothing = torch.zeros_like(spans.start)
        return Pairing(nothing, spans.start, spans.end, nothing - 1, nothing.float())
    # (S, E)
    gold_start, gold_end, gold_label = entities[spans.sentence].unbind(-1)
    start, end = spans.start[:, None], spans.end[:, None]
    iou = _iou(spans, gold_start, gold_end)
    distance = (start - gold_start).abs() + (end - gold_end).abs()
    is_best = iou == iou.amax(dim=1, keepdim=True)
    far = torch.iinfo(distance.dtype).max
    # argmin takes the first of equals.
    gold = distance.masked_fill(~is_best, far).argmin(dim=1)

    def paired(values: Tensor) -> Tensor:
        return values.gather(1, gold[:, None]).squeeze(1)

    label = paired(gold_label)
    has_gold = label >= 0
    return Pairing(
        gold,
        torch.where(has_gold, paired(gold_start), spans.start),
        torch.where(has_gold, paired(gold_end), spans.end),
        label,
        paired(iou).clamp(min=0.0),
    )


def sample_negatives(
    is_positive: Tensor,
    sentence: Tensor,
    num_sentences: int,
    negatives_per_positive: float,
    min_negatives: int,
    generator: Optional[torch.Generator] = None,
) -> Tensor:
    """
    Chooses all positive spans, and for each sentence at random `negatives_per_positive` negative
    ones a positive (the paper: 5), at least `min_negatives`, as far as there are so many.

    # Parameters

    is_positive : `torch.BoolTensor`
        Shape `(S,)`.
    sentence : `torch.LongTensor`
        Shape `(S,)`.
    num_sentences : `int`
        `B`.
    generator : `torch.Generator`, optional
        Where the draw comes from; PyTorch's own, which the trainer's seed sets, if not given.

    # Returns

    `torch.LongTensor`
        The indices of the chosen spans, in ascending order.
    """
    positives = torch.zeros(num_sentences, device=sentence.device, dtype=torch.float)
    positives.index_add_(0, sentence, is_positive.float())
    # (B,)
    quota = (positives * negatives_per_positive).ceil().long().clamp(min=min_negatives)
    draw = torch.rand(
        sentence.size(0), device=sentence.device, dtype=torch.double, generator=generator
    )
    # By sentence; within one the negatives in random order, then the positives.
    order = (sentence + (draw + is_positive) / 2).argsort()
    sizes = torch.bincount(sentence, minlength=num_sentences)
    first = sizes.cumsum(0) - sizes
    rank = torch.empty_like(sentence)
    rank[order] = torch.arange(sentence.size(0), device=sentence.device)
    rank -= first[sentence]
    return (is_positive | (rank < quota[sentence])).nonzero().squeeze(1)
