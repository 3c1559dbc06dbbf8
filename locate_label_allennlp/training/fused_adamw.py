"""AdamW in one pass over the memory."""

from typing import Any, Dict, List, Optional, Tuple

import torch
from allennlp.training.optimizers import Optimizer, make_parameter_groups


@Optimizer.register("fused_adamw")
class FusedAdamW(Optimizer, torch.optim.AdamW):
    """
    AllenNLP's `adamw`, with the same parameters and the same result but for rounding, in PyTorch's
    fused form: each weight is read and written once a step instead of once an operation.

    # Parameters

    model_parameters : `List[Tuple[str, torch.nn.Parameter]]`
    parameter_groups : `List[Tuple[List[str], Dict[str, Any]]]`, optional
        Patterns of names, and the options of the parameters that they match.
    lr : `float`, optional (default = `0.001`)
    betas : `Tuple[float, float]`, optional (default = `(0.9, 0.999)`)
    eps : `float`, optional (default = `1e-8`)
    weight_decay : `float`, optional (default = `0.01`)
    """

    def __init__(
        self,
        model_parameters: List[Tuple[str, torch.nn.Parameter]],
        parameter_groups: Optional[List[Tuple[List[str], Dict[str, Any]]]] = None,
        lr: float = 0.001,
        betas: Tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(
            params=make_parameter_groups(model_parameters, parameter_groups),
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            fused=True,
        )
