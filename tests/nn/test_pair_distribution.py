import math

import pytest
import torch

from locate_label_allennlp.nn.locations import log_gaussian
from locate_label_allennlp.nn.pair_distribution import (
    PairScores,
    _chunks,
    best_pairs,
    log_partition,
)

LENGTHS = [7, 1, 4, 7, 2]


def made_up(dtype=torch.double, scale=1.0):
    """One proposal a sentence, sentences of different lengths."""
    num_words = max(LENGTHS)
    scores = [scale * torch.randn(len(LENGTHS), num_words, dtype=dtype) for _ in range(4)]
    outside = torch.arange(num_words) >= torch.tensor(LENGTHS)[:, None]
    for part in scores[:2]:
        part.masked_fill_(outside, -torch.inf)
    return PairScores(*(part.requires_grad_() for part in scores))


def slow(scores, proposal, length):
    """The score of every span, by its definition."""
    start, end, lean_start, lean_end = (part[proposal].tolist() for part in scores)
    return {
        (s, e): start[s] + end[e] - (lean_start[s] + lean_end[e]) ** 2
        for s in range(length)
        for e in range(s, length)
    }


def whole(scores):
    """The log-partition in one piece, for autograd to differentiate."""
    lean = scores.lean_start[:, :, None] + scores.lean_end[:, None]
    joint = scores.start[:, :, None] + scores.end[:, None] - lean.square()
    backwards = torch.ones(joint.shape[1:]).tril(-1).bool()
    return joint.masked_fill(backwards, -torch.inf).flatten(1).logsumexp(1)


@pytest.mark.parametrize("chunk_size", [1, 100, 2**22])
def test_partition_and_best_span_are_those_of_a_slow_loop(chunk_size):
    scores = made_up()
    found = log_partition(scores, chunk_size)
    start, end, log_probability = best_pairs(scores, chunk_size)
    for proposal, length in enumerate(LENGTHS):
        by_span = slow(scores, proposal, length)
        expected = math.log(sum(map(math.exp, by_span.values())))
        assert found[proposal].item() == pytest.approx(expected)
        best = max(by_span, key=by_span.get)
        assert (start[proposal].item(), end[proposal].item()) == best
        assert log_probability[proposal].item() == pytest.approx(by_span[best] - expected)


def test_scores_at_spans():
    scores = made_up()
    proposal, start, end = torch.tensor([[0, 0, 3], [0, 2, 5], [6, 2, 5]])
    expected = [slow(scores, p, 7)[s, e] for p, s, e in [(0, 0, 6), (0, 2, 2), (3, 5, 5)]]
    assert scores.at(proposal, start, end).tolist() == pytest.approx(expected)


@pytest.mark.parametrize("chunk_size", [1, 60, 2**22])
@pytest.mark.parametrize("dtype", [torch.double, torch.float])
def test_gradients_equal_those_of_the_whole_distribution(dtype, chunk_size):
    scores = made_up(dtype)
    weights = torch.randn(len(LENGTHS), dtype=dtype)
    in_chunks = log_partition(scores, chunk_size)
    in_one = whole(scores)
    torch.testing.assert_close(in_chunks, in_one, rtol=1e-5, atol=1e-5)
    gradients = torch.autograd.grad((weights * in_chunks).sum(), scores)
    expected = torch.autograd.grad((weights * in_one).sum(), scores)
    for gradient, other in zip(gradients, expected, strict=True):
        torch.testing.assert_close(gradient, other, rtol=1e-5, atol=1e-5)


def test_the_gradient_is_the_slope():
    scores = [torch.randn(3, 4, dtype=torch.double, requires_grad=True) for _ in range(4)]
    assert torch.autograd.gradcheck(lambda *parts: log_partition(PairScores(*parts), 20), scores)


@pytest.mark.parametrize("scale", [1e3, 1e6])
def test_large_scores_are_no_harm(scale):
    scores = made_up(torch.float, scale)
    found = log_partition(scores)
    gradients = torch.autograd.grad(found.sum(), scores)
    assert found.isfinite().all()
    assert all(gradient.isfinite().all() for gradient in gradients)
    assert (best_pairs(scores)[2] <= 0).all()


def test_it_is_a_gaussian_times_two_pointers():
    length = 6
    start, end = torch.randn(2, 1, length, dtype=torch.double)
    centre = torch.tensor([1.3, 3.8], dtype=torch.double)
    theta = torch.tensor([0.7, -0.4, 0.5], dtype=torch.double)
    position = torch.arange(length, dtype=torch.double)
    from_start, from_end = position - centre[0], position - centre[1]
    scores = PairScores(
        start,
        end - (theta[2] * from_end).square(),
        (theta[0] * from_start)[None],
        (theta[1] * from_end)[None],
    )
    for s in range(length):
        for e in range(s, length):
            span = torch.tensor([s, e], dtype=torch.double)
            expected = start[0, s] + end[0, e] + log_gaussian(span, centre, theta)
            found = scores.at(*(torch.tensor([i]) for i in (0, s, e)))
            torch.testing.assert_close(found[0], expected)


def test_no_proposals():
    scores = PairScores(*torch.zeros(4, 0, 5))
    assert log_partition(scores).size() == (0,)
    best = best_pairs(scores)
    assert [part.size() for part in best] == [(0,)] * 3
    assert [part.dtype for part in best] == [torch.long, torch.long, torch.float]


@pytest.mark.parametrize(
    ("chunk_size", "sizes"),
    [(1, [1] * 5), (97, [1] * 5), (98, [2, 2, 1]), (147, [3, 2]), (10_000, [5])],
)
def test_chunks_are_as_large_as_allowed(chunk_size, sizes):
    chunks = list(_chunks(made_up(), chunk_size))
    assert [joint.size() for _, joint in chunks] == [(size, 7, 7) for size in sizes]
    assert [n for which, _ in chunks for n in range(5)[which]] == [0, 1, 2, 3, 4]


def test_the_best_spans_need_no_gradient():
    assert all(part.grad_fn is None for part in best_pairs(made_up()))


def test_without_gradient_nothing_is_kept_for_one():
    scores = PairScores(*(part.detach() for part in made_up()))
    assert log_partition(scores).grad_fn is None


def test_autocast_changes_nothing():
    scores = made_up(torch.float)
    expected = torch.autograd.grad(log_partition(scores).sum(), scores)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = log_partition(scores)
    assert found.dtype == torch.float
    gradients = torch.autograd.grad(found.sum(), scores)
    assert all(map(torch.equal, gradients, expected))


def test_a_second_derivative_is_refused():
    scores = made_up()
    weights = torch.ones(len(LENGTHS), dtype=torch.double, requires_grad=True)
    weighted = (weights * log_partition(scores)).sum()
    first = torch.autograd.grad(weighted, scores, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first[0].sum().backward()
