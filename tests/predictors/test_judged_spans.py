from types import SimpleNamespace
from typing import Any

import torch

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.models.detection import Candidates
from locate_label_allennlp.nn.spans import FlatSpans
from locate_label_allennlp.predictors.judged_spans import JudgedSpan, judged_spans

# Two sentences; of the first the span (0, 1) three times, with two types.
SENTENCE, START, END = [0, 0, 0, 0, 1], [0, 0, 0, 2, 1], [1, 1, 1, 2, 1]
ROWS = [[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.25, 0.25, 0.5], [0.875, 0.125, 0], [0.25, 0.75, 0]]


def judged(order: Any, min_score: float, overlap: str = "nested") -> Any:
    which = torch.tensor(order)
    spans = FlatSpans(*map(torch.tensor, (SENTENCE, START, END)))
    model: Any = SimpleNamespace(
        labels={0: "A", 1: "B"},
        candidates=lambda **batch: Candidates(spans.select(which), torch.tensor(ROWS)[which]),
        decode=lambda candidates, number: [
            [Entity(0, 2, "A", score=0.4), Entity(1, 2, "B", score=0.9)],
            [Entity(1, 2, "A", score=0.6)],
        ],
    )
    return judged_spans(model, {"metadata": [{}, {}]}, min_score, overlap)


FIRST = JudgedSpan(Entity(0, 2, "A", score=0.5), 0.25, {"A": 0.5, "B": 0.25}, True)
OTHER_TYPE = JudgedSpan(Entity(0, 2, "B", score=0.5), 0.25, {"A": 0.25, "B": 0.5}, False)
UNLIKELY = JudgedSpan(Entity(2, 3, "A", score=0.125), 0.875, {"A": 0.125, "B": 0.0}, False)
SECOND = JudgedSpan(Entity(1, 2, "A", score=0.75), 0.25, {"A": 0.75, "B": 0.0}, True)


def test_of_a_span_with_a_type_the_best_is_taken() -> None:
    for order in ([0, 1, 2, 3, 4], [4, 3, 2, 1, 0]):
        assert judged(order, 0.0) == [[FIRST, OTHER_TYPE, UNLIKELY], [SECOND]]


def test_a_score_is_above_the_lowest() -> None:
    assert judged([0, 1, 2, 3, 4], 0.125) == [[FIRST, OTHER_TYPE], [SECOND]]
    assert judged([0, 1, 2, 3, 4], 0.5) == [[], [SECOND]]


def test_what_overlaps_is_not_found() -> None:
    first, *_ = judged([0, 1, 2, 3, 4], 0.0, "innermost")
    assert [span.is_found for span in first] == [False, False, False]
