"""Refines proposals step by step."""

from typing import List

import torch
from allennlp.common import FromParams
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.modules.proposer_regressor.proposals import Proposals
from locate_label_allennlp.modules.proposer_regressor.regressor_layer import RegressorLayer


class Regressor(torch.nn.Module, FromParams):
    """
    Section 3.3 of the proposer and regressor paper: layers through which the proposals pass. Each
    switch is a row of the paper's Table 6.

    # Parameters

    dim : `int`
        `D`, of the queries; not given in a config.
    num_types : `int`
        `C`, without NONE; not given in a config.
    num_layers : `int`, optional (default = `3`)
    num_heads : `int`, optional (default = `8`)
        Of the attention; a divisor of `D`.
    category_embedding : `bool`, optional (default = `True`)
        Equation (11): whether a query has an embedding of its categories added.
    spatial_modulation : `bool`, optional (default = `True`)
        Equation (14): whether Gaussians guide the attention.
    gated_update : `bool`, optional (default = `True`)
        Equation (19): whether a GRU's gates update the queries; else a residual sum and a norm.
    location_iteration : `bool`, optional (default = `True`)
        Equation (16): whether layers change the locations.
    logit_iteration : `bool`, optional (default = `True`)
        Equation (20): whether layers change the category logits.
    dropout : `float`, optional (default = `0.1`)
    """

    def __init__(
        self,
        dim: int,
        num_types: int,
        num_layers: int = 3,
        num_heads: int = 8,
        category_embedding: bool = True,
        spatial_modulation: bool = True,
        gated_update: bool = True,
        location_iteration: bool = True,
        logit_iteration: bool = True,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if num_layers < 1:
            raise ConfigurationError(f"num_layers is {num_layers}; allowed are numbers >= 1")
        if num_heads < 1 or dim % num_heads:
            raise ConfigurationError(
                f"num_heads is {num_heads}; allowed are the divisors of {dim}, the size of the "
                "word vectors"
            )
        self._layers = torch.nn.Sequential(
            *(
                RegressorLayer(
                    dim,
                    num_types,
                    num_heads,
                    category_embedding,
                    spatial_modulation,
                    gated_update,
                    location_iteration,
                    logit_iteration,
                    dropout,
                )
                for _ in range(num_layers)
            )
        )

    def forward(self, proposals: Proposals) -> Proposals:
        return self.steps(proposals)[-1]

    def steps(self, proposals: Proposals) -> List[Proposals]:
        """What each layer makes of the proposals; the last is the result."""
        steps: List[Proposals] = []
        for layer in self._layers:
            proposals = layer(proposals)
            steps.append(proposals)
        return steps
