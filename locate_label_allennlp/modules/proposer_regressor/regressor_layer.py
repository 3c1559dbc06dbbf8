"""Refines proposals once."""

import torch
from torch import Tensor

from locate_label_allennlp.modules.proposer_regressor.proposals import (
    Proposals,
    multi_layer_perceptron,
)
from locate_label_allennlp.modules.proposer_regressor.spatial_attention import SpatialAttention


class RegressorLayer(torch.nn.Module):
    """
    Section 3.3 of the proposer and regressor paper: proposals in, better proposals out. See
    `Regressor` for the parameters.
    """

    def __init__(
        self,
        dim: int,
        num_types: int,
        num_heads: int,
        category_embedding: bool,
        spatial_modulation: bool,
        gated_update: bool,
        location_iteration: bool,
        logit_iteration: bool,
        dropout: float,
    ) -> None:
        super().__init__()
        self._category_embedding = category_embedding
        self._gated_update = gated_update
        self._logit_iteration = logit_iteration
        if category_embedding:
            self._categories = torch.nn.Linear(num_types + 1, dim, bias=False)
        self._attention = SpatialAttention(
            dim, num_heads, spatial_modulation, location_iteration, dropout
        )
        self._dropout = torch.nn.Dropout(dropout)
        if gated_update:
            self._gate = torch.nn.GRUCell(dim, dim)
        else:
            self._norm = torch.nn.LayerNorm(dim)
        if logit_iteration:
            self._classifier = multi_layer_perceptron(dim, num_types + 1, dropout)

    def forward(self, proposals: Proposals) -> Proposals:
        query, logits, _, mask = proposals
        # (B, N, D)
        hidden = query
        if self._category_embedding:
            hidden = query + self._categories(logits.softmax(dim=-1))  # (11)
        attended, location = self._attention(hidden, proposals)
        query = self._update(hidden, self._dropout(attended))
        if self._logit_iteration:
            logits = logits + self._classifier(query)  # (20)
        return Proposals(query, logits, location, mask)

    def _update(self, hidden: Tensor, attended: Tensor) -> Tensor:
        if self._gated_update:
            # (B * N, D)
            gated = self._gate(attended.flatten(0, 1), hidden.flatten(0, 1))  # (18), (19)
            return gated.view_as(hidden)
        return self._norm(hidden + attended)
