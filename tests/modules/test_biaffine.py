import torch

from locate_label_allennlp.modules.biaffine import Biaffine


def test_against_a_loop():
    biaffine = Biaffine(3, 4, 2).double()
    starts = torch.randn(2, 5, 3, dtype=torch.double)
    ends = torch.randn(2, 5, 4, dtype=torch.double)
    weight = biaffine._weight
    scores = biaffine(starts, ends)
    assert scores.size() == (2, 5, 2, 5)
    for sentence in range(2):
        for first in range(5):
            for last in range(5):
                start, end = starts[sentence, first], ends[sentence, last]
                for kind in range(2):
                    bilinear, linear = weight[:3, kind, :4], weight[:, kind]
                    expected = (
                        start @ bilinear @ end
                        + start @ linear[:3, 4]
                        + linear[3, :4] @ end
                        + linear[3, 4]
                    )
                    torch.testing.assert_close(scores[sentence, first, kind, last], expected)


def test_scores_begin_at_a_size_that_does_not_depend_on_the_vectors_sizes():
    variances = [
        Biaffine(size, size, 3)(torch.randn(1, 60, size), torch.randn(1, 60, size)).var().item()
        for size in (16, 128)
    ]
    assert all(0.2 < variance < 0.5 for variance in variances)
