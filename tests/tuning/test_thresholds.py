from itertools import product
from typing import Any, Dict, List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.tuning.thresholds import (
    Found,
    Objective,
    Sweep,
    best_for_all,
    best_for_each,
    sweeps,
)

SCORES = st.sampled_from([0.1, 0.2, 0.35, 0.5, 0.7, 0.9, 1.0])
FOUND = st.lists(st.builds(Found, st.sampled_from("AB"), SCORES, st.booleans()), max_size=12)
GOLD = {"A": 7, "B": 3}


def counts(found: List[Found], above: Dict[str, float]) -> Dict[str, Any]:
    kept = [each for each in found if each.score > above[each.type]]
    return {
        kind: (
            sum(each.is_correct for each in kept if each.type == kind),
            sum(each.type == kind for each in kept),
            number,
        )
        for kind, number in GOLD.items()
    }


@given(FOUND)
def test_a_sweep_counts_what_is_above(found: List[Found]) -> None:
    sweep = Sweep(found, 5)
    for threshold in [*sweep.thresholds, 0.0, 0.35, 0.5, 1.0]:
        kept = [each for each in found if each.score > threshold]
        assert sweep.at(threshold) == (sum(each.is_correct for each in kept), len(kept), 5)
    assert len(sweep.thresholds) == len({each.score for each in found}) + 1


OBJECTIVES = [Objective(), Objective(2.0), Objective(is_macro=True), Objective(min_precision=0.6)]
STEPS = [0.05, 0.15, 0.25, 0.4, 0.6, 0.8, 0.95, 1.0]


@pytest.mark.parametrize("objective", OBJECTIVES)
@given(found=FOUND)
def test_no_other_threshold_is_better(objective: Objective, found: List[Found]) -> None:
    chosen = best_for_all(sweeps(found, GOLD), objective)
    value = objective.of(counts(found, {"A": chosen, "B": chosen}))
    best = max(objective.of(counts(found, {"A": each, "B": each})) for each in STEPS)
    assert value == pytest.approx(best)


@given(found=FOUND)
def test_of_the_macro_objective_each_type_has_its_best(found: List[Found]) -> None:
    objective, by_type = Objective(is_macro=True), sweeps(found, GOLD)
    chosen = best_for_each(by_type, objective, best_for_all(by_type, objective), GOLD)
    value = objective.of(counts(found, chosen))
    best = max(objective.of(counts(found, {"A": a, "B": b})) for a, b in product(STEPS, repeat=2))
    assert value == pytest.approx(best)


def test_types_that_are_not_asked_for_have_none() -> None:
    by_type = sweeps([Found("A", 0.9, True), Found("B", 0.1, True)], {"A": 1, "B": 1})
    assert best_for_each(by_type, Objective(), 0.5, ["A"]).keys() == {"A"}
    assert best_for_each(by_type, Objective(), 0.5, ["B"]) == {"B": pytest.approx(0.05)}


def test_values() -> None:
    assert Objective().value(2, 4, 8) == pytest.approx(2 * 0.5 * 0.25 / 0.75)
    assert Objective(2.0).value(2, 4, 8) == pytest.approx(5 * 0.5 * 0.25 / (4 * 0.5 + 0.25))
    assert Objective(min_precision=0.5).value(2, 4, 8) == 0.25
    assert Objective(min_precision=0.6).value(2, 4, 8) == pytest.approx(-0.1)
    assert Objective(min_precision=0.5).value(0, 0, 8) < 0
    assert Objective().value(0, 0, 0) == 0.0
