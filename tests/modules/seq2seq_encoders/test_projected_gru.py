import pytest
import torch
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.modules import Seq2SeqEncoder

MASK = torch.tensor([[True, True, True, True], [True, True, False, False]])


def built(**params):
    return Seq2SeqEncoder.from_params(Params({"type": "projected_gru", **params}))


def test_a_linear_layer_on_a_bidirectional_gru():
    module = built(input_size=3, output_dim=6)
    assert (module.get_input_dim(), module.get_output_dim()) == (3, 6)
    # Its halves are not the two directions.
    assert not module.is_bidirectional()
    inputs = torch.randn(2, 4, 3)
    hidden = module._gru(inputs, MASK)
    assert hidden.size() == (2, 4, 6)
    expected = hidden @ module._linear.weight.T + module._linear.bias
    torch.testing.assert_close(module(inputs, MASK), expected)


def test_words_hear_from_both_sides_and_not_from_padding():
    module = built(input_size=3, output_dim=4)
    inputs = torch.randn(2, 4, 3)
    before = module(inputs, MASK)
    changed = inputs.clone()
    changed[0, 2] += 1
    changed[1, 2] += 1
    after = module(changed, MASK)
    assert (after[0] != before[0]).any(dim=1).all()
    assert torch.equal(after[1, :2], before[1, :2])


@pytest.mark.parametrize("output_dim", [0, -2, 5])
def test_odd_sizes_are_refused(output_dim):
    with pytest.raises(ConfigurationError, match=f"output_dim is {output_dim}; allowed are even"):
        built(input_size=3, output_dim=output_dim)


def test_the_least_size():
    assert built(input_size=3, output_dim=2).get_output_dim() == 2
