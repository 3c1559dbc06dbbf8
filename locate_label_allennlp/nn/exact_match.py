"""Which spans are gold entities, word for word."""

import torch
from torch import Tensor

from locate_label_allennlp.nn.spans import FlatSpans


def exact_labels(spans: FlatSpans, entities: Tensor, max_words: int) -> Tensor:
    """
    What each span should be classified as: the label of the gold entity with the same boundaries,
    plus 1, or 0 (NONE) where there is none. Of several entities with the same boundaries the
    first counts. The search is by sorted keys: nothing of size `spans x entities` is made.

    # Parameters

    spans : `FlatSpans`
        `S` spans, all inside their sentences.
    entities : `torch.LongTensor`
        Shape `(B, E, 3)`: start, inclusive end, label; rows of -1 are padding.
    max_words : `int`
        `N`, the number of words of the longest sentence.

    # Returns

    `torch.LongTensor`
        Shape `(S,)`.
    """
    sentence, row = (entities[..., 0] >= 0).nonzero(as_tuple=True)
    if sentence.numel() == 0:
        return torch.zeros_like(spans.start)
    # (G, 3)
    gold = entities[sentence, row]
    gold_spans = FlatSpans(sentence, gold[:, 0], gold[:, 1])
    # The sort is stable and the search finds the first of equals: the earlier entity.
    gold_keys, order = gold_spans.keys(max_words).sort(stable=True)
    keys = spans.keys(max_words)
    nearest = torch.searchsorted(gold_keys, keys).clamp(max=gold_keys.numel() - 1)
    return torch.where(gold_keys[nearest] == keys, gold[order[nearest], 2] + 1, 0)
