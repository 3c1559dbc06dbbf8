import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.nn.spans import (
    FlatSpans,
    adjust_spans,
    are_legal_moves,
    enumerate_spans,
    padded_to_flat,
    span_iou,
)

LENGTHS = st.lists(st.integers(1, 12), min_size=1, max_size=4)


def rows(spans):
    return list(zip(*(part.tolist() for part in spans), strict=True))


def words(start, end):
    return set(range(start, end + 1))


def iou(*boundaries):
    return span_iou(*(torch.tensor(boundary) for boundary in boundaries))


@given(LENGTHS, st.lists(st.integers(1, 15), min_size=1, max_size=6))
def test_seeds_are_all_spans_of_the_given_lengths(lengths, span_lengths):
    seeds = enumerate_spans(torch.tensor(lengths), span_lengths, max(lengths))
    assert rows(seeds) == [
        (sentence, start, start + width - 1)
        for sentence, length in enumerate(lengths)
        for start in range(length)
        for width in sorted(set(span_lengths))
        if start + width <= length
    ]


def test_a_sentence_shorter_than_every_seed_has_none():
    assert enumerate_spans(torch.tensor([1, 1]), [2, 3], 1).num_spans == 0
    assert rows(enumerate_spans(torch.tensor([1, 2]), [2], 2)) == [(1, 0, 1)]


def test_padding_beyond_the_longest_sentence_makes_no_seeds():
    lengths = torch.tensor([3, 5])
    seeds = enumerate_spans(lengths, [1, 4], 5)
    assert rows(enumerate_spans(lengths, [1, 4], 9)) == rows(seeds)


def test_padded_spans_lose_their_padding():
    padded = torch.tensor([[[0, 2], [1, 1]], [[-1, -1], [-1, -1]], [[3, 3], [-1, -1]]])
    assert rows(padded_to_flat(padded)) == [(0, 0, 2), (0, 1, 1), (2, 3, 3)]
    assert padded_to_flat(padded[:, :0]).num_spans == 0


def test_select_by_index_and_by_mask_and_join():
    spans = FlatSpans(torch.tensor([0, 0, 1]), torch.tensor([1, 2, 3]), torch.tensor([4, 5, 6]))
    chosen = spans.select(torch.tensor([2, 0]))
    assert rows(chosen) == [(1, 3, 6), (0, 1, 4)]
    assert rows(spans.select(torch.tensor([False, True, False]))) == [(0, 2, 5)]
    assert rows(chosen.join(spans)) == rows(chosen) + rows(spans)


def test_iou_of_all_small_spans():
    boundaries = [(start, end) for start in range(7) for end in range(start, 7)]
    tensor = torch.tensor(boundaries)
    table = span_iou(tensor[:, :1], tensor[:, 1:], tensor[None, :, 0], tensor[None, :, 1])
    for row, one in enumerate(boundaries):
        for column, other in enumerate(boundaries):
            shared = len(words(*one) & words(*other))
            exact = Fraction(shared, len(words(*one) | words(*other)))
            assert table[row, column].item() == pytest.approx(float(exact), rel=1e-6)
            assert (table[row, column] == 1) == (one == other)
            assert (table[row, column] == 0) == (shared == 0)


@pytest.mark.parametrize("threshold", ["0.5", "0.6", "0.7", "0.75", "0.8", "0.9", "1.0"])
def test_iou_meets_a_threshold_exactly_where_the_fraction_does(threshold):
    union, overlap = torch.tensor([(u, o) for u in range(1, 101) for o in range(1, u + 1)]).T
    zeros = torch.zeros_like(union)
    meets = span_iou(zeros, union - 1, zeros, overlap - 1) >= float(threshold)
    fractions = zip(overlap.tolist(), union.tolist(), strict=True)
    assert meets.tolist() == [Fraction(o, u) >= Fraction(threshold) for o, u in fractions]


def test_seven_words_of_ten_are_positive():
    assert iou(0, 9, 0, 6) >= 0.7
    assert iou(100, 109, 103, 109) >= 0.7
    assert not iou(0, 10, 0, 6) >= 0.7


