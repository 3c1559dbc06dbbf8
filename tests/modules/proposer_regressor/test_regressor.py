import pytest
import torch
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.modules.proposer_regressor import Proposals, Regressor
from tests.models.tiny_experiment import SWITCHES

LENGTHS = torch.tensor([5, 1, 3])


def made_up():
    mask = torch.arange(5) < LENGTHS[:, None]
    return Proposals(torch.randn(3, 5, 8), torch.randn(3, 5, 4), torch.rand(3, 5, 2) * 5, mask)


def built(**switches):
    return Regressor(8, 3, num_layers=2, num_heads=4, dropout=0.0, **switches)


@pytest.mark.parametrize("off", [[], *([name] for name in SWITCHES), SWITCHES])
def test_alone_or_in_a_batch_the_same_proposals(off):
    regressor = built(**dict.fromkeys(off, False))
    proposals = made_up()
    together = regressor(proposals)
    assert [part.size() for part in together] == [part.size() for part in proposals]
    for row, length in enumerate(LENGTHS.tolist()):
        alone = regressor(Proposals(*(part[row : row + 1, :length] for part in proposals)))
        for one, other in zip(alone[:3], together[:3], strict=True):
            torch.testing.assert_close(one[0], other[row, :length])


@pytest.mark.parametrize("off", [[], *([name] for name in SWITCHES), SWITCHES])
def test_every_parameter_has_a_gradient(off):
    regressor = built(**dict.fromkeys(off, False))
    refined = regressor(made_up())
    (refined.query.sum() + refined.logits.square().sum() + refined.location.sum()).backward()
    for name, parameter in regressor.named_parameters():
        assert parameter.grad is not None, name


def test_what_each_switch_leaves_as_it_was():
    proposals = made_up()
    assert torch.equal(built(location_iteration=False)(proposals).location, proposals.location)
    assert torch.equal(built(logit_iteration=False)(proposals).logits, proposals.logits)
    refined = built()(proposals)
    assert (refined.location != proposals.location).all()
    assert (refined.logits != proposals.logits).all()


def test_without_category_embedding_the_logits_tell_the_queries_nothing():
    proposals = made_up()
    other = proposals._replace(logits=proposals.logits.flip(-1))
    deaf = built(category_embedding=False)
    assert torch.equal(deaf(proposals).query, deaf(other).query)
    hearing = built()
    assert not torch.equal(hearing(proposals).query, hearing(other).query)


def test_without_spatial_modulation_the_locations_tell_the_queries_nothing():
    proposals = made_up()
    other = proposals._replace(location=proposals.location.flip(1))
    blind = built(spatial_modulation=False)
    assert torch.equal(blind(proposals).query, blind(other).query)
    seeing = built()
    assert not torch.equal(seeing(proposals).query, seeing(other).query)


def test_the_gate_is_equations_18_and_19():
    layer = built()._layers[0]
    hidden, found = torch.randn(1, 2, 8), torch.randn(1, 2, 8)
    by_input = found @ layer._gate.weight_ih.T + layer._gate.bias_ih
    by_state = hidden @ layer._gate.weight_hh.T + layer._gate.bias_hh
    (xr, xz, xn), (hr, hz, hn) = by_input.chunk(3, -1), by_state.chunk(3, -1)
    reset, update = torch.sigmoid(xr + hr), torch.sigmoid(xz + hz)
    new = torch.tanh(xn + reset * hn)
    expected = (1 - update) * new + update * hidden
    torch.testing.assert_close(layer._update(hidden, found), expected)


def test_a_new_location_lies_among_the_centres_of_the_heads():
    proposals = made_up()
    attention = built()._layers[0]._attention
    offsets = []
    attention._gaussian.register_forward_hook(lambda *call: offsets.append(call[-1]))
    _, location = attention(proposals.query, proposals)
    # (B, H, N, 2)
    centres = proposals.location[:, None] + offsets[0][..., :2]
    assert (location >= centres.amin(dim=1) - 1e-5).all()
    assert (location <= centres.amax(dim=1) + 1e-5).all()


@pytest.mark.parametrize("num_heads", [0, -2, 3, 16])
def test_heads_that_do_not_divide_the_size_are_refused(num_heads):
    with pytest.raises(ConfigurationError, match=f"num_heads is {num_heads}; allowed are the div"):
        Regressor(8, 3, num_heads=num_heads)


def test_no_layers_are_refused():
    with pytest.raises(ConfigurationError, match="num_layers is 0; allowed are numbers >= 1"):
        Regressor(8, 3, num_layers=0)


def test_one_layer_and_one_head_are_allowed():
    proposals = made_up()
    module = Regressor(8, 3, num_layers=1, num_heads=1, dropout=0.0)
    assert len(module.steps(proposals)) == 1


def test_the_result_is_that_of_the_last_layer():
    proposals = made_up()
    module = Regressor(8, 3, num_layers=3, num_heads=4, dropout=0.0)
    for part, expected in zip(module(proposals), module.steps(proposals)[2], strict=True):
        assert torch.equal(part, expected)


@pytest.mark.parametrize(("spatial_modulation", "size"), [(True, 5), (False, 2)])
def test_numbers_of_a_gaussian(spatial_modulation, size):
    """Two of its place, and three of its shape where it guides the attention."""
    attention = built(spatial_modulation=spatial_modulation)._layers[0]._attention
    assert attention._gaussian(torch.zeros(1, 2)).size() == (1, size)
