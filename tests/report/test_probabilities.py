import math
from typing import Callable

import numpy
import pytest
import torch
from sklearn.decomposition import PCA

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.report.probabilities import Probabilities, discrepancy
from locate_label_allennlp.report.traces import Trace


def random_rows(number: int, classes: int) -> torch.Tensor:
    return (3 * torch.randn(number, classes, dtype=torch.double)).softmax(dim=1)


def test_discrepancy_equals_a_slow_loop() -> None:
    rows = random_rows(50, 4)
    labels = torch.randint(1, 4, (50,))
    of_gold = rows.gather(1, labels[:, None]).squeeze(1)
    for row, label, (ratio, d_value) in zip(
        rows.tolist(), labels.tolist(), discrepancy(rows, of_gold).tolist(), strict=True
    ):
        mean = sum(row) / 4
        variance = sum((each - mean) ** 2 for each in row) / 4
        assert ratio == pytest.approx(math.log2(max(row) / row[label]))
        assert d_value == pytest.approx(variance / row[label])
        assert (ratio == 0) == (row[label] == max(row))


def test_a_probability_of_zero_is_no_division_by_zero() -> None:
    rows = torch.tensor([[1.0, 0.0]], dtype=torch.double)
    assert discrepancy(rows, rows[:, 1]).isfinite().all()


def test_principal_components_are_those_of_scikit_learn(
    make_trace: Callable[..., Trace],
) -> None:
    rows = random_rows(40, 3).float()
    probabilities = Probabilities(["A", "B"])
    for row in rows:
        probabilities.add(make_trace([Entity(0, 1, "A")], [(0, 0, row.tolist())]))
    made = probabilities.as_json()["pca"]
    reference = PCA(n_components=2, svd_solver="full")
    expected = reference.fit_transform(rows.double().numpy())
    points = numpy.array(made["points"])
    # The sign of a direction is a matter of taste.
    for column in range(2):
        sign = numpy.sign((points[:, column] * expected[:, column]).sum())
        assert points[:, column] == pytest.approx(sign * expected[:, column], abs=2e-6)
    assert made["explained_variance"] == pytest.approx(reference.explained_variance_ratio_)


def test_the_best_candidate_of_an_entity_counts(make_trace: Callable[..., Trace]) -> None:
    probabilities = Probabilities(["A", "B"])
    probabilities.add(
        make_trace(
            [Entity(0, 2, "A"), Entity(3, 5, "B"), Entity(6, 8, "B")],
            [
                (0, 1, [0.5, 0.45, 0.05]),
                (0, 1, [0.35, 0.40, 0.25]),
                (3, 4, [0.6, 0.1, 0.3]),
                (3, 4, [0.7, 0.1, 0.2]),
                (6, 8, [0.1, 0.1, 0.8]),
            ],
        )
    )
    made = probabilities.as_json()
    # The first entity's second candidate is right, though the first gives its type more.
    assert made["right"]["values"] == [pytest.approx(0.4)]
    assert made["wrong"]["values"] == [pytest.approx(0.3)]
    assert made["without_candidate"] == 1
    assert made["gold_type"] == [0, 1]
    assert made["of_gold"] == pytest.approx([0.4, 0.3])
    assert made["is_right"] == [True, False]
    assert made["right"]["quantiles"] == [pytest.approx(0.4)] * 5


@pytest.mark.parametrize("number", [0, 1, 2])
def test_few_or_equal_rows_have_no_components(
    number: int, make_trace: Callable[..., Trace]
) -> None:
    probabilities = Probabilities(["A", "B"])
    for _ in range(number):
        probabilities.add(make_trace([Entity(0, 1, "A")], [(0, 0, [0.25, 0.5, 0.25])]))
    made = probabilities.as_json()
    assert made["pca"] is None
    assert len(made["discrepancy"]) == number
    assert made["wrong"]["quantiles"] is None
