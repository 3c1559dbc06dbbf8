"""The words of mentions, as positions in a batch of sentences laid end to end."""

from typing import Mapping, Sequence, Tuple

import torch
from torch import Tensor

from locate_label_allennlp.nn.spans import FlatSpans, padded_to_flat

# Start and exclusive end of each fragment of a discontinuous mention.
Fragments = Sequence[Tuple[int, int]]


def span_positions(spans: FlatSpans, max_words: int) -> Tensor:
    """
    # Parameters

    spans : `FlatSpans`
        `S` spans.
    max_words : `int`
        `N`: word `i` of sentence `b` has the position `b * N + i`.

    # Returns

    `torch.LongTensor`
        Shape `(S, L)`: the positions of each span's words in order; -1 after its last.
    """
    length = spans.end - spans.start + 1
    longest = int(length.max()) if length.numel() else 1
    step = torch.arange(longest, device=length.device)
    first = spans.sentence * max_words + spans.start
    return torch.where(step < length[:, None], first[:, None] + step, -1)


def gold_positions(
    entities: Tensor, fragments: Sequence[Mapping[int, Fragments]], max_words: int
) -> Tensor:
    """
    The positions of the words of gold mentions, those of a discontinuous one fragment after
    fragment.

    # Parameters

    entities : `torch.LongTensor`
        Shape `(B, E, 3)`: start, inclusive end, label; rows of -1 are padding and come last.
    fragments : `Sequence[Mapping[int, Fragments]]`
        For each sentence the discontinuous mentions, by their rows in `entities`.
    max_words : `int`
        `N`.

    # Returns

    `torch.LongTensor`
        Shape `(S, L)`, in order of sentence and row, as `span_positions` has them.
    """
    positions = span_positions(padded_to_flat(entities[..., :2]), max_words)
    if not any(fragments):
        return positions
    sizes = (entities[..., 0] >= 0).sum(dim=1)
    # Discontinuous mentions are few; only they are taken one by one.
    for sentence, first in enumerate((sizes.cumsum(0) - sizes).tolist()):
        for row, parts in fragments[sentence].items():
            words = [sentence * max_words + word for part in parts for word in range(*part)]
            positions[first + row] = -1
            positions[first + row, : len(words)] = positions.new_tensor(words)
    return positions
