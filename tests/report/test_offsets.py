from typing import Callable, Tuple

import torch

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.report.offsets import Offsets
from locate_label_allennlp.report.traces import SeedTrace, Trace

TYPE_A, TYPE_B, NONE = [0.1, 0.8, 0.1], [0.1, 0.1, 0.8], [0.8, 0.1, 0.1]


def seeds(*spans: Tuple[int, int], are_adjusted: bool = True) -> SeedTrace:
    return SeedTrace(torch.tensor(spans), None, torch.tensor(spans), 0.7, are_adjusted)


def test_counts_the_seeds_behind_each_found_entity(make_trace: Callable[..., Trace]) -> None:
    rows = [(2, 4, TYPE_A), (2, 4, TYPE_A), (2, 4, TYPE_A), (2, 3, TYPE_A), (2, 4, NONE)]
    offsets = Offsets(["A", "B"])
    offsets.add(
        make_trace(
            candidates=rows,
            predicted=[Entity(2, 5, "A", score=0.8)],
            seeds=seeds((2, 4), (0, 2), (3, 9), (2, 4), (5, 5)),
        )
    )
    assert offsets.as_json() == {
        "start": [(-1, 1), (0, 1), (2, 1)],
        "end": [(-5, 1), (0, 1), (2, 1)],
        "all": [2, 1, 2, 0, 1],
        "nearest": [2, 0, 0, 0, 0],
    }


def test_nothing_found_nothing_counted(make_trace: Callable[..., Trace]) -> None:
    offsets = Offsets(["A", "B"])
    offsets.add(make_trace(candidates=[(2, 4, TYPE_A)], seeds=seeds((2, 4))))
    assert offsets.as_json() == {"start": [], "end": [], "all": [0] * 5, "nearest": [0] * 5}


def test_seeds_given_another_type_are_behind_another_entity(
    make_trace: Callable[..., Trace],
) -> None:
    rows = [(2, 4, TYPE_A), (2, 4, TYPE_B), (2, 4, TYPE_B)]
    moved = seeds((1, 4), (2, 4), (2, 8))
    found_a, found_b = Entity(2, 5, "A", score=0.8), Entity(2, 5, "B", score=0.8)
    one, both = Offsets(["A", "B"]), Offsets(["A", "B"])
    one.add(make_trace(candidates=rows, predicted=[found_a], seeds=moved))
    assert one.as_json() == {
        "start": [(1, 1)],
        "end": [(0, 1)],
        "all": [1, 1, 0, 0, 0],
        "nearest": [1, 1, 0, 0, 0],
    }
    both.add(make_trace(candidates=rows, predicted=[found_a, found_b], seeds=moved))
    assert both.as_json() == {
        "start": [(0, 2), (1, 1)],
        "end": [(-4, 1), (0, 2)],
        "all": [4, 1, 0, 0, 1],
        "nearest": [3, 1, 0, 0, 0],
    }


def test_a_model_that_moves_no_seeds_has_none(make_trace: Callable[..., Trace]) -> None:
    found = {"candidates": [(2, 4, TYPE_A)], "predicted": [Entity(2, 5, "A", score=0.8)]}
    offsets = Offsets(["A", "B"])
    offsets.add(make_trace(**found))
    offsets.add(make_trace(**found, seeds=seeds((2, 4), are_adjusted=False)))
    assert offsets.as_json() is None
