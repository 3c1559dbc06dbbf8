"""Vectors of ever longer stretches of words."""

from typing import List, Sequence

import torch
from allennlp.common.checks import ConfigurationError
from allennlp.modules.seq2seq_encoders import GruSeq2SeqEncoder
from torch import Tensor
from torch.nn import functional as F

from locate_label_allennlp.modules.seq2seq_encoders import ProjectedGru
from locate_label_allennlp.nn.locations import feature_widths


class FeaturePyramid(torch.nn.Module):
    """
    Sections 3.2.1 and 3.2.2 of the proposer and regressor paper. Upwards, a convolution makes of
    neighbouring features of a layer one feature of the next; downwards, each layer takes in the one
    above.

    A sentence shorter than the features of a layer has none there. Its own highest layer takes in
    zeros from above, so that a sentence's features are the same in every batch. All layers are
    always computed, if need be on padding alone: every parameter has a gradient, which distributed
    training asks for.

    # Parameters

    input_dim : `int`
        `D`, also the size of the features.
    kernels : `Sequence[int]`
        The sizes of the convolutions, lowest first: one less than there are layers.
    backward_block : `bool`, optional (default = `True`)
        Whether to go down again after going up.
    dropout : `float`, optional (default = `0.0`)
        Applied to the input of each layer's GRU on the way up, and on the way down to what is added
        to the words' mean.
    """

    def __init__(
        self,
        input_dim: int,
        kernels: Sequence[int],
        backward_block: bool = True,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if any(kernel < 1 for kernel in kernels):
            raise ConfigurationError(f"kernels is {list(kernels)}; allowed are numbers >= 1")
        if input_dim % 2:
            raise ConfigurationError(
                f"the proposer's word vectors have size {input_dim}; allowed are even sizes"
            )
        self.widths = feature_widths(kernels)
        num_layers = len(self.widths)

        def norms() -> torch.nn.ModuleList:
            return torch.nn.ModuleList(torch.nn.LayerNorm(input_dim) for _ in range(num_layers))

        self._dropout = torch.nn.Dropout(dropout)
        self._gelu = torch.nn.GELU()
        self._up_norms = norms()
        self._up = torch.nn.ModuleList(ProjectedGru(input_dim, input_dim) for _ in self.widths)
        self._narrow = torch.nn.ModuleList(
            torch.nn.Conv1d(input_dim, input_dim, kernel) for kernel in kernels
        )
        self._has_backward_block = backward_block
        if backward_block:
            self._widen = torch.nn.ModuleList(
                torch.nn.ConvTranspose1d(input_dim, input_dim, kernel) for kernel in kernels
            )
            self._down_norms = torch.nn.ModuleList(torch.nn.LayerNorm(input_dim) for _ in kernels)
            self._down = torch.nn.ModuleList(
                GruSeq2SeqEncoder(input_dim, input_dim // 2, bidirectional=True) for _ in kernels
            )
            # The highest layer has none above it.
            self._merge = torch.nn.ModuleList(
                torch.nn.Linear(input_dim if layer == num_layers - 1 else 2 * input_dim, input_dim)
                for layer in range(num_layers)
            )
            self._merge_norms = norms()

    def forward(self, words: Tensor, lengths: Tensor) -> List[Tensor]:
        """
        # Parameters

        words : `torch.FloatTensor`
            Shape `(B, N, D)`.
        lengths : `torch.LongTensor`
            Shape `(B,)`, in words.

        # Returns

        `List[torch.FloatTensor]`
            For each layer, lowest first, shape `(B, N - v + 1, D)`: the feature of the `v` words
            from each word on. Where those do not all belong to the sentence it has no meaning; and
            where `N` is less than the widest feature, `N` is taken to be as much.
        """
        words = F.pad(words, (0, 0, 0, max(0, self.widths[-1] - words.size(1))))
        position = torch.arange(words.size(1), device=words.device)
        words = words * (position < lengths[:, None])[..., None]
        # For each layer (B,): 0 or less where the sentence has no features
        counts = [lengths - width + 1 for width in self.widths]
        features = self._upwards(words, counts)
        return self._downwards(words, features, counts) if self._has_backward_block else features

    def _upwards(self, words: Tensor, counts: Sequence[Tensor]) -> List[Tensor]:
        """Equation (6)."""
        features: List[Tensor] = []
        hidden = words
        for layer, count in enumerate(counts):
            if layer > 0:
                hidden = self._gelu(_over_words(self._narrow[layer - 1], features[-1]))
            normed = self._dropout(self._up_norms[layer](hidden))
            # (B, F, D)
            features.append(self._up[layer](normed, _feature_mask(normed, count)))
        return features

    def _downwards(
        self, words: Tensor, features: Sequence[Tensor], counts: Sequence[Tensor]
    ) -> List[Tensor]:
        """Equation (7)."""
        merged: List[Tensor] = []
        for layer in reversed(range(len(features))):
            # (B, F, D or 2 * D)
            merge_input = features[layer]
            if merged:
                exists = torch.arange(merged[0].size(1), device=words.device)
                exists = exists < counts[layer + 1][:, None]
                message = self._gelu(_over_words(self._widen[layer], merged[0] * exists[..., None]))
                normed = self._down_norms[layer](message)
                message = self._down[layer](normed, _feature_mask(normed, counts[layer]))
                message = message * (counts[layer + 1] > 0)[:, None, None]
                merge_input = torch.cat([merge_input, message], dim=-1)
            # (B, F, D)
            pooled = F.avg_pool1d(words.transpose(1, 2), self.widths[layer], stride=1)
            hidden = pooled.transpose(1, 2) + self._dropout(self._merge[layer](merge_input))
            merged.insert(0, self._merge_norms[layer](hidden))
        return merged


def _over_words(convolution: torch.nn.Module, features: Tensor) -> Tensor:
    return convolution(features.transpose(1, 2)).transpose(1, 2)


def _feature_mask(features: Tensor, count: Tensor) -> Tensor:
    """The mask of a sentence's features, of one that is padding where it has none."""
    position = torch.arange(features.size(1), device=features.device)
    return position < count.clamp(min=1)[:, None]
