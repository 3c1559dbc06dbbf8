"""Makes one proposal a word."""

from typing import Sequence

import torch
from allennlp.common import FromParams
from torch import Tensor

from locate_label_allennlp.modules.proposer_regressor.feature_pyramid import FeaturePyramid
from locate_label_allennlp.modules.proposer_regressor.proposals import (
    Proposals,
    multi_layer_perceptron,
)
from locate_label_allennlp.nn.locations import fuse_locations


class Proposer(torch.nn.Module, FromParams):
    """
    Section 3.2 of the proposer and regressor paper: a feature pyramid over the words, and one
    proposal a word, made of the features whose words include it.

    # Parameters

    dim : `int`
        `D`; not given in a config.
    num_types : `int`
        `C`, without NONE; not given in a config.
    kernels : `Sequence[int]`, optional (default = `(2, 2)`)
        The sizes of the pyramid's convolutions, lowest first; with none, all features are words.
    backward_block : `bool`, optional (default = `True`)
        Whether the pyramid's layers take in those above.
    dropout : `float`, optional (default = `0.1`)
    """

    def __init__(
        self,
        dim: int,
        num_types: int,
        kernels: Sequence[int] = (2, 2),
        backward_block: bool = True,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self._pyramid = FeaturePyramid(dim, kernels, backward_block, dropout)
        self._scorer = multi_layer_perceptron(dim, 2, dropout)
        self._classifier = multi_layer_perceptron(dim, num_types + 1, dropout)

    def forward(self, words: Tensor, lengths: Tensor) -> Proposals:
        """
        # Parameters

        words : `torch.FloatTensor`
            Shape `(B, N, D)`.
        lengths : `torch.LongTensor`
            Shape `(B,)`, in words.
        """
        num_words = words.size(1)
        features = self._pyramid(words, lengths)
        # (B, N, D)
        query = features[0][:, :num_words]
        scores = [self._scorer(layer).float() for layer in (query, *features[1:])]
        location = fuse_locations(scores, self._pyramid.widths, lengths)  # (8), (9)
        mask = torch.arange(num_words, device=words.device) < lengths[:, None]
        return Proposals(query, self._classifier(query), location, mask)  # (10)
