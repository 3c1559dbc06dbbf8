import pytest
import torch
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.modules import FeedForward
from allennlp.modules.span_extractors import EndpointSpanExtractor
from torch.nn.functional import gelu

from locate_label_allennlp.modules.heads import SpanHead
from locate_label_allennlp.modules.span_extractors import (
    InnerBoundarySpanExtractor,
    OuterBoundarySpanExtractor,
)
from locate_label_allennlp.nn.range_maximum import RangeMaximum
from locate_label_allennlp.nn.spans import enumerate_spans


def feedforward(input_dim=12):
    params = {"input_dim": input_dim, "num_layers": 1, "hidden_dims": 6, "activations": "gelu"}
    return FeedForward.from_params(Params(params))


def head(dropout=0.0):
    return SpanHead(InnerBoundarySpanExtractor(4), feedforward(), dropout, output_dim=3)


def spans():
    lengths = torch.tensor([5, 2])
    return RangeMaximum(torch.randn(2, 5, 4), lengths), enumerate_spans(lengths, [1, 3], 5)


def test_two_linear_layers_with_gelu_between_them():
    module, (words, seeds) = head(), spans()
    vectors = module._span_extractor.extract(words, seeds)
    hidden = module._feedforward._linear_layers[0]
    # AllenNLP's GELU is the tanh approximation or the exact one, depending on the version of torch.
    expected = module._output(gelu(hidden(vectors)))
    torch.testing.assert_close(module(words, seeds), expected, atol=1e-3, rtol=1e-3)
    assert module(words, seeds).size() == (seeds.num_spans, 3)


@pytest.mark.parametrize("extractor", [InnerBoundarySpanExtractor, OuterBoundarySpanExtractor])
@pytest.mark.parametrize("lengths", [[1, 3], [5]])
def test_prediction_gives_what_training_without_dropout_gives(extractor, lengths):
    module = SpanHead(extractor(4), feedforward(), 0.0, output_dim=3)
    words = torch.randn(2, 5, 4)
    table = RangeMaximum(words, torch.tensor([5, 2]))
    # More spans than words, and fewer.
    seeds = enumerate_spans(table.lengths, lengths, 5)
    in_training = module(table, seeds)
    torch.testing.assert_close(module.eval()(table, seeds), in_training)


def test_dropout_only_in_training():
    module, (words, seeds) = head(dropout=0.5), spans()
    assert not torch.equal(module(words, seeds), module(words, seeds))
    module.eval()
    assert torch.equal(module(words, seeds), module(words, seeds))


def test_no_spans_give_no_numbers_and_no_error():
    module, (words, _) = head(), spans()
    none = enumerate_spans(torch.tensor([1, 1]), [2], 5)
    output = module(words, none)
    assert output.size() == (0, 3)
    output.sum().backward()


def test_a_span_extractor_of_another_kind_is_refused():
    with pytest.raises(
        ConfigurationError, match=r"EndpointSpanExtractor.*'inner_boundary' and 'outer_boundary'"
    ):
        SpanHead(EndpointSpanExtractor(4), feedforward(8), 0.0, output_dim=1)


def test_sizes_that_do_not_fit_are_told():
    with pytest.raises(ConfigurationError, match=r"feedforward\.input_dim is 9.*of size 12"):
        SpanHead(InnerBoundarySpanExtractor(4), feedforward(9), 0.0, output_dim=1)
