"""
What a classifier makes of the gold entities that reach it, after figures 4 to 6 of "A Span-level
Strategy for Nested Named Entity Recognition".
"""

from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import torch
from torch import Tensor

from locate_label_allennlp.report.stages import candidates_at
from locate_label_allennlp.report.traces import Trace

# Smaller probabilities count as this one where they are divided by.
SMALLEST = 1e-6

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


class Probabilities:
    """
    Collects the class probabilities of the gold entities for which there is a candidate with their
    boundaries. Of several such candidates the one counts that the classifier got right, else the
    one that gives the entity's type the highest probability.

    # Parameters

    types : `Sequence[str]`
        In the order of their columns, without NONE.
    """

    def __init__(self, types: Sequence[str]) -> None:
        self._types = list(types)
        self._columns = {label: column for column, label in enumerate(types, start=1)}
        self._labels: List[int] = []
        self._rows: List[Tensor] = []
        self._without = 0

    def add(self, trace: Trace) -> None:
        for entity in trace.gold:
            if entity.fragments:
                continue
            # (K', C + 1)
            rows = trace.probabilities[candidates_at(entity, trace)]
            if not rows.size(0):
                self._without += 1
                continue
            column = self._columns[entity.type]
            is_right = rows.argmax(dim=1) == column
            self.add_row(entity.type, rows[(is_right * 2.0 + rows[:, column]).argmax()])

    def add_row(self, kind: str, row: Tensor) -> None:
        """The probabilities of an entity of this type: shape `(C + 1,)`."""
        self._labels.append(self._columns[kind])
        self._rows.append(row)

    def as_json(self) -> Dict[str, Any]:
        """
        `of_gold`: the probability of each entity's type; `right` and `wrong`: the same by whether
        the classifier chose that type, with quantiles; `discrepancy` and `pca`: see there;
        `without_candidate`: how many gold entities cannot be shown, because no candidate has their
        boundaries.
        """
        # (G,), (G, C + 1)
        labels = torch.tensor(self._labels, dtype=torch.long)
        shape = (0, len(self._types) + 1)
        rows = torch.stack(self._rows).double() if self._rows else torch.zeros(shape).double()
        is_right = rows.argmax(dim=1) == labels
        of_gold = rows.gather(1, labels[:, None]).squeeze(1)
        return {
            "types": self._types,
            "without_candidate": self._without,
            "right": _summary(of_gold[is_right]),
            "wrong": _summary(of_gold[~is_right]),
            "of_gold": _rounded(of_gold),
            "gold_type": [label - 1 for label in self._labels],
            "is_right": is_right.tolist(),
            "discrepancy": _rounded(discrepancy(rows, of_gold)),
            "pca": _principal_components(rows),
        }


def discrepancy(rows: Tensor, of_gold: Tensor) -> Tensor:
    """
    # Parameters

    rows : `torch.DoubleTensor`
        Shape `(G, C + 1)`: class probabilities.
    of_gold : `torch.DoubleTensor`
        Shape `(G,)`: that of the right class.

    # Returns

    `torch.DoubleTensor`
        Shape `(G, 2)`: the logarithm to base 2 of the highest probability over that of the right
        class, which is 0 where the classifier is right and positive elsewhere; and the variance of
        the probabilities among the classes over that of the right class.
    """
    divisor = of_gold.clamp(min=SMALLEST)
    ratio = rows.amax(dim=1).clamp(min=SMALLEST) / divisor
    variance = (rows - rows.mean(dim=1, keepdim=True)).square().mean(dim=1)
    return torch.stack([ratio.log2(), variance / divisor], dim=1)


def _summary(values: Tensor) -> Dict[str, Any]:
    quantiles: Optional[List[float]] = None
    if values.numel():
        quantiles = values.quantile(torch.tensor(_QUANTILES, dtype=values.dtype)).tolist()
    return {"values": _rounded(values), "quantiles": quantiles}


def _principal_components(rows: Tensor) -> Optional[Dict[str, Any]]:
    """
    The two directions in which the class probabilities vary most, the eigenvectors of their
    covariance: the coordinates of each row along them, and their shares of the variance. `None`
    where rows do not vary.
    """
    if rows.size(0) < 2 or rows.size(1) < 2:
        return None
    # (C + 1, C + 1)
    covariance = torch.cov(rows.T)
    variance, vectors = torch.linalg.eigh(covariance)
    if not variance[-1] > 0:
        return None
    # (C + 1, 2), the largest eigenvalue first
    main = vectors[:, -2:].flip(1)
    # An eigenvector has no sign of its own; the largest part of each is made positive.
    main = main * main.gather(0, main.abs().argmax(dim=0, keepdim=True)).sign()
    shares = variance[-2:].flip(0).clamp(min=0.0) / variance.clamp(min=0.0).sum()
    return {
        "points": _rounded((rows - rows.mean(dim=0)) @ main),
        "explained_variance": shares.tolist(),
    }


def _rounded(values: Tensor) -> List[Any]:
    """Six digits are more than a page can show, and halve the file."""
    return values.double().round(decimals=6).tolist()


def values_of(probabilities: Mapping[str, Any], kind: Optional[int], is_right: bool) -> List[float]:
    """
    The gold type's probability of the entities that the classifier got right, or wrong; only of
    those whose gold type has the number `kind`, if it is given.
    """
    columns = (probabilities[name] for name in ("of_gold", "gold_type", "is_right"))
    return [
        value
        for value, gold_type, right in zip(*columns, strict=True)
        if right == is_right and kind in (None, gold_type)
    ]


def split_points(
    points: Sequence[Sequence[float]], is_right: Sequence[bool], want_right: bool
) -> Tuple[List[float], List[float]]:
    """The coordinates of the points that the classifier got right, or of the others."""
    chosen = [point for point, right in zip(points, is_right, strict=True) if right == want_right]
    return [point[0] for point in chosen], [point[1] for point in chosen]
