import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.nn.pairing import iou_with_gold, pair_with_gold, sample_negatives
from locate_label_allennlp.nn.spans import FlatSpans, enumerate_spans


def padded(entities):
    width = max(map(len, entities), default=0)
    rows = [[*sentence, *[(-1, -1, -1)] * (width - len(sentence))] for sentence in entities]
    return torch.tensor(rows, dtype=torch.long).view(len(entities), width, 3)


def fraction(start, end, other_start, other_end):
    one, other = set(range(start, end + 1)), set(range(other_start, other_end + 1))
    return Fraction(len(one & other), len(one | other))


@st.composite
def sentences(draw):
    lengths = draw(st.lists(st.integers(1, 10), min_size=1, max_size=3))
    entities = []
    for length in lengths:
        span = st.tuples(st.integers(0, length - 1), st.integers(0, length - 1)).map(sorted)
        entity = st.tuples(span, st.integers(0, 2)).map(lambda pair: (*pair[0], pair[1]))
        entities.append(draw(st.lists(entity, max_size=5)))
    return lengths, entities


@given(sentences())
def test_each_span_gets_the_entity_of_a_slow_search(case):
    lengths, entities = case
    spans = enumerate_spans(torch.tensor(lengths), range(1, 11), max(lengths))
    pairs = pair_with_gold(spans, padded(entities))
    found = zip(*(part.tolist() for part in pairs), strict=True)
    for sentence, start, end in zip(*(part.tolist() for part in spans), strict=True):
        gold, gold_start, gold_end, label, iou = next(found)
        if not entities[sentence]:
            assert (gold, gold_start, gold_end, label, iou) == (0, start, end, -1, 0.0)
            continue

        def badness(row, sentence=sentence, start=start, end=end):
            s, e, _ = entities[sentence][row]
            return -fraction(start, end, s, e), abs(start - s) + abs(end - e), row

        best = min(range(len(entities[sentence])), key=badness)
        assert gold == best
        assert (gold_start, gold_end, label) == entities[sentence][best]
        assert iou == pytest.approx(float(-badness(best)[0]), rel=1e-6)


def test_ties_go_to_the_nearer_boundaries_and_then_to_the_earlier_entity():
    # Words 2 to 3 have IoU 1/2 with each of the first three; the edges of the third are nearest.
    spans = FlatSpans(*torch.tensor([[0, 0], [2, 8], [3, 8]]))
    entities = torch.tensor([[[0, 3, 0], [2, 5, 1], [3, 3, 2], [9, 9, 3], [7, 7, 4]]])
    pairs = pair_with_gold(spans, entities)
    assert pairs.iou.tolist() == [0.5, 0.0]
    assert pairs.gold.tolist() == [2, 3]
    assert pairs.label.tolist() == [2, 3]


def test_two_types_of_one_span_go_to_the_earlier_row():
    spans = FlatSpans(*torch.tensor([[0], [1], [2]]))
    pairs = pair_with_gold(spans, torch.tensor([[[1, 2, 1], [1, 2, 0]]]))
    assert (pairs.gold.item(), pairs.label.item(), pairs.iou.item()) == (0, 1, 1.0)


def test_padding_before_or_after_an_entity_is_never_paired():
    spans = FlatSpans(*torch.tensor([[0, 1], [0, 0], [0, 0]]))
    entities = torch.tensor([[[-1, -1, -1], [5, 6, 0]], [[-1, -1, -1], [-1, -1, -1]]])
    pairs = pair_with_gold(spans, entities)
    assert pairs.label.tolist() == [0, -1]
    assert (pairs.start.tolist(), pairs.end.tolist()) == ([5, 0], [6, 0])
    assert pairs.iou.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("num_rows", [0, 2])
def test_no_spans_make_no_pairs(num_rows):
    none = torch.zeros(0, dtype=torch.long)
    pairs = pair_with_gold(FlatSpans(none, none, none), torch.full((1, num_rows, 3), -1))
    assert all(part.size() == (0,) for part in pairs)


def test_select_keeps_the_parts_together():
    spans = enumerate_spans(torch.tensor([4]), [1, 2], 4)
    pairs = pair_with_gold(spans, torch.tensor([[[1, 2, 7]]]))
    chosen = pairs.select(pairs.iou >= 0.5)
    assert chosen.label.tolist() == [7] * 3
    assert chosen.iou.tolist() == [0.5, 1.0, 0.5]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=60),
    st.sampled_from([0.0, 0.5, 1.5, 5.0]),
    st.integers(0, 4),
)
def test_all_positives_and_the_quota_of_negatives_of_each_sentence(spans, ratio, least):
    sentence = torch.tensor([s for s, _ in spans], dtype=torch.long)
    is_positive = torch.tensor([p for _, p in spans], dtype=torch.bool)
    chosen = sample_negatives(is_positive, sentence, 4, ratio, least).tolist()
    assert chosen == sorted(set(chosen))
    assert set(is_positive.nonzero().squeeze(1).tolist()) <= set(chosen)
    for number in range(4):
        positives = spans.count((number, True))
        quota = max(math.ceil(positives * ratio), least)
        drawn = [index for index in chosen if spans[index] == (number, False)]
        assert len(drawn) == min(quota, spans.count((number, False)))


def draw(seed, size=20):
    is_positive = torch.zeros(size, dtype=torch.bool)
    is_positive[0] = True
    generator = torch.Generator().manual_seed(seed)
    sentence = torch.zeros(size, dtype=torch.long)
    return sample_negatives(is_positive, sentence, 1, 5.0, 0, generator).tolist()


def test_the_draw_is_that_of_the_seed():
    assert draw(1) == draw(1)
    assert len({tuple(draw(seed)) for seed in range(20)}) > 15


def test_without_a_generator_the_seed_of_pytorch_decides():
    arguments = (torch.zeros(50, dtype=torch.bool), torch.zeros(50, dtype=torch.long), 1, 5.0, 5)
    draws = []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        draws.append(sample_negatives(*arguments).tolist())
    assert draws[0] == draws[1] != draws[2]


def test_every_negative_is_drawn_about_equally_often():
    counts = torch.zeros(20)
    for seed in range(2000):
        counts[draw(seed)] += 1
    assert counts[0] == 2000
    # 5 of 19: a mean of 526 with a standard deviation below 20.
    assert ((counts[1:] - 2000 * 5 / 19).abs() < 100).all()


def test_the_iou_with_each_entity_of_the_sentence():
    entities = torch.tensor([[[0, 1, 5], [4, 4, 6]], [[2, 3, 7], [-1, -1, -1]]])
    spans = FlatSpans(*torch.tensor([[0, 0, 0], [0, 4, 4], [1, 0, 3]]).unbind(1))
    assert iou_with_gold(spans, entities).tolist() == [[0.5, 0.0], [0.0, 1.0], [0.5, -1.0]]
