"""Scores of every pair of a first and a last word."""

import torch
from torch import Tensor


class Biaffine(torch.nn.Module):
    """
    Equation (2) of Yu et al., "Named Entity Recognition as Dependency Parsing" (ACL 2020): a
    bilinear form, linear terms of both sides and a constant, for each class. All of them are one
    bilinear form of vectors to which a 1 is appended.

    # Parameters

    start_dim, end_dim : `int`
        `P` and `Q`, the sizes of the vectors of first and last words.
    num_classes : `int`
        `K`.
    """

    def __init__(self, start_dim: int, end_dim: int, num_classes: int) -> None:
        super().__init__()
        # (P + 1, K, Q + 1)
        self._weight = torch.nn.Parameter(torch.empty(start_dim + 1, num_classes, end_dim + 1))
        # Vectors of unit variance then have scores of variance 1 / 3, whatever their sizes.
        bound = (start_dim * end_dim) ** -0.5
        torch.nn.init.uniform_(self._weight, -bound, bound)

    def forward(self, starts: Tensor, ends: Tensor) -> Tensor:
        """
        The largest tensors on the way are those of `N * K * Q` and `N * N * K` numbers a sentence.

        # Parameters

        starts : `torch.FloatTensor`
            Shape `(B, N, P)`.
        ends : `torch.FloatTensor`
            Shape `(B, N, Q)`.

        # Returns

        `torch.FloatTensor`
            Shape `(B, N, K, N)`: first word, class, last word.
        """
        num_sentences, num_words, _ = starts.size()
        # (B, N, K * (Q + 1))
        left = _with_one(starts) @ self._weight.flatten(1)
        # (B, N * K, Q + 1)
        left = left.view(num_sentences, num_words * self._weight.size(1), self._weight.size(2))
        # (B, N * K, N)
        scores = left @ _with_one(ends).transpose(1, 2)
        return scores.view(num_sentences, num_words, self._weight.size(1), num_words)


def _with_one(vectors: Tensor) -> Tensor:
    return torch.cat([vectors, torch.ones_like(vectors[..., :1])], dim=-1)
