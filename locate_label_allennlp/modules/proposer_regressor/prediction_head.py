"""From refined proposals to probabilities."""

from typing import NamedTuple

import torch
from allennlp.common import FromParams
from torch import Tensor

from locate_label_allennlp.modules.proposer_regressor.proposals import (
    Proposals,
    multi_layer_perceptron,
)
from locate_label_allennlp.nn.locations import THETA_SIZE
from locate_label_allennlp.nn.pair_distribution import PairScores


class Prediction(NamedTuple):
    """
    The proposals of all sentences of a batch, padding left out: `P` of them.

    # Parameters

    sentence : `torch.LongTensor`
        Shape `(P,)`.
    log_categories : `torch.FloatTensor`
        Shape `(P, C + 1)`: logarithm of each category's probability, NONE first, in float32.
    spans : `PairScores`
        Of `P` proposals, in float32: what their distributions over spans come from.
    """

    sentence: Tensor
    log_categories: Tensor
    spans: PairScores


class PredictionHead(torch.nn.Module, FromParams):
    """
    Section 3.4 of the proposer and regressor paper: for each proposal the probabilities of the
    categories, and those of all spans of the sentence.

    # Parameters

    dim : `int`
        `D`; not given in a config.
    num_types : `int`
        `C`, without NONE; not given in a config.
    dropout : `float`, optional (default = `0.1`)
    """

    def __init__(self, dim: int, num_types: int, dropout: float = 0.1) -> None:
        super().__init__()
        self._classifier = multi_layer_perceptron(dim, num_types + 1, dropout)
        self._start = torch.nn.Linear(dim, dim)
        self._end = torch.nn.Linear(dim, dim)
        self._gaussian = multi_layer_perceptron(dim, 2 + THETA_SIZE, dropout)

    def forward(self, words: Tensor, proposals: Proposals) -> Prediction:
        """
        # Parameters

        words : `torch.FloatTensor`
            Shape `(B, N, D)`: the output of the word encoder.
        """
        query, logits, location, mask = proposals
        sentence, _ = mask.nonzero(as_tuple=True)
        logits = (logits + self._classifier(query)).float()
        # (B, N, 2), (B, N, 3)
        offset, theta = self._gaussian(query).float().split((2, THETA_SIZE), dim=-1)  # (13)
        centre = location + offset  # (13)
        position = torch.arange(words.size(1), device=words.device, dtype=centre.dtype)
        # (B, N, N): of each proposal and word
        start = self._pointer(self._start, query, words)
        end = self._pointer(self._end, query, words)
        # What log_gaussian squares, start and end kept apart.
        from_start, from_end = (position - centre[..., i : i + 1] for i in (0, 1))
        lean_start, lean_end = theta[..., 0:1] * from_start, theta[..., 1:2] * from_end
        end = end - (theta[..., 2:3] * from_end).square()
        start, end = (part.masked_fill(~mask[:, None], -torch.inf) for part in (start, end))
        spans = PairScores(*(part[mask] for part in (start, end, lean_start, lean_end)))  # (22)
        return Prediction(sentence, logits[mask].log_softmax(dim=-1), spans)  # (21)

    @staticmethod
    def _pointer(linear: torch.nn.Linear, query: Tensor, words: Tensor) -> Tensor:
        """Equation (22): one of the two pointer networks; queries and words share its matrix."""
        scores = linear(query) @ linear(words).transpose(1, 2)
        return scores.float() / query.size(-1) ** 0.5