@st.composite
def moved_spans(draw):
    lengths = draw(LENGTHS)
    spans, offsets = [], []
    offset = st.integers(-200, 200).map(lambda eighths: eighths / 8) | st.sampled_from(
        [-1e30, -1e18, -3e9, 3e9, 1e18, 1e30]
    )
    for sentence, length in enumerate(lengths):
        for _ in range(draw(st.integers(0, 4))):
            start = draw(st.integers(0, length - 1))
            spans.append((sentence, start, draw(st.integers(start, length - 1))))
            offsets.append((draw(offset), draw(offset)))
    return lengths, spans, offsets


@given(moved_spans())
def test_adjusting_is_equations_6_and_7(case):
    lengths, spans, offsets = case
    expected = []
    for (sentence, start, end), (left, right) in zip(spans, offsets, strict=True):
        last = lengths[sentence] - 1
        half = Fraction(1, 2)
        new_start = min(max(0, start + math.floor(Fraction(left) + half)), last)
        new_end = min(max(0, end + math.floor(Fraction(right) + half)), last)
        moved = new_start <= new_end
        expected.append((sentence, new_start, new_end) if moved else (sentence, start, end))
    flat = FlatSpans(*torch.tensor(spans, dtype=torch.long).view(-1, 3).T)
    moves = torch.tensor(offsets, dtype=torch.float).view(-1, 2)
    assert rows(adjust_spans(flat, moves, torch.tensor(lengths))) == expected


@pytest.mark.parametrize(
    ("offset", "moved"),
    [(0.49, 0), (0.5, 1), (-0.49, 0), (-0.5, 0), (-0.51, -1), (1.5, 2), (-1.5, -1), (-1.6, -2)],
)
def test_halves_are_rounded_up(offset, moved):
    spans = FlatSpans(*torch.tensor([[0], [5], [5]]))
    adjusted = adjust_spans(spans, torch.tensor([[offset, offset]]), torch.tensor([20]))
    assert rows(adjusted) == [(0, 5 + moved, 5 + moved)]


def test_spans_stay_where_their_boundaries_would_pass_each_other():
    spans = FlatSpans(*torch.tensor([[0, 0, 0], [2, 2, 2], [4, 4, 4]]))
    offsets = torch.tensor([[3.0, 0.0], [1e20, -1e20], [2.0, 0.0]])
    assert rows(adjust_spans(spans, offsets, torch.tensor([9]))) == [
        (0, 2, 4),
        (0, 2, 4),
        (0, 4, 4),
    ]


def test_moves_that_are_legal():
    spans = FlatSpans(*torch.tensor([[0] * 8, [2] * 8, [4] * 8]))
    left = [0.0, -2.0, 2.0, 2.5, -2.51, 0.0, 0.0, -1e20]
    right = [0.4, 4.0, 0.0, 0.0, 0.0, 4.5, -2.51, 1e20]
    offsets = torch.tensor([left, right]).T
    legal = are_legal_moves(spans, offsets, torch.tensor([9]))
    assert legal.tolist() == [True, True, True, False, False, False, False, False]


def test_adjusting_gives_the_offsets_no_gradient():
    offsets = torch.ones(1, 2, requires_grad=True)
    adjusted = adjust_spans(FlatSpans(*torch.tensor([[0], [1], [2]])), offsets, torch.tensor([6]))
    assert not any(part.requires_grad for part in adjusted)


def test_no_spans_at_all():
    none = torch.zeros(0, dtype=torch.long)
    spans = FlatSpans(none, none, none)
    assert adjust_spans(spans, torch.zeros(0, 2), torch.tensor([4])).num_spans == 0
    assert span_iou(none, none, none, none).size() == (0,)


@given(LENGTHS, st.sets(st.integers(1, 12), max_size=4), st.data())
def test_missing_spans_are_joined_once(lengths, span_lengths, data):
    max_words = max(lengths)
    spans = enumerate_spans(torch.tensor(lengths), sorted(span_lengths or {13}), max_words)
    others = [
        (sentence, start, end)
        for sentence, length in enumerate(lengths)
        for start in range(length)
        for end in range(start, length)
    ]
    drawn = data.draw(st.lists(st.sampled_from(others), max_size=6))
    other = FlatSpans(*torch.tensor(drawn, dtype=torch.long).view(-1, 3).T)
    joined = rows(spans.join_missing(other, max_words))
    assert joined[: spans.num_spans] == rows(spans)
    assert joined[spans.num_spans :] == sorted(set(drawn) - set(rows(spans)))
