"""The word vectors of a batch, as the stages of a model ask for them."""

from functools import cached_property

import torch
from torch import Tensor

from locate_label_allennlp.nn.range_maximum import RangeMaximum
from locate_label_allennlp.nn.spans import FlatSpans


class EncodedWords:
    """
    # Parameters

    vectors : `torch.FloatTensor`
        Shape `(B, N, D)`: `B` sentences, `N` words of the longest one. Padding is never looked at
        by a span that lies inside its sentence.
    lengths : `torch.LongTensor`
        Shape `(B,)`: the number of words in each sentence.
    """

    def __init__(self, vectors: Tensor, lengths: Tensor) -> None:
        self.vectors = vectors
        self.lengths = lengths

    @property
    def num_sentences(self) -> int:
        """`B`."""
        return self.vectors.size(0)

    @property
    def max_words(self) -> int:
        """`N`."""
        return self.vectors.size(1)

    @property
    def flat(self) -> Tensor:
        """The words of all sentences, padding included, one after the other: `(B * N, D)`."""
        return self.vectors.flatten(0, 1)

    def rows(self, sentence: Tensor, position: Tensor) -> Tensor:
        """
        Which rows of `flat` the words at `position` `(S,)` of the sentences `(S,)` are: `(S,)`.
        """
        return sentence * self.max_words + position

    def span_max(self, spans: FlatSpans) -> Tensor:
        """Equation (1) of Shen et al. (2021): the maximum over the words of each span, `(S, D)`."""
        return self._range_maximum.maximum(spans)

    @cached_property
    def _range_maximum(self) -> RangeMaximum:
        """Built once, for the first span that asks; models that never ask do without it."""
        return RangeMaximum(self.vectors)

    @property
    def mask(self) -> Tensor:
        """Shape `(B, N)`: true for words, false for padding."""
        position = torch.arange(self.max_words, device=self.lengths.device)
        return position < self.lengths[:, None]
