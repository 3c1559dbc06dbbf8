import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.nn.losses import (
    classification_loss,
    filter_loss,
    regression_loss,
    soft_example_weights,
)
from locate_label_allennlp.nn.spans import span_iou

SHARES = st.floats(0, 1, width=32)


@given(st.lists(SHARES, max_size=8), st.sampled_from([0.5, 0.7, 1.0]), st.sampled_from([0, 0.5, 2]))
def test_soft_weights_are_equation_11(ious, threshold, eta):
    tensor = torch.tensor(ious)
    weights = soft_example_weights(tensor, threshold, eta)
    for weight, iou in zip(weights.tolist(), tensor.tolist(), strict=True):
        on_positive_side = torch.tensor(iou) >= threshold
        assert weight == pytest.approx((iou if on_positive_side else 1 - iou) ** eta, abs=1e-6)


def test_weights_of_exact_matches_and_of_spans_that_touch_nothing_are_1():
    iou = torch.tensor([0.0, 1.0])
    assert soft_example_weights(iou, 0.7, 1.0).tolist() == [1.0, 1.0]
    assert soft_example_weights(iou, 1.0, 3.0).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_what_is_surely_right_has_finite_gradients(gamma):
    logits = torch.tensor([200.0, -200.0], requires_grad=True)
    is_positive = torch.tensor([True, False])
    filter_loss(logits, is_positive, torch.ones(2), gamma).backward()
    assert logits.grad.abs().max() == 0
    logits = torch.tensor([[20.0, -5.0, -5.0]], requires_grad=True)
    loss = classification_loss(logits, torch.tensor([0]), gamma=gamma)
    loss.backward()
    assert loss.item() < 1e-6
    assert logits.grad.abs().max() < 1e-6


def test_without_weights_and_gamma_it_is_plain_cross_entropy():
    scores, target = torch.randn(6, 3), torch.randint(3, (6,))
    expected = torch.nn.functional.cross_entropy(scores, target)
    torch.testing.assert_close(classification_loss(scores, target), expected)
    torch.testing.assert_close(classification_loss(scores, target, torch.ones(6)), expected)


def test_eta_0_makes_every_example_hard():
    iou = torch.linspace(0, 1, 11)
    assert soft_example_weights(iou, 0.7, 0.0).tolist() == [1.0] * 11


SCORED = st.lists(st.tuples(st.floats(-15, 15), st.booleans(), SHARES), min_size=1, max_size=8)


@given(SCORED, st.sampled_from([0.0, 1.0, 2.0]))
def test_filter_loss_is_equation_12(spans, gamma):
    logits, positive, weights = zip(*spans, strict=True)
    expected = []
    for logit, is_positive, weight in spans:
        p = 1 / (1 + math.exp(-logit))
        right, wrong = (p, 1 - p) if is_positive else (1 - p, p)
        expected.append(-weight * wrong**gamma * math.log(right))
    loss = filter_loss(torch.tensor(logits), torch.tensor(positive), torch.tensor(weights), gamma)
    assert loss.item() == pytest.approx(sum(expected) / len(expected), rel=1e-4, abs=1e-7)


