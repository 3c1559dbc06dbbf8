"""
Span geometry. Spans are flat: `S` spans of a whole batch, each with the number of its sentence.
Ends are inclusive; lengths and overlaps are taken on half-open intervals, so a span of one word has
length 1.
"""

from typing import NamedTuple, Sequence, Tuple, Union

import torch
from torch import Tensor


class FlatSpans(NamedTuple):
    """
    # Parameters

    sentence, start, end : `torch.LongTensor`
        Each of shape `(S,)`; `end` is inclusive.
    """

    sentence: Tensor
    start: Tensor
    end: Tensor

    def select(self, which: Union[Tensor, slice]) -> "FlatSpans":
        """The spans of an index `(K,)`, a mask `(S,)` or a slice, in order."""
        return FlatSpans(self.sentence[which], self.start[which], self.end[which])

    def join(self, other: "FlatSpans") -> "FlatSpans":
        """These spans and then the others."""
        return FlatSpans(*(torch.cat(pair) for pair in zip(self, other, strict=True)))

    def join_missing(self, other: "FlatSpans", max_words: int) -> "FlatSpans":
        """These spans, and then those of the others that are not among them, each of them once."""
        # (S',), a number a span
        keys = other.keys(max_words).unique()
        keys = keys[~torch.isin(keys, self.keys(max_words))]
        boundaries = keys % max_words**2
        missing = FlatSpans(keys // max_words**2, boundaries // max_words, boundaries % max_words)
        return self.join(missing)

    def keys(self, max_words: int) -> Tensor:
        """
        One number a span, the same for the same span: shape `(S,)`. `max_words` is the number of
        words of the longest sentence.
        """
        return (self.sentence * max_words + self.start) * max_words + self.end

    @property
    def num_spans(self) -> int:
        """`S`."""
        return self.start.size(0)


def enumerate_spans(
    sentence_lengths: Tensor, span_lengths: Sequence[int], max_words: int
) -> FlatSpans:
    """
    Every span whose length is in `span_lengths` and that lies inside its sentence (section 2.2),
    ordered by sentence, start and length.

    # Parameters

    sentence_lengths : `torch.LongTensor`
        Shape `(B,)`, in words.
    span_lengths : `Sequence[int]`
    max_words : `int`
        The length of the longest sentence.
    """
    device = sentence_lengths.device
    widths = torch.tensor(sorted(set(span_lengths)), device=device)
    start = torch.arange(max_words, device=device)
    # (max_words, K)
    end = start[:, None] + widths - 1
    # (B, max_words, K)
    inside = end < sentence_lengths[:, None, None]
    sentence, first, width = inside.nonzero(as_tuple=True)
    return FlatSpans(sentence, first, end[first, width])


def padded_to_flat(spans: Tensor) -> FlatSpans:
    """
    Spans of shape `(B, E, 2)` with rows of -1 as padding, flattened in order of sentence and row.
    """
    sentence, row = (spans[..., 0] >= 0).nonzero(as_tuple=True)
    kept = spans[sentence, row]
    return FlatSpans(sentence, kept[:, 0], kept[:, 1])


def span_iou(start: Tensor, end: Tensor, other_start: Tensor, other_end: Tensor) -> Tensor:
    """
    Intersection over union of spans in words (section 2.2), broadcast over the arguments' shapes.
    Equal spans give exactly 1, disjoint ones exactly 0.
    """
    overlap = torch.minimum(end, other_end) - torch.maximum(start, other_start) + 1
    overlap = overlap.clamp(min=0)
    union = (end - start + 1) + (other_end - other_start + 1) - overlap
    return overlap / union


def adjust_spans(spans: FlatSpans, offsets: Tensor, sentence_lengths: Tensor) -> FlatSpans:
    """
    Equations (6) and (7): both boundaries moved by their offsets, rounded half up, and kept inside
    the sentence. A span whose boundaries would pass each other stays as it was.

    # Parameters

    offsets : `torch.FloatTensor`
        Shape `(S, 2)`, in words, signed.
    sentence_lengths : `torch.LongTensor`
        Shape `(B,)`.
    """
    last = sentence_lengths[spans.sentence] - 1
    moved_start, moved_end = _moved(spans, offsets, sentence_lengths)
    start = moved_start.clamp(min=0).minimum(last)  # (6)
    end = moved_end.clamp(min=0).minimum(last)  # (7)
    valid = start <= end
    return FlatSpans(
        spans.sentence,
        torch.where(valid, start, spans.start),
        torch.where(valid, end, spans.end),
    )


def are_legal_moves(spans: FlatSpans, offsets: Tensor, sentence_lengths: Tensor) -> Tensor:
    """
    Which spans can move by their rounded offsets as these are: they stay inside their sentence, and
    their boundaries do not pass each other. Shape `(S,)`; see `adjust_spans` for the parameters.
    """
    start, end = _moved(spans, offsets, sentence_lengths)
    return (start >= 0) & (start <= end) & (end < sentence_lengths[spans.sentence])


def _moved(spans: FlatSpans, offsets: Tensor, sentence_lengths: Tensor) -> Tuple[Tensor, Tensor]:
    """Both boundaries moved by their offsets, rounded half up, wherever that is: `(S,)` each."""
    # However large an offset is, it means the sentence's edge; clamped, it fits an integer.
    limit = sentence_lengths[spans.sentence, None].float()
    rounded = torch.floor(offsets.detach().float().clamp(-limit, limit) + 0.5).long()
    return spans.start + rounded[:, 0], spans.end + rounded[:, 1]
