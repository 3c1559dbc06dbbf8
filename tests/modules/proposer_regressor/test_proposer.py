import pytest
import torch

from locate_label_allennlp.modules.proposer_regressor import Proposer

LENGTHS = torch.tensor([5, 1, 2])


@pytest.mark.parametrize("kernels", [[], [2, 2], [2, 3, 2]])
def test_one_proposal_a_word(kernels):
    proposer = Proposer(4, 3, kernels).eval()
    proposals = proposer(torch.randn(3, 5, 4), LENGTHS)
    assert proposals.query.size() == (3, 5, 4)
    assert proposals.logits.size() == (3, 5, 4)
    assert proposals.mask.sum(dim=1).tolist() == LENGTHS.tolist()
    assert all(part.isfinite().all() for part in proposals[:3])
    # Not further away than the longest feature that has the word.
    reach = proposer._pyramid.widths[-1] - 1
    word = torch.arange(5)
    for row, length in enumerate(LENGTHS.tolist()):
        start, end = proposals.location[row, :length].T
        assert (start >= (word[:length] - reach).clamp(min=0) - 1e-5).all()
        assert (start <= word[:length] + 1e-5).all()
        assert (end >= word[:length] - 1e-5).all()
        assert (end <= (word[:length] + reach).clamp(max=length - 1) + 1e-5).all()


def test_alone_or_in_a_batch_the_same_proposals():
    proposer = Proposer(4, 3, [2, 3]).eval()
    words = torch.randn(3, 5, 4)
    together = proposer(words, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        alone = proposer(words[row : row + 1, :length], LENGTHS[row : row + 1])
        for one, other in zip(alone[:3], together[:3], strict=True):
            torch.testing.assert_close(one[0], other[row, :length])
