"""
The distribution of equation (22) of the proposer and regressor paper over all spans of a sentence,
without ever holding it for all proposals: `N^2` numbers for each of `N` proposals.
"""

from typing import Any, Iterator, NamedTuple, Tuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

# Numbers of a chunk's distributions, 16 MB of them in float32. A chunk is at least one proposal.
_CHUNK_SIZE = 2**22


class PairScores(NamedTuple):
    """
    The score of every span `(s, e)` with `s <= e`, for each of `P` proposals:
    `start[s] + end[e] - (lean_start[s] + lean_end[e]) ** 2`. The square is the part of a Gaussian's
    exponent in which start and end meet; all else belongs to the one or the other.

    # Parameters

    start, end, lean_start, lean_end : `torch.FloatTensor`
        Each of shape `(P, N)`. `start` and `end` are minus infinity at words outside the sentence;
        the others are finite.
    """

    start: Tensor
    end: Tensor
    lean_start: Tensor
    lean_end: Tensor

    def at(self, proposal: Tensor, start: Tensor, end: Tensor) -> Tensor:
        """The scores of spans `(K,)` under proposals `(K,)`: shape `(K,)`."""
        lean = self.lean_start[proposal, start] + self.lean_end[proposal, end]
        return self.start[proposal, start] + self.end[proposal, end] - lean.square()


def log_partition(scores: PairScores, chunk_size: int = _CHUNK_SIZE) -> Tensor:
    """
    Logarithm of the sum over all `s <= e` of the exponential of their score, differentiable: shape
    `(P,)`. Memory is that of one chunk, also for the gradient, which is computed along with it: all
    it needs of a proposal's distribution are sums over starts and over ends.

    # Parameters

    chunk_size : `int`, optional
        How many numbers to hold at a time, at least.
    """
    return _LogPartition.apply(*scores, chunk_size)


@torch.no_grad()
def best_pairs(scores: PairScores, chunk_size: int = _CHUNK_SIZE) -> Tuple[Tensor, Tensor, Tensor]:
    """
    The likeliest span of each proposal, among equals the first: start, inclusive end and logarithm
    of its probability, each of shape `(P,)`.
    """
    if scores.start.size(0) == 0:
        nothing = torch.zeros(0, dtype=torch.long, device=scores.start.device)
        return nothing, nothing, scores.start.new_zeros(0)
    num_words = scores.start.size(1)
    best_of_chunks = []
    for _, joint in _chunks(scores, chunk_size):
        # (K, N * N)
        flat = joint.flatten(1)
        best, index = flat.max(dim=1)
        best_of_chunks.append((index, best - flat.logsumexp(dim=1)))
    index = torch.cat([index for index, _ in best_of_chunks])
    return index // num_words, index % num_words, torch.cat([value for _, value in best_of_chunks])


def _chunks(scores: PairScores, chunk_size: int) -> Iterator[Tuple[slice, Tensor]]:
    """The scores of a few proposals at a time: which, and shape `(K, N, N)`."""
    num_proposals, num_words = scores.start.size()
    step = max(1, chunk_size // num_words**2)
    word = torch.arange(num_words, device=scores.start.device)
    backwards = word[:, None] > word
    for first in range(0, num_proposals, step):
        which = slice(first, first + step)
        part = PairScores(*(tensor[which] for tensor in scores))
        # (K, N, N), changed in place from here on
        joint = part.lean_start[:, :, None] + part.lean_end[:, None]
        joint.square_().neg_().add_(part.start[:, :, None]).add_(part.end[:, None])
        yield which, joint.masked_fill_(backwards, -torch.inf)


class _LogPartition(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        scores, chunk_size = PairScores(*inputs[:4]), inputs[4]
        # (P,)
        result = scores.start.new_empty(scores.start.size(0))
        gradients = []
        if any(ctx.needs_input_grad):
            gradients = [torch.empty_like(scores.start) for _ in scores]
        for which, joint in _chunks(scores, chunk_size):
            highest = joint.amax(dim=(1, 2))
            # (K, N, N)
            weights = joint.sub_(highest[:, None, None]).exp_()
            total = weights.sum(dim=(1, 2))
            result[which] = highest + total.log()
            if gradients:
                weights /= total[:, None, None]
                for gradient, values in zip(
                    gradients, _moments(scores, which, weights), strict=True
                ):
                    gradient[which] = values
        ctx.save_for_backward(*gradients)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad_outputs: Tensor) -> Tuple[Any, ...]:
        (grad,) = grad_outputs
        return *(grad[:, None] * gradient for gradient in ctx.saved_tensors), None


def _moments(scores: PairScores, which: slice, probabilities: Tensor) -> Tuple[Tensor, ...]:
    """The derivatives of the log-partition by the four parts of the scores, each `(K, N)`."""
    lean_start, lean_end = scores.lean_start[which], scores.lean_end[which]
    start, end = probabilities.sum(dim=2), probabilities.sum(dim=1)
    # Sums over the other boundary of probability times its own lean; in full precision, for they
    # are as good as differences.
    with torch.autocast(start.device.type, enabled=False):
        others_end = (probabilities @ lean_end[:, :, None]).squeeze(2)
        others_start = (lean_start[:, None] @ probabilities).squeeze(1)
    return (
        start,
        end,
        -2 * (start * lean_start + others_end),
        -2 * (end * lean_end + others_start),
    )
