import pytest
from allennlp.common import Lazy, Params
from allennlp.common.checks import ConfigurationError
from allennlp.modules import FeedForward
from allennlp.modules.span_extractors import SpanExtractor

from locate_label_allennlp.common.sizes import construct

HIDDEN = {"num_layers": 1, "hidden_dims": 5, "activations": "gelu"}


def test_a_part_is_given_its_sizes():
    assert construct("it", Lazy(FeedForward, Params(HIDDEN)), input_dim=3).get_input_dim() == 3


def test_a_part_given_by_its_name_alone():
    part = construct("it", Lazy(SpanExtractor, "inner_boundary"), input_dim=3)
    assert part.get_output_dim() == 9


@pytest.mark.parametrize("size", [3, 4])
def test_a_size_in_the_config_is_an_error_whether_right_or_wrong(size):
    part = Lazy(FeedForward, Params({**HIDDEN, "input_dim": size}))
    with pytest.raises(ConfigurationError, match=rf"it\.input_dim is {size}, .* here it is 3 in"):
        construct("it", part, input_dim=3)
