"""What proposer and regressor hand on."""

from typing import NamedTuple

import torch
from torch import Tensor


class Proposals(NamedTuple):
    """
    One proposal a word.

    # Parameters

    query : `torch.FloatTensor`
        Shape `(B, N, D)`.
    logits : `torch.FloatTensor`
        Shape `(B, N, C + 1)`: of the categories, NONE first.
    location : `torch.FloatTensor`
        Shape `(B, N, 2)`: start and inclusive end in words, in float32 whatever the rest is in.
    mask : `torch.BoolTensor`
        Shape `(B, N)`: false for padding, whose proposals are finite numbers and mean nothing.
    """

    query: Tensor
    logits: Tensor
    location: Tensor
    mask: Tensor


def multi_layer_perceptron(input_dim: int, output_dim: int, dropout: float) -> torch.nn.Sequential:
    """What the paper calls MLP and does not describe: here with one hidden layer, GELU, dropout."""
    return torch.nn.Sequential(
        torch.nn.Linear(input_dim, input_dim),
        torch.nn.GELU(),
        torch.nn.Dropout(dropout),
        torch.nn.Linear(input_dim, output_dim),
    )
