from unittest import mock

import pytest
import torch
from allennlp.common import Params
from allennlp.modules.span_extractors import (
    EndpointSpanExtractor,
    MaxPoolingSpanExtractor,
    SpanExtractor,
)

from locate_label_allennlp.modules.span_extractors import (
    FlatSpanExtractor,
    InnerBoundarySpanExtractor,
    OuterBoundarySpanExtractor,
)
from locate_label_allennlp.nn.encoded_words import EncodedWords
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
    vectors = module.extract(EncodedWords(words, torch.tensor(LENGTHS)), flat)
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


def test_equation_2():
    words = torch.tensor([[[1.0, -1.0], [5.0, 0.0], [2.0, 7.0], [9.0, 9.0]]])
    vector = InnerBoundarySpanExtractor(input_dim=2)(words, torch.tensor([[[0, 2]]]))
    #                                     maximum   start     end
    assert vector.flatten().tolist() == [5.0, 7.0, 1.0, -1.0, 2.0, 7.0]


def test_it_has_nothing_to_learn():
    assert list(InnerBoundarySpanExtractor(input_dim=2).parameters()) == []


def outer():
    module = OuterBoundarySpanExtractor(input_dim=2)
    with torch.no_grad():
        module._before_sentence.copy_(torch.tensor([-3.0, -4.0]))
        module._after_sentence.copy_(torch.tensor([-5.0, -6.0]))
    return module


FOUR_WORDS = torch.tensor([[[1.0, -1.0], [5.0, 0.0], [2.0, 7.0], [9.0, 9.0]]])
THREE_WORDS = torch.tensor([[True, True, True, False]])


def boundaries(*span):
    return outer()(FOUR_WORDS, torch.tensor([[span]]), THREE_WORDS).flatten().tolist()


def test_equation_4():
    #                         maximum    before     after
    assert boundaries(1, 1) == [5.0, 0.0, 1.0, -1.0, 2.0, 7.0]


def test_learned_vectors_stand_at_the_edges_of_the_sentence_and_not_of_the_batch():
    assert boundaries(0, 0) == [1.0, -1.0, -3.0, -4.0, 5.0, 0.0]
    assert boundaries(1, 2) == [5.0, 7.0, 1.0, -1.0, -5.0, -6.0]
    assert boundaries(0, 2) == [5.0, 7.0, -3.0, -4.0, -5.0, -6.0]


def test_gradients_reach_the_learned_vectors_only_at_the_edges():
    for span, at_left, at_right in [((1, 1), 0, 0), ((0, 1), 1, 0), ((2, 2), 0, 1), ((0, 2), 1, 1)]:
        module = outer()
        module(FOUR_WORDS, torch.tensor([[span]]), THREE_WORDS).sum().backward()
        assert module._before_sentence.grad.tolist() == [at_left] * 2
        assert module._after_sentence.grad.tolist() == [at_right] * 2


def test_a_sentence_of_one_word():
    module = outer()
    vector = module(FOUR_WORDS[:, 3:], torch.tensor([[[0, 0]]]))
    assert vector.flatten().tolist() == [9.0, 9.0, -3.0, -4.0, -5.0, -6.0]


@pytest.mark.parametrize(("num_spans", "extracted"), [(20, True), (21, False), (22, False)])
def test_few_spans_are_extracted_and_of_many_the_words_projected(num_spans, extracted):
    words = EncodedWords(torch.randn(3, 7, 5), torch.tensor(LENGTHS))
    spans = FlatSpans(*torch.zeros(3, num_spans, dtype=torch.long))
    module, layer = extractor("inner_boundary"), torch.nn.Linear(15, 2)
    with mock.patch.object(module, "extract", wraps=module.extract) as extract:
        projected = module.project(words, spans, layer)
    assert extract.called == extracted
    torch.testing.assert_close(projected, layer(module.extract(words, spans)))


def test_learned_vectors_begin_about_as_long_as_one():
    torch.manual_seed(0)
    module = OuterBoundarySpanExtractor(2500)
    for vector in (module._before_sentence, module._after_sentence):
        assert vector.norm().item() == pytest.approx(1, abs=0.1)
