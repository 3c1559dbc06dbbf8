import pytest
import torch
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.modules.proposer_regressor import FeaturePyramid

KERNELS = [[], [2], [2, 2], [2, 3, 2], [3], [1, 4], [2, 2, 2, 2]]
LENGTHS = torch.tensor([6, 1, 3, 2, 9])


def made_up(kernels, backward_block=True):
    return FeaturePyramid(4, kernels, backward_block), torch.randn(5, 9, 4)


@pytest.mark.parametrize("kernels", KERNELS)
def test_a_feature_for_every_stretch_of_words(kernels):
    pyramid, words = made_up(kernels)
    features = pyramid(words, LENGTHS)
    assert [layer.size() for layer in features] == [
        (5, 9 - width + 1, 4) for width in pyramid.widths
    ]


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("backward_block", [True, False])
def test_a_sentence_has_the_same_features_alone_and_in_a_batch(kernels, backward_block):
    pyramid, words = made_up(kernels, backward_block)
    together = pyramid(words, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        alone = pyramid(words[row : row + 1, :length], LENGTHS[row : row + 1])
        for width, layer, other in zip(pyramid.widths, alone, together, strict=True):
            count = max(length - width + 1, 0)
            torch.testing.assert_close(layer[0, :count], other[row, :count])


@pytest.mark.parametrize("kernels", KERNELS)
def test_padding_is_never_read(kernels):
    pyramid, words = made_up(kernels)
    before = pyramid(words, LENGTHS)
    padding = torch.arange(9) >= LENGTHS[:, None]
    after = pyramid(words.masked_fill(padding[..., None], 1e4), LENGTHS)
    for layer, other in zip(before, after, strict=True):
        assert torch.equal(layer, other)


@pytest.mark.parametrize("backward_block", [True, False])
def test_one_word_gives_every_parameter_a_gradient(backward_block):
    pyramid, words = made_up([2, 3], backward_block)
    features = pyramid(words[:1, :1], torch.tensor([1]))
    sum(layer.sum() for layer in features).backward()
    for name, parameter in pyramid.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


def test_the_way_down_tells_the_lowest_layer_of_the_highest():
    for backward_block in (True, False):
        pyramid, words = made_up([2, 2], backward_block)
        features = pyramid(words, LENGTHS)
        gradients = torch.autograd.grad(
            features[0].square().sum(), pyramid._up[2].parameters(), allow_unused=True
        )
        told = any(gradient is not None and (gradient != 0).any() for gradient in gradients)
        assert told == backward_block


def test_at_the_top_of_a_short_sentence_nothing_comes_from_above():
    pyramid, words = made_up([2])
    one_word = torch.tensor([1])
    lowest = pyramid(words[:1, :1], one_word)[0][0, 0]
    up = pyramid._up[0](pyramid._up_norms[0](words[:1, :1]), torch.ones(1, 1, dtype=torch.bool))
    heard = torch.cat([up[0, 0], torch.zeros(4)])
    expected = pyramid._merge_norms[0](words[0, 0] + pyramid._merge[0](heard))
    torch.testing.assert_close(lowest, expected)


def test_the_mean_of_its_words_goes_into_a_feature():
    pyramid, words = made_up([3])
    for parameter in pyramid._merge[1].parameters():
        torch.nn.init.zeros_(parameter)
    highest = pyramid(words, LENGTHS)[1]
    torch.testing.assert_close(highest[4, 2], pyramid._merge_norms[1](words[4, 2:5].mean(dim=0)))


@pytest.mark.parametrize("kernels", [[0], [2, -1]])
def test_kernels_below_1_are_refused(kernels):
    with pytest.raises(ConfigurationError, match=r"kernels is \[.*\]; allowed are numbers >= 1"):
        FeaturePyramid(4, kernels)


def test_an_odd_size_is_refused():
    with pytest.raises(ConfigurationError, match="size 5; allowed are even sizes"):
        FeaturePyramid(5, [2])
