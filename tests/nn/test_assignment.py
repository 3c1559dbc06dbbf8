from itertools import product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.nn.assignment import assign_targets


def assigned(*costs):
    """The targets of several sentences, each given as rows of costs: NONE, then its entities."""
    widest = max(len(rows[0]) for rows in costs)
    padded = [row + [-99.0] * (widest - len(row)) for rows in costs for row in rows]
    num_proposals = torch.tensor([len(rows) for rows in costs])
    num_entities = torch.tensor([len(rows[0]) - 1 for rows in costs])
    found = assign_targets(torch.tensor(padded), num_proposals, num_entities).tolist()
    return [[found.pop(0) for _ in range(count)] for count in num_proposals.tolist()]


SIZES = st.tuples(st.integers(1, 4), st.integers(0, 4))
COSTS = SIZES.flatmap(
    lambda size: st.lists(
        st.lists(st.integers(0, 40).map(float), min_size=size[1] + 1, max_size=size[1] + 1),
        min_size=size[0],
        max_size=size[0],
    )
)


def slow(cost):
    """What the least cost is that Algorithm 1 can have."""
    proposals, entities = len(cost), len(cost[0]) - 1
    allowed = range(0 if proposals > entities else 1, entities + 1)
    best = float("inf")
    for mapping in product(allowed, repeat=proposals):
        counts = [mapping.count(entity) for entity in range(1, entities + 1)]
        if proposals > entities:
            valid = all(count > 0 for count in counts)
        else:
            valid = all(count <= 1 for count in counts)
        if valid:
            best = min(best, sum(row[k] for row, k in zip(cost, mapping, strict=True)))
    return best


@given(COSTS)
def test_the_constraints_of_equation_23_hold(cost):
    (target,) = assigned(cost)
    proposals, entities = len(cost), len(cost[0]) - 1
    if proposals > entities:
        assert set(range(1, entities + 1)) <= set(target)
    else:
        assert len(set(target)) == proposals
        assert 0 not in target
        assert sum(row[k] for row, k in zip(cost, target, strict=True)) == slow(cost)


@given(COSTS)
def test_entities_go_to_the_cheapest_proposals_and_the_others_take_what_is_cheapest(cost):
    (target,) = assigned(cost)
    proposals, entities = len(cost), len(cost[0]) - 1
    if proposals <= entities:
        return
    total = sum(row[k] for row, k in zip(cost, target, strict=True))
    # Of all that one proposal an entity may cost, the least; the others pay their minimum.
    best = float("inf")
    for chosen in product(range(proposals), repeat=entities):
        if len(set(chosen)) == entities:
            price = sum(cost[p][k + 1] for k, p in enumerate(chosen))
            best = min(best, price)
    cheapest = sorted(
        sum(min(cost[p]) for p in range(proposals) if p not in chosen)
        for chosen in product(range(proposals), repeat=entities)
        if len(set(chosen)) == entities
        and sum(cost[p][k + 1] for k, p in enumerate(chosen)) == best
    )
    assert any(total == pytest.approx(best + rest) for rest in cheapest)


def test_one_entity_can_have_several_proposals():
    assert assigned([[5.0, 1.0, 9.0], [0.0, 8.0, 2.0], [5.0, 3.0, 9.0], [1.0, 8.0, 8.0]]) == [
        [1, 2, 1, 0]
    ]


def test_without_entities_every_target_is_none():
    assert assigned([[3.0], [-1.0]]) == [[0, 0]]


def test_each_sentence_is_assigned_alone():
    sentences = [
        [[0.0, 1.0], [0.0, 2.0], [0.0, 0.5]],
        [[7.0]],
        [[0.0, 4.0, 3.0, 9.0]],
        [[9.0, 1.0], [0.0, 5.0]],
    ]
    together = assigned(*sentences)
    assert together == [[0, 0, 1], [0], [2], [1, 0]]
    assert together == [assigned(rows)[0] for rows in sentences]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_no_number_is_avoided(bad):
    assert assigned([[0.0, bad], [0.0, 3.0]]) == [[0, 1]]
    assert assigned([[bad, bad]]) == [[1]]
    # As seldom as can be, where it cannot be avoided; one kind of it is as bad as another.
    assert assigned([[bad, bad, bad], [bad, bad, 3.0], [bad, 2.0, bad]]) == [[0, 2, 1]]
    nan = float("nan")
    assert assigned([[0.0, bad, nan], [0.0, nan, nan]]) == assigned([[0.0, nan, nan]] * 2)


def test_what_costs_less_than_any_number_is_taken():
    least = float("-inf")
    assert assigned([[0.0, 1.0], [0.0, least], [least, 5.0]]) == [[0, 1, 0]]
    assert assigned([[0.0, least, 1.0], [0.0, least, 2.0]]) == [[2, 1]]
