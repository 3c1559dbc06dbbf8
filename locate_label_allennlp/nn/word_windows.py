"""Overlapping windows of the words of long sentences."""

from typing import NamedTuple

import torch
from torch import Tensor

from locate_label_allennlp.nn.encoded_words import EncodedWords
from locate_label_allennlp.nn.spans import FlatSpans


class WordWindows(NamedTuple):
    """
    Windows of at most `size` words, ordered by sentence and start. A shorter sentence is one
    window, and every word of a longer one is in one or two of them.

    # Parameters

    sentence, start, length : `torch.LongTensor`
        Each of shape `(W,)`; `length` in words.
    is_first, is_last : `torch.BoolTensor`
        Each of shape `(W,)`: whether the sentence begins, or ends, with the window.
    """

    sentence: Tensor
    start: Tensor
    length: Tensor
    is_first: Tensor
    is_last: Tensor

    def words(self, words: EncodedWords, which: Tensor) -> EncodedWords:
        """The words of the windows of an index `(V,)`, each as a sentence of its own."""
        start, length = self.start[which], self.length[which]
        # (N,)
        position = torch.arange(int(length.max()), device=start.device)
        # (V, N)
        position = (start[:, None] + position).clamp(max=words.max_words - 1)
        return EncodedWords(words.vectors[self.sentence[which, None], position], length)

    def place(self, spans: FlatSpans, which: Tensor) -> FlatSpans:
        """Spans of the windows of an index `(V,)` as spans of all windows, in their sentences."""
        window = which[spans.sentence]
        offset = self.start[window]
        return FlatSpans(window, spans.start + offset, spans.end + offset)

    def decide(self, spans: FlatSpans) -> Tensor:
        """
        A span that lies in two windows belongs to the one in which it stands farther from where
        the sentence was cut, and if it stands as far in both, to the first.

        # Parameters

        spans : `FlatSpans`
            Placed ones: `sentence` is the window's number.

        # Returns

        `torch.BoolTensor`
            Shape `(S,)`: whether the span belongs to the window that it was found in.
        """
        window = spans.sentence
        margin = self._margin(spans, window)
        before, after = (window - 1).clamp(min=0), (window + 1).clamp(max=len(self.start) - 1)
        in_before = ~self.is_first[window] & (spans.end < self.start[before] + self.length[before])
        in_after = ~self.is_last[window] & (spans.start >= self.start[after])
        return ~(in_before & (self._margin(spans, before) >= margin)) & ~(
            in_after & (self._margin(spans, after) > margin)
        )

    def _margin(self, spans: FlatSpans, window: Tensor) -> Tensor:
        """How many words are between each span and the nearest cut of a window: `(S,)`."""
        # More than any distance.
        whole = int(self.length.sum())
        before = spans.start - self.start[window]
        after = self.start[window] + self.length[window] - 1 - spans.end
        before = before.masked_fill(self.is_first[window], whole)
        return torch.minimum(before, after.masked_fill(self.is_last[window], whole))


def windows_of(lengths: Tensor, size: int, overlap: int) -> WordWindows:
    """
    # Parameters

    lengths : `torch.LongTensor`
        Shape `(B,)`: the number of words in each sentence.
    size : `int`
        The most words of a window.
    overlap : `int`
        Words that neighbours share, at most half of `size`.
    """
    stride = size - overlap
    # (B,), rounded up
    counts = 1 + (lengths - size + stride - 1).div(stride, rounding_mode="floor").clamp(min=0)
    # (W,)
    sentence = torch.arange(len(lengths), device=lengths.device).repeat_interleave(counts)
    number = torch.arange(len(sentence), device=lengths.device)
    number = number - (counts.cumsum(0) - counts)[sentence]
    start = number * stride
    length = (lengths[sentence] - start).clamp(max=size)
    return WordWindows(sentence, start, length, number == 0, number == counts[sentence] - 1)
