"""Attention that knows where the proposals are."""

from typing import Optional, Tuple

import torch
from torch import Tensor

from locate_label_allennlp.modules.proposer_regressor.proposals import (
    Proposals,
    multi_layer_perceptron,
)
from locate_label_allennlp.nn.locations import THETA_SIZE, log_gaussian, spatial_attention


class SpatialAttention(torch.nn.Module):
    """
    Section 3.3.2 of the proposer and regressor paper. Each head looks around a centre of its own,
    given by the proposal; the proposal's new location is a weighted mean of the heads' centres.

    # Parameters

    dim : `int`
        `D`.
    num_heads : `int`
        A divisor of `D`.
    spatial_modulation : `bool`
        Whether the Gaussians bear on the attention.
    location_iteration : `bool`
        Whether locations change.
    dropout : `float`
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        spatial_modulation: bool,
        location_iteration: bool,
        dropout: float,
    ) -> None:
        super().__init__()
        head_dim = dim // num_heads
        self._num_heads = num_heads
        self._spatial_modulation = spatial_modulation
        self._location_iteration = location_iteration
        self._query = torch.nn.Linear(dim, dim)
        self._key = torch.nn.Linear(dim, dim)
        self._value = torch.nn.Linear(dim, dim)
        self._output = torch.nn.Linear(dim, dim)
        if spatial_modulation:
            self._gaussian = multi_layer_perceptron(head_dim, 2 + THETA_SIZE, dropout)
        elif location_iteration:
            self._gaussian = multi_layer_perceptron(head_dim, 2, dropout)
        if location_iteration:
            self._scorer = multi_layer_perceptron(head_dim, 2, dropout)

    def forward(self, hidden: Tensor, proposals: Proposals) -> Tuple[Tensor, Tensor]:
        """
        # Parameters

        hidden : `torch.FloatTensor`
            Shape `(B, N, D)`: the proposals' queries, with their categories embedded.

        # Returns

        `Tuple[torch.FloatTensor, torch.FloatTensor]`
            The output of the attention, shape `(B, N, D)`, and the locations, shape `(B, N, 2)`.
        """
        # (B, H, N, D / H)
        query, key, value = (
            self._by_head(linear(hidden)) for linear in (self._query, self._key, self._value)
        )
        location = proposals.location
        centre: Optional[Tensor] = None
        prior: Optional[Tensor] = None
        if self._spatial_modulation or self._location_iteration:
            # (B, H, N, 2), (B, H, N, 3 or 0)
            offset, theta = self._gaussian(query).float().tensor_split((2,), dim=-1)  # (13)
            centre = location[:, None] + offset  # (13)
            if self._spatial_modulation:
                # (B, H, N, N)
                prior = log_gaussian(
                    location[:, None, None], centre[..., None, :], theta[..., None, :]
                )
        # (B, H, N, D / H)
        attended = spatial_attention(query, key, value, proposals.mask, prior)  # (14)
        if centre is not None and self._location_iteration:
            weights = self._scorer(attended).float().softmax(dim=1)  # (15)
            location = (weights * centre).sum(dim=1)  # (16)
        return self._output(attended.transpose(1, 2).flatten(2)), location  # (17)

    def _by_head(self, vectors: Tensor) -> Tensor:
        return vectors.unflatten(-1, (self._num_heads, -1)).transpose(1, 2)
