"""Maxima over any span of words, from a table built once a batch."""

import torch
from torch import Tensor

from locate_label_allennlp.nn.spans import FlatSpans


class RangeMaximum:
    """
    Word vectors of a batch, ready to be asked for the vector of a word or the elementwise maximum
    over a span. The maximum of a span is that of two overlapping stretches whose lengths are the
    largest power of two inside it, so a table with one level a power of two (`log2 N` of them)
    answers every span with two look-ups, whatever its length. Differentiable, and exact.

    # Parameters

    words : `torch.FloatTensor`
        Shape `(B, N, D)`.
    lengths : `torch.LongTensor`
        Shape `(B,)`: the number of words in each sentence. Padding after them is never looked at
        by a span that lies inside its sentence.
    """

    def __init__(self, words: Tensor, lengths: Tensor) -> None:
        self.lengths = lengths
        self._num_words = words.size(1)
        # (B * N, D)
        self._words = words.flatten(0, 1)
        levels = [words]
        first_row = [0]
        width = 1
        while 2 * width <= self._num_words:
            # (B, N - 2 * width + 1, D)
            levels.append(torch.maximum(levels[-1][:, :-width], levels[-1][:, width:]))
            first_row.append(first_row[-1] + levels[-2].size(1))
            width *= 2
        table = torch.cat(levels, dim=1)
        self._rows = table.size(1)
        # (B * rows, D)
        self._table = table.flatten(0, 1)
        self._first_row = torch.tensor(first_row, device=words.device)

    def maximum(self, spans: FlatSpans) -> Tensor:
        """Equation (1): the maximum over each span, shape `(S, D)`."""
        length = spans.end - spans.start + 1
        level = _floor_log2(length)
        row = spans.sentence * self._rows + self._first_row[level]
        left = self._table.index_select(0, row + spans.start)
        right = self._table.index_select(0, row + spans.end + 1 - (1 << level))
        return torch.maximum(left, right)

    def word(self, sentence: Tensor, position: Tensor) -> Tensor:
        """The vectors of the words at `position` `(S,)` of the sentences `(S,)`: `(S, D)`."""
        return self._words.index_select(0, sentence * self._num_words + position)


def _floor_log2(length: Tensor) -> Tensor:
    """Exact for every integer from 1 to 2 ** 53."""
    return torch.frexp(length.double()).exponent.long() - 1
