import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.nn import range_maximum
from locate_label_allennlp.nn.range_maximum import (
    RangeMaximum,
    _floor_log2,
    _LookUp,
    _parts,
    _Table,
)
from locate_label_allennlp.nn.spans import FlatSpans, enumerate_spans

SENTENCES = st.lists(st.integers(1, 20), min_size=1, max_size=3)


def batch(lengths, padding=float("nan")):
    generator = torch.Generator().manual_seed(sum(lengths))
    words = torch.full((len(lengths), max(lengths), 3), padding)
    for sentence, length in enumerate(lengths):
        words[sentence, :length] = torch.randn(length, 3, generator=generator)
    return words, torch.tensor(lengths)


def every_span(lengths):
    return enumerate_spans(lengths, range(1, int(lengths.max()) + 1), int(lengths.max()))


def slow_maximum(words, spans):
    boundaries = zip(*(part.tolist() for part in spans), strict=True)
    return torch.stack(
        [words[sentence, start : end + 1].max(dim=0).values for sentence, start, end in boundaries]
    )


@given(SENTENCES)
def test_maxima_of_every_span_are_those_of_a_loop_whatever_the_padding(sizes):
    words, lengths = batch(sizes)
    spans = every_span(lengths)
    table = RangeMaximum(words)
    assert torch.equal(table.maximum(spans), slow_maximum(words, spans))


@given(SENTENCES)
def test_gradients_are_those_of_a_loop(sizes):
    words, lengths = batch(sizes)
    spans = every_span(lengths)
    weights = torch.randn(spans.num_spans, 3, generator=torch.Generator().manual_seed(0))
    gradients = []
    for maximum in (
        lambda w: RangeMaximum(w).maximum(spans),
        lambda w: slow_maximum(w, spans),
    ):
        leaf = words.double().requires_grad_()
        (maximum(leaf) * weights).sum().backward()
        gradients.append(leaf.grad)
    torch.testing.assert_close(*gradients)
    assert gradients[0].isfinite().all()


def test_equal_values_share_one_gradient():
    words = torch.zeros(1, 4, 2, requires_grad=True)
    lengths = torch.tensor([4])
    RangeMaximum(words).maximum(every_span(lengths)).sum().backward()
    # Ten spans, and nothing of a span's gradient is lost or counted twice.
    torch.testing.assert_close(words.grad.sum((0, 1)), torch.full((2,), 10.0))


def test_of_equal_values_the_first_gets_the_gradient():
    words = torch.zeros(1, 4, 1, requires_grad=True)
    spans = FlatSpans(*torch.tensor([[0, 0], [0, 1], [3, 3]]))
    RangeMaximum(words).maximum(spans).sum().backward()
    assert words.grad.flatten().tolist() == [1.0, 1.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("size", "starts"), [(3, [0, 2, 4]), (1, [0]), (0, [0]), (6, [0, 1, 2, 3, 4]), (9, range(5))]
)
def test_a_step_gathers_as_much_as_it_may(size, starts, monkeypatch):
    monkeypatch.setattr(range_maximum, "_STEP", 6)
    parts = list(_parts(5, size))
    assert [part.start for part in parts] == [*starts]
    assert [n for part in parts for n in range(5)[part]] == [0, 1, 2, 3, 4]


def test_a_second_derivative_is_refused():
    words, _ = batch([3])
    words.requires_grad_()
    weights = torch.ones((), requires_grad=True)
    rows = torch.tensor([0, 2])
    for function in (_Table.apply(words), _LookUp.apply(words[0], rows, rows)):
        (first,) = torch.autograd.grad((weights * function).sum(), words, create_graph=True)
        with pytest.raises(RuntimeError, match="once_differentiable"):
            first.sum().backward()


def test_many_spans_are_looked_up_in_several_steps(monkeypatch):
    words, lengths = batch([7, 3])
    spans = every_span(lengths)
    weights = torch.randn(spans.num_spans, words.size(2))
    results = []
    for step in (2**20, 4):
        monkeypatch.setattr(range_maximum, "_STEP", step)
        leaf = words.clone().requires_grad_()
        maxima = RangeMaximum(leaf).maximum(spans)
        (maxima * weights).sum().backward()
        results.append((maxima.detach(), leaf.grad))
    torch.testing.assert_close(*results)


def test_no_spans():
    words, lengths = batch([1])
    none = enumerate_spans(lengths, [2], 1)
    table = RangeMaximum(words)
    assert table.maximum(none).size() == (0, 3)


def test_the_table_grows_with_the_logarithm_of_the_length():
    table = RangeMaximum(torch.zeros(1, 512, 2))
    assert table._table.size(0) <= 512 * 10


def test_logarithms_are_exact():
    lengths = torch.arange(1, 5000)
    assert _floor_log2(lengths).tolist() == [n.bit_length() - 1 for n in lengths.tolist()]
    powers = [2**power + step for power in range(2, 53) for step in (-1, 0, 1)]
    assert _floor_log2(torch.tensor(powers)).tolist() == [n.bit_length() - 1 for n in powers]
