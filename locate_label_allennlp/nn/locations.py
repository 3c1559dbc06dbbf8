"""
Locations: where a proposal is, as two real numbers of words, start and inclusive end; in the last
dimension of a tensor, start first. Equation numbers are those of the proposer and regressor paper.
"""

from typing import List, Optional, Sequence

import torch
from torch import Tensor

# A Gaussian's precision is `theta theta^T` with a lower triangular `theta`, which gives every
# positive semidefinite matrix: `theta[0, 0]`, `theta[1, 0]`, `theta[1, 1]`.
THETA_SIZE = 3


def feature_widths(kernels: Sequence[int]) -> List[int]:
    """Equation (5): how many words a feature of each layer of the pyramid covers, lowest first."""
    widths = [1]
    for kernel in kernels:
        widths.append(widths[-1] + kernel - 1)
    return widths


def log_gaussian(location: Tensor, centre: Tensor, theta: Tensor) -> Tensor:
    """
    Logarithm of equation (12), its exponent negative: `-(x - mu)^T theta theta^T (x - mu)`.

    # Parameters

    location, centre : `torch.FloatTensor`
        Shape `(..., 2)`, in words; broadcast.
    theta : `torch.FloatTensor`
        Shape `(..., 3)`: the lower triangle, in 1 / words.

    # Returns

    `torch.FloatTensor`
        Shape `(...)`, never positive.
    """
    start, end = (location - centre).unbind(-1)
    # As squares of linear forms, nothing large cancels.
    first = theta[..., 0] * start + theta[..., 1] * end
    second = theta[..., 2] * end
    return -(first.square() + second.square())  # (12)


def fuse_locations(scores: Sequence[Tensor], widths: Sequence[int], lengths: Tensor) -> Tensor:
    """
    Equations (8) and (9): the first location of each word's proposal, a weighted mean over the
    locations of all features whose words include it, with weights of their own for start and end.

    # Parameters

    scores : `Sequence[torch.FloatTensor]`
        For each layer, lowest first, shape `(B, F, 2)`: of the feature that begins at each word.
    widths : `Sequence[int]`
        Words that a feature of each layer covers.
    lengths : `torch.LongTensor`
        Shape `(B,)`, in words.

    # Returns

    `torch.FloatTensor`
        Shape `(B, N, 2)` where the lowest layer has `N` features; anything finite for padding.
    """
    word = torch.arange(scores[0].size(1), device=lengths.device)
    all_scores: List[Tensor] = []
    all_locations: List[Tensor] = []
    for layer, width in zip(scores, widths, strict=True):
        # The features that begin at words j - width + 1 to j include word j.
        # (N, V)
        first = word[:, None] + torch.arange(1 - width, 1, device=word.device)
        last = first + width - 1
        # (B, N, V)
        is_feature = (first >= 0) & (last < lengths[:, None, None])
        # (B, N, V, 2)
        around = layer[:, first.clamp(min=0, max=layer.size(1) - 1)]
        lowest = torch.finfo(layer.dtype).min
        all_scores.append(around.masked_fill(~is_feature[..., None], lowest))
        all_locations.append(torch.stack([first, last], dim=-1))
    weights = torch.cat(all_scores, dim=2).softmax(dim=2)  # (8)
    locations = torch.cat(all_locations, dim=1).to(weights.dtype)
    return (weights * locations).sum(dim=2)  # (9)


def spatial_attention(
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    mask: Tensor,
    prior: Optional[Tensor] = None,
) -> Tensor:
    """
    Equation (14): attention among proposals, the logarithm of each head's Gaussian at the location
    of every proposal added to its logits.

    # Parameters

    queries, keys, values : `torch.FloatTensor`
        Shape `(B, H, N, D)`, `H` heads.
    mask : `torch.BoolTensor`
        Shape `(B, N)`: false for padding, which is not attended to.
    prior : `torch.FloatTensor`, optional
        Shape `(B, H, N, N)`: what is added to the logits of each query (third dimension) and key.

    # Returns

    `torch.FloatTensor`
        Shape `(B, H, N, D)`.
    """
    # (B, H, N, N)
    logits = (queries @ keys.transpose(-1, -2)) / queries.size(-1) ** 0.5
    if prior is not None:
        logits = logits.to(prior.dtype) + prior
    logits = logits.masked_fill(~mask[:, None, None], torch.finfo(logits.dtype).min)
    return logits.softmax(dim=-1).to(values.dtype) @ values  # (14)