@given(
    st.lists(
        st.tuples(st.lists(st.floats(-9, 9), min_size=3, max_size=3), st.integers(0, 2), SHARES),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from([0.0, 0.5, 2.0]),
)
def test_classification_loss_is_equation_16(spans, gamma):
    logits, target, weights = zip(*spans, strict=True)
    expected = []
    for scores, label, weight in spans:
        p = math.exp(scores[label]) / sum(map(math.exp, scores))
        expected.append(-weight * (1 - p) ** gamma * math.log(p))
    loss = classification_loss(
        torch.tensor(logits), torch.tensor(target), torch.tensor(weights), gamma
    )
    assert loss.item() == pytest.approx(sum(expected) / len(expected), rel=1e-4, abs=1e-6)


def slow_regression(start, end, left, right, gold_start, gold_end):
    def smooth(x):
        return 0.5 * x * x if abs(x) < 1 else abs(x) - 0.5

    starts, ends = (start + left, gold_start), (end + 1 + right, gold_end + 1)
    overlap = (min(ends) - max(starts)) / (max(ends) - min(starts))
    return smooth(left - (gold_start - start)) + smooth(right - (gold_end - end)) + 1 - overlap


SPAN = st.tuples(st.integers(0, 20), st.integers(0, 8)).map(lambda p: (p[0], p[0] + p[1]))
MOVES = st.tuples(st.floats(-30, 30), st.floats(-30, 30))


def regression(spans, golds, offsets):
    start, end = torch.tensor(spans, dtype=torch.long).view(-1, 2).T
    gold_start, gold_end = torch.tensor(golds, dtype=torch.long).view(-1, 2).T
    return regression_loss(start, end, offsets, gold_start, gold_end)


@given(st.lists(st.tuples(SPAN, SPAN, MOVES), min_size=1, max_size=5))
def test_regression_loss_is_equations_13_to_15(cases):
    spans, golds, moves = zip(*cases, strict=True)
    expected = [slow_regression(*span, *move, *gold) for span, gold, move in cases]
    loss = regression(spans, golds, torch.tensor(moves))
    assert loss.item() == pytest.approx(sum(expected) / len(expected), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize(("left", "right"), [(0.4, -0.3), (-2.6, 1.7), (0.4, 3.1), (-1.5, -0.2)])
def test_regression_gradient_is_the_slope_of_the_formula(left, right):
    span, gold = (3, 5), (2, 6)
    offsets = torch.tensor([[left, right]], requires_grad=True)
    regression([span], [gold], offsets).backward()
    step = 1e-6
    slopes = [
        slow_regression(*span, left + step, right, *gold)
        - slow_regression(*span, left - step, right, *gold),
        slow_regression(*span, left, right + step, *gold)
        - slow_regression(*span, left, right - step, *gold),
    ]
    assert offsets.grad[0].tolist() == pytest.approx([s / (2 * step) for s in slopes], rel=1e-4)


def test_exact_offsets_cost_nothing_even_for_one_word():
    offsets = torch.tensor([[0.0, 0.0], [-2.0, 1.0]], requires_grad=True)
    loss = regression([(4, 4), (3, 5)], [(4, 4), (1, 6)], offsets)
    loss.backward()
    assert loss.item() == 0
    assert offsets.grad.isfinite().all()


@pytest.mark.parametrize("left", [0.0, 1.0, -1.0, 40.0, -40.0, 1e6, -1e18, 1e30])
@pytest.mark.parametrize("right", [0.0, 1.0, -1.0, 40.0, -40.0, 1e6, -1e18, 1e30])
def test_regression_is_finite_wherever_the_offsets_push(left, right):
    offsets = torch.tensor([[left, right]] * 3, requires_grad=True)
    loss = regression([(0, 0), (4, 4), (0, 9)], [(0, 0), (3, 4), (2, 2)], offsets)
    loss.backward()
    assert loss.isfinite()
    assert offsets.grad.isfinite().all()


def test_disjoint_boundaries_are_pulled_together():
    offsets = torch.tensor([[20.0, 20.0], [3.0, -3.0]], requires_grad=True)
    regression([(0, 1), (5, 6)], [(0, 1), (5, 6)], offsets).backward()
    assert (offsets.grad.sign() == torch.tensor([[1.0, 1.0], [1.0, -1.0]])).all()


@pytest.mark.parametrize("logit", [-1e4, -100.0, 0.0, 100.0, 1e4])
def test_losses_of_scores_are_finite_however_sure_the_model_is(logit):
    logits = torch.tensor([logit, logit], requires_grad=True)
    ones = torch.ones(2)
    scores = torch.tensor([[logit, 0.0], [logit, 0.0]], requires_grad=True)
    loss = filter_loss(logits, torch.tensor([True, False]), ones, 2.0)
    loss = loss + classification_loss(scores, torch.tensor([0, 1]), ones, 2.0)
    loss.backward()
    assert loss.isfinite()
    assert logits.grad.isfinite().all()
    assert scores.grad.isfinite().all()


def test_each_weight_belongs_to_its_own_span():
    weights = torch.tensor([1.0, 0.0])
    logits = torch.tensor([0.3, 0.3], requires_grad=True)
    scores = torch.zeros(2, 3, requires_grad=True)
    filter_loss(logits, torch.tensor([True, True]), weights, 2.0).backward()
    classification_loss(scores, torch.tensor([1, 1]), weights).backward()
    assert logits.grad[0] != 0
    assert logits.grad[1] == 0
    assert (scores.grad[0] != 0).all()
    assert (scores.grad[1] == 0).all()


def test_losses_are_means():
    logits, weights = torch.randn(5), torch.rand(5)
    positive = torch.tensor([True, False, True, False, False])
    once = filter_loss(logits, positive, weights, 2.0)
    twice = filter_loss(logits.repeat(2), positive.repeat(2), weights.repeat(2), 2.0)
    torch.testing.assert_close(once, twice)


def test_no_spans_cost_nothing_and_can_be_differentiated():
    nothing = torch.zeros(0)
    logits = torch.zeros(0, requires_grad=True)
    scores, offsets = (torch.zeros(0, size, requires_grad=True) for size in (3, 2))
    total = (
        filter_loss(logits, nothing.bool(), nothing, 2.0)
        + classification_loss(scores, nothing.long(), nothing)
        + regression([], [], offsets)
    )
    total.backward()
    assert total.item() == 0


def test_half_precision_scores_are_computed_in_single():
    logits = torch.tensor([12.0, -12.0], dtype=torch.bfloat16)
    loss = filter_loss(logits, torch.tensor([True, False]), torch.ones(2), 2.0)
    assert loss.dtype == torch.float
    assert loss > 0


def test_the_iou_loss_falls_as_the_iou_rises():
    gold = (torch.tensor([2]), torch.tensor([5]))
    losses, ious = [], []
    for left in (-2.0, -1.0, 0.0):
        end = torch.tensor([5])
        losses.append(regression_loss(torch.tensor([2]), end, torch.tensor([[left, 0.0]]), *gold))
        ious.append(span_iou(torch.tensor([2 + int(left)]), end, *gold))
    assert losses == sorted(losses, reverse=True)
    assert ious == sorted(ious)
