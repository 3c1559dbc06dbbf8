import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.nn.locations import (
    THETA_SIZE,
    feature_widths,
    fuse_locations,
    log_gaussian,
    spatial_attention,
)

torch_double = {"dtype": torch.double}


@pytest.mark.parametrize(
    ("kernels", "widths"),
    [([], [1]), ([2], [1, 2]), ([2, 2], [1, 2, 3]), ([2, 3, 2], [1, 2, 4, 5]), ([1, 4], [1, 1, 4])],
)
def test_feature_widths_are_equation_5(kernels, widths):
    assert feature_widths(kernels) == widths
    for layer in range(len(widths)):
        # As printed: 1 - l + the sum of the kernels below, one kernel less than layers.
        assert widths[layer] == 1 - layer + sum(kernels[:layer])


NUMBER = st.floats(-4, 4)


@given(*[st.tuples(NUMBER, NUMBER)] * 2, st.tuples(NUMBER, NUMBER, NUMBER))
def test_log_gaussian_is_the_logarithm_of_equation_12(location, centre, theta):
    x = [location[0] - centre[0], location[1] - centre[1]]
    lower = [[theta[0], 0.0], [theta[1], theta[2]]]
    exponent = 0.0
    for i in range(2):
        for j in range(2):
            precision = sum(lower[i][k] * lower[j][k] for k in range(2))
            exponent += x[i] * precision * x[j]
    found = log_gaussian(*(torch.tensor(v, **torch_double) for v in (location, centre, theta)))
    assert found.item() == pytest.approx(-exponent, rel=1e-9, abs=1e-9)
    assert found <= 0


def test_a_gaussian_is_highest_at_its_centre():
    centre, theta = torch.randn(5, 2), torch.randn(5, 3)
    assert (log_gaussian(centre, centre, theta) == 0).all()
    assert (log_gaussian(centre + 1, centre, theta) < 0).all()


def test_every_number_of_theta_counts():
    theta = torch.rand(THETA_SIZE, requires_grad=True)
    log_gaussian(torch.tensor([1.0, 2.0]), torch.zeros(2), theta).backward()
    assert (theta.grad != 0).all()


def slow_fusion(scores, widths, length):
    """Equations (8) and (9) for one sentence: a list of (start, end)."""
    locations = []
    for word in range(length):
        features = [
            (layer[first].tolist(), (first, first + width - 1))
            for layer, width in zip(scores, widths, strict=True)
            for first in range(length - width + 1)
            if first <= word <= first + width - 1
        ]
        location = []
        for side in (0, 1):
            total = sum(math.exp(score[side]) for score, _ in features)
            location.append(sum(math.exp(s[side]) * span[side] for s, span in features) / total)
        locations.append(location)
    return locations


@pytest.mark.parametrize("kernels", [[], [2], [2, 2], [2, 3, 2], [4], [1, 3]])
def test_fused_locations_are_equations_8_and_9(kernels):
    widths = feature_widths(kernels)
    lengths = [7, 1, 2, 4]
    num_words = max(*lengths, widths[-1])
    scores = [2 * torch.randn(4, num_words - width + 1, 2, **torch_double) for width in widths]
    # What a batch with a longer sentence looks like, in the lowest layer.
    scores[0] = torch.cat([scores[0], torch.full((4, 2, 2), 50.0, **torch_double)], dim=1)
    found = fuse_locations(scores, widths, torch.tensor(lengths))
    assert found.isfinite().all()
    for sentence, length in enumerate(lengths):
        expected = slow_fusion([layer[sentence] for layer in scores], widths, length)
        wanted = torch.tensor(expected, **torch_double)
        torch.testing.assert_close(found[sentence, :length], wanted)


def test_without_convolutions_a_proposal_begins_as_its_word():
    found = fuse_locations([torch.randn(1, 4, 2)], [1], torch.tensor([4]))
    assert found[0].tolist() == [[j, j] for j in range(4)]


def test_a_fused_location_can_be_learned():
    scores = [torch.zeros(1, 5, 2, requires_grad=True), torch.zeros(1, 4, 2, requires_grad=True)]
    fuse_locations(scores, [1, 2], torch.tensor([5]))[0, 2].sum().backward()
    assert (scores[1].grad[0, 1:3] != 0).any()
    assert (scores[1].grad[0, 3] == 0).all()


def slow_attention(query, keys, values, prior):
    logits = [
        sum(q * k for q, k in zip(query, key, strict=True)) / math.sqrt(len(query)) + log
        for key, log in zip(keys, prior, strict=True)
    ]
    total = sum(math.exp(logit) for logit in logits)
    weights = [math.exp(logit) / total for logit in logits]
    return [
        sum(w * value[d] for w, value in zip(weights, values, strict=True))
        for d in range(len(values[0]))
    ]


@pytest.mark.parametrize("modulated", [True, False])
def test_spatial_attention_is_equation_14(modulated):
    lengths = [5, 1, 3]
    query, key, value = (torch.randn(3, 2, 5, 4, **torch_double) for _ in range(3))
    location, centre = torch.rand(3, 1, 1, 5, 2) * 5, torch.rand(3, 2, 5, 1, 2) * 5
    theta = torch.randn(3, 2, 5, 1, 3)
    prior = log_gaussian(location.double(), centre.double(), theta.double())
    mask = torch.arange(5) < torch.tensor(lengths)[:, None]
    found = spatial_attention(query, key, value, mask, prior if modulated else None)
    for b, length in enumerate(lengths):
        for head in range(2):
            for i in range(length):
                expected = slow_attention(
                    query[b, head, i].tolist(),
                    key[b, head, :length].tolist(),
                    value[b, head, :length].tolist(),
                    prior[b, head, i, :length].tolist() if modulated else [0.0] * length,
                )
                assert found[b, head, i].tolist() == pytest.approx(expected, rel=1e-9)
    assert found.isfinite().all()


def test_attention_does_not_see_padding():
    query, key, value = (torch.randn(2, 2, 4, 3) for _ in range(3))
    mask = torch.tensor([[True, True, True, False], [True, False, False, False]])
    prior = torch.zeros(2, 2, 4, 4)
    before = spatial_attention(query, key, value, mask, prior)
    key[0, :, 3], value[0, :, 3], prior[0, :, :, 3] = 1e3, 1e3, 1e3
    key[1, :, 1:], value[1, :, 1:] = -1e3, 1e3
    assert torch.equal(spatial_attention(query, key, value, mask, prior), before)


def test_a_sharp_gaussian_looks_at_what_is_near():
    query = key = torch.zeros(1, 1, 4, 2)
    value = torch.eye(4)[None, None]
    location = torch.tensor([[0.0, 0.0], [1.0, 2.0], [5.0, 5.0], [9.0, 9.0]])
    centre = torch.tensor([1.1, 1.9])
    prior = log_gaussian(location, centre, torch.tensor([5.0, 0.0, 5.0]))
    prior = prior.expand(1, 1, 4, 4)
    found = spatial_attention(query, key, value, torch.ones(1, 4, dtype=torch.bool), prior)
    assert (found[..., 1] > 0.99).all()
