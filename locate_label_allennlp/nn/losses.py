"""The losses of section 2.5. One value a span in, a mean out; all arithmetic in float32."""

from typing import Optional

import torch
import torch.nn.functional as F
from torch import Tensor


def soft_example_weights(iou: Tensor, threshold: float, eta: float) -> Tensor:
    """
    Equation (11): how much a span that matches its paired entity only in part counts. A span that
    touches no entity, or is one exactly, has weight 1; `eta = 0` makes all weights 1.

    # Parameters

    iou : `torch.FloatTensor`
        Shape `(S,)`.
    threshold : `float`
        Alpha: spans with at least this IoU are positive.
    """
    return torch.where(iou >= threshold, iou, 1 - iou).pow(eta)  # (11)


def filter_loss(logits: Tensor, is_positive: Tensor, weights: Tensor, gamma: float) -> Tensor:
    """
    Equation (12): the focal loss of the filter, mean over the spans; 0 if there are none.

    # Parameters

    logits : `torch.FloatTensor`
        Shape `(S,)`: before the sigmoid.
    is_positive : `torch.BoolTensor`
        Shape `(S,)`.
    weights : `torch.FloatTensor`
        Shape `(S,)`.
    gamma : `float`
        The focusing parameter.
    """
    logits = logits.float()
    # The log-probability of the right answer: log p of a positive, log(1 - p) of a negative.
    log_right = F.logsigmoid(torch.where(is_positive, logits, -logits))
    wrong = torch.sigmoid(torch.where(is_positive, -logits, logits))
    return _mean(-weights * _focus(wrong, gamma) * log_right)  # (12)


def regression_loss(
    start: Tensor, end: Tensor, offsets: Tensor, gold_start: Tensor, gold_end: Tensor
) -> Tensor:
    """
    Equations (13) to (15): smooth L1 on both offsets, and the share of the union of predicted and
    gold span that is not their overlap, on the unrounded boundaries; mean over the spans, 0 if
    there are none. Differentiable and finite for all offsets: the union is never shorter than the
    entity.

    # Parameters

    start, end, gold_start, gold_end : `torch.LongTensor`
        Shape `(S,)`, ends inclusive.
    offsets : `torch.FloatTensor`
        Shape `(S, 2)`, in words.
    """
    offsets = offsets.float()
    target = torch.stack([gold_start - start, gold_end - end], dim=1).float()
    boundary = F.smooth_l1_loss(offsets, target, reduction="none").sum(dim=1)  # (14)
    left, right = start + offsets[:, 0], end + 1 + offsets[:, 1]
    gold_left, gold_right = gold_start.float(), gold_end + 1.0
    inner = torch.minimum(right, gold_right) - torch.maximum(left, gold_left)
    outer = torch.maximum(right, gold_right) - torch.minimum(left, gold_left)
    return _mean(boundary + 1 - inner / outer)  # (13), (15)


def classification_loss(
    logits: Tensor, target: Tensor, weights: Optional[Tensor] = None, gamma: float = 0.0
) -> Tensor:
    """
    Equation (16): weighted cross-entropy, mean over the spans; 0 if there are none. With
    `gamma > 0` its focal form.

    # Parameters

    logits : `torch.FloatTensor`
        Shape `(S, C + 1)`: before the softmax.
    target : `torch.LongTensor`
        Shape `(S,)`: 0 is NONE.
    weights : `torch.FloatTensor`, optional (default = `None`)
        Shape `(S,)`; all 1 if not given.
    gamma : `float`, optional (default = `0.0`)
        The focusing parameter.
    """
    log_right = F.log_softmax(logits.float(), dim=1).gather(1, target[:, None]).squeeze(1)
    losses = -log_right if weights is None else -weights * log_right  # (16)
    return _mean(losses * _focus(1 - log_right.exp(), gamma))


def _focus(wrong: Tensor, gamma: float) -> Tensor:
    """The focal factor of what is wrong with probability `wrong`."""
    # At 0 a root, which is what a gamma below 1 is, has no finite gradient.
    return wrong.clamp(min=torch.finfo(wrong.dtype).tiny).pow(gamma)


def _mean(losses: Tensor) -> Tensor:
    return losses.sum() / max(losses.numel(), 1)
