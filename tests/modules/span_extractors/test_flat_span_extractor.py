import pytest
import torch
from allennlp.common import Params
from allennlp.modules.span_extractors import (
    EndpointSpanExtractor,
    MaxPoolingSpanExtractor,
    SpanExtractor,
)

from locate_label_allennlp.modules.span_extractors import FlatSpanExtractor
from locate_label_allennlp.nn.range_maximum import RangeMaximum
from locate_label_allennlp.nn.spans import FlatSpans

NAMES = ["inner_boundary", "outer_boundary"]
LENGTHS = [7, 1, 4]
SPANS = torch.tensor(
    [
        [[0, 6], [0, 0], [2, 5], [6, 6]],
        [[0, 0], [0, 0], [-1, -1], [-1, -1]],
        [[1, 2], [0, 3], [3, 3], [-1, -1]],
    ]
)
SPAN_MASK = SPANS[..., 0] >= 0


def extractor(name):
    return SpanExtractor.from_params(Params({"type": name, "input_dim": 5}))


def sentences(padding=0.0):
    words = torch.full((3, 7, 5), padding)
    generator = torch.Generator().manual_seed(3)
    for row, length in enumerate(LENGTHS):
        words[row, :length] = torch.randn(length, 5, generator=generator)
    mask = torch.arange(7) < torch.tensor(LENGTHS)[:, None]
    return words, mask


def slow(module, name, words):
    """One span at a time, from the words of its sentence alone."""
    vectors = torch.zeros(3, 4, 15)
    for row, length in enumerate(LENGTHS):
        for column, (start, end) in enumerate(SPANS[row].tolist()):
            if start < 0:
                continue
            left, right = words[row, start], words[row, end]
            if name == "outer_boundary":
                left = words[row, start - 1] if start > 0 else module._before_sentence
                right = words[row, end + 1] if end < length - 1 else module._after_sentence
            maximum = words[row, start : end + 1].max(dim=0).values
            vectors[row, column] = torch.cat([maximum, left, right])
    return vectors


@pytest.mark.parametrize("name", NAMES)
def test_padded_form_equals_a_slow_loop(name):
    module = extractor(name)
    words, mask = sentences()
    vectors = module(words, SPANS, mask, SPAN_MASK)
    assert isinstance(module, FlatSpanExtractor)
    assert module.get_input_dim() == 5
    assert vectors.size(-1) == module.get_output_dim() == 15
    assert torch.equal(vectors, slow(module, name, words))


@pytest.mark.parametrize("name", NAMES)
def test_padding_changes_nothing(name):
    module = extractor(name)
    words, mask = sentences()
    vectors = module(words, SPANS, mask, SPAN_MASK)
    for padding in (1e9, float("inf"), float("nan")):
        assert torch.equal(module(sentences(padding)[0], SPANS, mask, SPAN_MASK), vectors)
    longer = torch.cat([words, torch.full((3, 4, 5), 1e9)], dim=1)
    longer_mask = torch.cat([mask, torch.zeros(3, 4, dtype=torch.bool)], dim=1)
    assert torch.equal(module(longer, SPANS, longer_mask, SPAN_MASK), vectors)
    alone = module(words[2:, :4], SPANS[2:], mask[2:, :4], SPAN_MASK[2:])
    assert torch.equal(alone[0], vectors[2])


@pytest.mark.parametrize("name", NAMES)
def test_without_masks_every_word_and_span_counts(name):
    module = extractor(name)
    words, mask = sentences()
    vectors = module(words[:1], SPANS[:1])
    assert torch.equal(vectors, module(words[:1], SPANS[:1], mask[:1], SPAN_MASK[:1]))


@pytest.mark.parametrize("name", NAMES)
def test_flat_and_padded_form_agree(name):
    module = extractor(name)
    words, mask = sentences()
    sentence, column = SPAN_MASK.nonzero(as_tuple=True)
    flat = FlatSpans(sentence, *SPANS[sentence, column].T)
    vectors = module.extract(RangeMaximum(words, torch.tensor(LENGTHS)), flat)
    assert torch.equal(vectors, module(words, SPANS, mask, SPAN_MASK)[sentence, column])


@pytest.mark.parametrize("name", NAMES)
def test_no_spans(name):
    module = extractor(name)
    words, mask = sentences()
    none = torch.zeros(3, 0, 2, dtype=torch.long)
    assert module(words, none, mask).size() == (3, 0, 15)
    assert not module(words, SPANS, mask, torch.zeros_like(SPAN_MASK)).any()


def test_the_inner_one_joins_two_extractors_of_allennlp():
    words, mask = sentences()
    spans = SPANS.clamp(min=0)
    vectors = extractor("inner_boundary")(words, spans, mask)
    maximum = MaxPoolingSpanExtractor(5)(words, spans, mask)
    ends = EndpointSpanExtractor(5, combination="x,y")(words, spans, mask)
    torch.testing.assert_close(vectors, torch.cat([maximum, ends], dim=-1))


def test_the_outer_one_has_the_boundaries_of_allennlps_exclusive_ends_inside_a_sentence():
    words, mask = sentences()
    spans = torch.tensor([[[1, 1], [2, 5], [1, 5]]])
    ours = extractor("outer_boundary")(words[:1], spans, mask[:1])[..., 5:]
    theirs = EndpointSpanExtractor(5, use_exclusive_start_indices=True)
    shifted = torch.stack([spans[..., 0], spans[..., 1] + 1], dim=-1)
    torch.testing.assert_close(ours, theirs(words[:1], shifted, mask[:1]))
