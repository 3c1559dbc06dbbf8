"""Maxima over any span of words, from a table built once a batch."""

from itertools import pairwise
from typing import Any, Iterator, List, NamedTuple, Tuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from locate_label_allennlp.nn.spans import FlatSpans

# Numbers that one step of a look-up gathers at most, so that all spans of a batch never need more
# than their own maxima and little beside them.
_STEP = 2**20


class RangeMaximum:
    """
    The elementwise maximum over any span of words. The maximum of a span is that of two overlapping
    stretches whose lengths are the largest power of two inside it, so a table with one level a
    power of two (`log2 N` of them) answers every span with two look-ups, whatever its length.
    Differentiable, and exact.

    # Parameters

    vectors : `torch.FloatTensor`
        Shape `(B, N, D)`. Padding after a sentence's words is never looked at by a span that lies
        inside its sentence.
    """

    def __init__(self, vectors: Tensor) -> None:
        # (B, rows, D)
        table = _Table.apply(vectors)
        self._rows = table.size(1)
        # (B * rows, D)
        self._table = table.flatten(0, 1)
        first_rows = [level.rows.start for level in _levels(vectors.size(1))]
        self._first_row = torch.tensor(first_rows, device=vectors.device)

    def maximum(self, spans: FlatSpans) -> Tensor:
        """The maximum over each span, shape `(S, D)`."""
        length = spans.end - spans.start + 1
        level = _floor_log2(length)
        row = spans.sentence * self._rows + self._first_row[level]
        return _LookUp.apply(self._table, row + spans.start, row + spans.end + 1 - (1 << level))


class _Level(NamedTuple):
    """Which rows of the table a level has, and over how many words the maximum in each is."""

    rows: slice
    width: int


class _Table(torch.autograd.Function):
    """
    `(B, N, D)` to `(B, rows, D)`: level after level the maxima over 1, 2, 4, ... words from each
    word on. Written in place; the maxima themselves say in the backward pass where they came from.
    """

    @staticmethod
    def forward(context: Any, vectors: Tensor) -> Tensor:
        batch_size, num_words, size = vectors.size()
        levels = _levels(num_words)
        table = vectors.new_empty(batch_size, levels[-1].rows.stop, size)
        table[:, :num_words] = vectors
        for below, above in pairwise(levels):
            rows = table[:, below.rows]
            torch.maximum(rows[:, : -below.width], rows[:, below.width :], out=table[:, above.rows])
        context.save_for_backward(table)
        context.levels = levels
        return table

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: Tensor) -> Tensor:
        (table,) = context.saved_tensors
        gradient = gradient.clone()
        # From the highest level down, each hands on what it got.
        for below, above in reversed(list(pairwise(context.levels))):
            rows = table[:, below.rows]
            from_left = rows[:, : -below.width] >= rows[:, below.width :]
            received = gradient[:, above.rows]
            target = gradient[:, below.rows]
            target[:, : -below.width] += received * from_left
            target[:, below.width :] += received * ~from_left
        return gradient[:, context.levels[0].rows]


class _LookUp(torch.autograd.Function):
    """
    The maximum of two rows of the table for each span. Neither row is kept for the backward pass,
    which looks them up again.
    """

    @staticmethod
    def forward(context: Any, table: Tensor, left: Tensor, right: Tensor) -> Tensor:
        context.save_for_backward(table, left, right)
        maxima = table.new_empty(left.size(0), table.size(1))
        for part in _parts(left.size(0), table.size(1)):
            torch.index_select(table, 0, left[part], out=maxima[part])
            torch.maximum(maxima[part], table.index_select(0, right[part]), out=maxima[part])
        return maxima

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: Tensor) -> Tuple[Tensor, None, None]:
        table, left, right = context.saved_tensors
        for_table = torch.zeros_like(table)
        for part in _parts(left.size(0), table.size(1)):
            from_left = table.index_select(0, left[part]) >= table.index_select(0, right[part])
            for_table.index_add_(0, left[part], gradient[part] * from_left)
            for_table.index_add_(0, right[part], gradient[part] * ~from_left)
        return for_table, None, None


def _levels(num_words: int) -> List[_Level]:
    levels = [_Level(slice(0, num_words), 1)]
    while 2 * levels[-1].width <= num_words:
        rows, width = levels[-1]
        num_rows = num_words - 2 * width + 1
        levels.append(_Level(slice(rows.stop, rows.stop + num_rows), 2 * width))
    return levels


def _parts(num_spans: int, size: int) -> Iterator[slice]:
    step = max(_STEP // max(size, 1), 1)
    return (slice(first, first + step) for first in range(0, num_spans, step))


def _floor_log2(length: Tensor) -> Tensor:
    """Exact for every integer from 1 to 2 ** 53."""
    return torch.frexp(length.double()).exponent.long() - 1
