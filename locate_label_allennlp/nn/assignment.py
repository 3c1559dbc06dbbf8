"""Which entity each proposal learns from (section 3.4.1 of the proposer and regressor paper)."""

from typing import Any

import torch
from torch import Tensor

# Stands in for a cost that is no finite number.
_PROHIBITIVE = 1e30


def assign_targets(cost: Tensor, num_proposals: Tensor, num_entities: Tensor) -> Tensor:
    """
    Algorithm 1: the one-to-many assignment of least cost (23). With more proposals than entities,
    every entity gets one proposal of its own, by the Hungarian method, and every other proposal
    takes whatever is cheapest for it, NONE or an entity. Otherwise every proposal gets an entity of
    its own, and none gets NONE.

    # Parameters

    cost : `torch.FloatTensor`
        Shape `(P, 1 + E)`: of each proposal, sentence by sentence, with NONE, then with each entity
        of its sentence, then padding.
    num_proposals, num_entities : `torch.LongTensor`
        Shape `(B,)`: of each sentence.

    # Returns

    `torch.LongTensor`
        Shape `(P,)`: 0 for NONE, `1 + i` for the sentence's entity `i`.
    """
    # The batch's one copy from the device for all of them; doubles hold every number exactly.
    sizes = torch.stack([num_proposals, num_entities])
    numbers = torch.cat([cost.detach().flatten().double(), sizes.flatten().double()]).cpu().numpy()
    costs = numbers[: cost.numel()].reshape(cost.shape)
    targets = torch.zeros(cost.size(0), dtype=torch.long)
    first = 0
    for proposals, entities in numbers[cost.numel() :].reshape(2, -1).T.astype(int):
        which = slice(first, first + proposals)
        targets[which] = torch.from_numpy(_assign(costs[which, : 1 + entities]))
        first += proposals
    return targets.to(cost.device)


def _assign(cost: Any) -> Any:
    """Algorithm 1 for one sentence, in NumPy: cost `(N, 1 + E)`, result `(N,)`."""
    import numpy
    from scipy.optimize import linear_sum_assignment

    cost = numpy.nan_to_num(cost, nan=_PROHIBITIVE, posinf=_PROHIBITIVE, neginf=-_PROHIBITIVE)
    target = cost.argmin(axis=1)
    proposal, entity = linear_sum_assignment(cost[:, 1:])
    target[proposal] = entity + 1
    return target
