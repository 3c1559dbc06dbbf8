import pytest
import torch
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from torch.nn.functional import gelu

from locate_label_allennlp.modules.heads import BoundaryRegressor, EntityClassifier, SpanFilter
from locate_label_allennlp.nn.encoded_words import EncodedWords
from locate_label_allennlp.nn.spans import enumerate_spans

HIDDEN = {"num_layers": 1, "hidden_dims": 6, "activations": "gelu"}


def built(kind, span_extractor="inner_boundary", dropout=0.0, **options):
    torch.manual_seed(0)
    sizes = {name: options.pop(name) for name in ("num_classes",) if name in options}
    config = {"span_extractor": span_extractor, "dropout": dropout, **options}
    return kind.from_params(Params(config), input_dim=4, **sizes)


def head(**options):
    return built(EntityClassifier, num_classes=3, **options)


def spans(span_lengths=(1, 3)):
    lengths = torch.tensor([5, 2])
    words = EncodedWords(torch.randn(2, 5, 4) * 10, lengths)
    return words, enumerate_spans(lengths, span_lengths, 5)


@pytest.mark.parametrize(("options", "size"), [({}, 4), ({"feedforward": HIDDEN}, 6)])
def test_two_linear_layers_with_gelu_between_them(options, size):
    module, (words, seeds) = head(**options), spans()
    vectors = module._span_extractor.extract(words, seeds)
    hidden = module._feedforward._linear_layers[0]
    assert (hidden.in_features, hidden.out_features) == (12, size)
    expected = module._output(gelu(hidden(vectors)))
    torch.testing.assert_close(module(words, seeds), expected)
    assert module(words, seeds).size() == (seeds.num_spans, 3)


@pytest.mark.parametrize("extractor", ["inner_boundary", "outer_boundary"])
@pytest.mark.parametrize("lengths", [[1, 3], [5]])
@pytest.mark.parametrize("layers", [1, 2])
def test_prediction_gives_what_learning_without_dropout_gives(extractor, lengths, layers):
    module = head(span_extractor=extractor, feedforward={**HIDDEN, "num_layers": layers})
    # More spans than words, and fewer.
    words, seeds = spans(lengths)
    in_training = module(words, seeds)
    torch.testing.assert_close(module.eval()(words, seeds), in_training)


def test_dropout_only_while_it_learns():
    module, (words, seeds) = head(dropout=0.5), spans()
    assert not torch.equal(module(words, seeds), module(words, seeds))
    module.eval()
    assert torch.equal(module(words, seeds), module(words, seeds))


@pytest.mark.parametrize("kind", [SpanFilter, BoundaryRegressor])
def test_the_paper_s_dropout_is_the_default(kind):
    module = kind.from_params(Params({"span_extractor": "inner_boundary"}), input_dim=4)
    assert module._dropout.p == 0.5


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
        head(span_extractor="endpoint")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"span_extractor": {"type": "inner_boundary", "input_dim": 20}},
            "span_extractor.input_dim is 20, .* here it is 4 in any case; leave the key out",
        ),
        ({"feedforward": {**HIDDEN, "input_dim": 9}}, r"feedforward\.input_dim is 9, .* it is 12"),
    ],
)
def test_sizes_are_not_for_a_config_to_give(options, message):
    with pytest.raises(ConfigurationError, match=message):
        head(**options)


def test_a_filter_gives_one_logit_a_span():
    words, seeds = spans()
    module = built(SpanFilter).eval()
    logits = module(words, seeds)
    assert logits.size() == (seeds.num_spans,)
    assert (logits < 0).any() or (logits > 1).any()
    first = seeds.select(torch.tensor([0]))
    torch.testing.assert_close(module(words, first), logits[:1])


def test_a_classifier_gives_a_logit_for_each_class():
    words, seeds = spans()
    assert built(EntityClassifier, num_classes=4)(words, seeds).size() == (seeds.num_spans, 4)


def test_a_regressor_gives_two_signed_offsets_a_span():
    words, seeds = spans()
    offsets = built(BoundaryRegressor, "outer_boundary")(words, seeds)
    assert offsets.size() == (seeds.num_spans, 2)
    assert (offsets < 0).any()
    assert (offsets > 0).any()


def test_non_negative_offsets_are_shares_of_the_sentence():
    words, seeds = spans()
    signed = built(BoundaryRegressor, "outer_boundary")(words, seeds)
    offsets = built(BoundaryRegressor, "outer_boundary", offsets="non_negative")(words, seeds)
    expected = words.lengths[seeds.sentence, None] / (1 + (-signed).exp())
    torch.testing.assert_close(offsets, expected)
    offsets.sum().backward()


def test_other_offsets_are_refused():
    with pytest.raises(ConfigurationError, match=r"offsets is 'positive'; allowed are .*signed"):
        built(BoundaryRegressor, offsets="positive")
