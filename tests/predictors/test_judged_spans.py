from types import SimpleNamespace
from typing import Any, Callable

import pytest
import torch
from torch import Tensor

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.decoders import KeepAllDecoder
from locate_label_allennlp.models.detection import Candidates
from locate_label_allennlp.nn.spans import FlatSpans
from locate_label_allennlp.predictors.judged_spans import JudgedSpan, judged_spans

# Two sentences; of the first the span (0, 1) three times, with two types.
SENTENCE, START, END = [0, 0, 0, 0, 1], [0, 0, 0, 2, 1], [1, 1, 1, 2, 1]
ROWS = [[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.25, 0.25, 0.5], [0.875, 0.125, 0], [0.25, 0.75, 0]]


def judged(
    order: Any,
    min_score: float,
    overlap: str = "nested",
    calibrated: Callable[[Tensor], Tensor] = lambda scores: scores,
    rows: Any = ROWS,
) -> Any:
    which = torch.tensor(order)
    spans = FlatSpans(*map(torch.tensor, (SENTENCE, START, END)))
    model: Any = SimpleNamespace(
        labels={0: "A", 1: "B"},
        decoder=KeepAllDecoder(0.25, {"B": 0.6}),
        calibrated=calibrated,
        candidates=lambda **batch: Candidates(spans.select(which), torch.tensor(rows)[which]),
        decode=lambda candidates, number: [
            [Entity(0, 2, "A", score=0.4), Entity(1, 2, "B", score=0.9)],
            [Entity(1, 2, "A", score=0.6)],
        ],
    )
    return judged_spans(model, {"metadata": [{}, {}]}, min_score, overlap)


FIRST = JudgedSpan(Entity(0, 2, "A", score=0.5), 0.25, {"A": 0.5, "B": 0.25}, True, 0.375)
OTHER_TYPE = JudgedSpan(Entity(0, 2, "B", score=0.5), 0.25, {"A": 0.25, "B": 0.5}, False, 0.6)
UNLIKELY = JudgedSpan(Entity(2, 3, "A", score=0.125), 0.875, {"A": 0.125, "B": 0.0}, False, 0.5)
SECOND = JudgedSpan(Entity(1, 2, "A", score=0.75), 0.25, {"A": 0.75, "B": 0.0}, True, 0.5)


def test_of_a_span_with_a_type_the_best_is_taken() -> None:
    for order in ([0, 1, 2, 3, 4], [4, 3, 2, 1, 0]):
        assert judged(order, 0.0) == [[FIRST, OTHER_TYPE, UNLIKELY], [SECOND]]


def test_a_score_is_above_the_lowest() -> None:
    assert judged([0, 1, 2, 3, 4], 0.125) == [[FIRST, OTHER_TYPE], [SECOND]]
    assert judged([0, 1, 2, 3, 4], 0.5) == [[], [SECOND]]


def test_what_overlaps_is_not_found() -> None:
    first, *_ = judged([0, 1, 2, 3, 4], 0.0, "innermost")
    assert [span.is_found for span in first] == [False, False, False]


def test_calibrated_scores_leave_the_rest_to_the_others() -> None:
    (first, second) = judged([1, 3, 4], 0.06, calibrated=lambda scores: scores / 2)
    assert [(span.entity.score, span.none, span.probabilities) for span in first] == [
        # Of 0.5 each a half: 0.25 + 0.25 became 0.75.
        (0.25, 0.375, {"A": 0.25, "B": 0.375}),
        (0.0625, 0.9375, {"A": 0.0625, "B": 0.0}),
    ]
    assert second[0].none == pytest.approx(0.625)
    # Half of where a type is as probable as NONE, or the threshold.
    assert [span.needed for span in [*first, *second]] == [0.25, 0.25, 0.25]
    (other, _) = judged([0, 3], 0.06, calibrated=lambda scores: scores * 0.75)
    assert [span.needed for span in other] == [0.28125, 0.375]
    assert judged([1, 3, 4], 0.07, calibrated=lambda scores: scores / 2)[0] == first[:1]


@pytest.mark.parametrize(
    ("row", "none", "other"),
    [
        ([0.0, 1.0, 0.0], 0.25, 0.0),
        # In fp32 the sum of these is 1.
        ([1e-9, 1.0, 3e-9], 0.0625, 0.1875),
        # As a system has them that asks for each type by itself.
        ([0.1, 0.5, 0.1], 0.3125, 0.3125),
    ],
)
def test_what_calibration_leaves_is_shared_by_the_others(
    row: list[float], none: float, other: float
) -> None:
    rows = [*ROWS[:4], row]
    _, (second,) = judged([0, 4], 0.0, calibrated=lambda scores: scores * 0.75, rows=rows)
    assert second.none == pytest.approx(none)
    assert second.probabilities == pytest.approx({"A": 0.75 * row[1], "B": other})
