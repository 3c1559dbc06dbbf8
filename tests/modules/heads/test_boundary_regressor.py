from copy import deepcopy

import pytest
import torch
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.modules.heads import BoundaryRegressor
from locate_label_allennlp.nn.range_maximum import RangeMaximum
from locate_label_allennlp.nn.spans import enumerate_spans

CONFIG = {
    "span_extractor": {"type": "outer_boundary", "input_dim": 4},
    "feedforward": {"input_dim": 12, "num_layers": 1, "hidden_dims": 6, "activations": "gelu"},
    "dropout": 0.0,
}


def regressor(**options):
    torch.manual_seed(0)
    return BoundaryRegressor.from_params(Params({**deepcopy(CONFIG), **options}))


def spans():
    lengths = torch.tensor([4, 1])
    return RangeMaximum(torch.randn(2, 4, 4) * 10, lengths), enumerate_spans(lengths, [1, 2], 4)


def test_two_signed_offsets_a_span():
    words, seeds = spans()
    offsets = regressor()(words, seeds)
    assert offsets.size() == (seeds.num_spans, 2)
    assert (offsets < 0).any()
    assert (offsets > 0).any()


def test_non_negative_offsets_are_shares_of_the_sentence():
    words, seeds = spans()
    signed = regressor()(words, seeds)
    offsets = regressor(offsets="non_negative")(words, seeds)
    # The last seed is the one-word sentence.
    longest = torch.tensor([4.0] * (seeds.num_spans - 1) + [1.0])
    torch.testing.assert_close(offsets, longest[:, None] / (1 + (-signed).exp()))
    offsets.sum().backward()


def test_other_offsets_are_refused():
    with pytest.raises(ConfigurationError, match=r"offsets is 'positive'; allowed are .*signed"):
        regressor(offsets="positive")
