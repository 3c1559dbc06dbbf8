import torch

from locate_label_allennlp.modules.proposer_regressor import PredictionHead, Proposals
from locate_label_allennlp.nn.locations import log_gaussian
from locate_label_allennlp.nn.pair_distribution import best_pairs, log_partition

LENGTHS = torch.tensor([4, 1, 2])


def made_up():
    mask = torch.arange(4) < LENGTHS[:, None]
    proposals = Proposals(torch.randn(3, 4, 6), torch.randn(3, 4, 3), torch.rand(3, 4, 2) * 4, mask)
    return PredictionHead(6, 2, dropout=0.0), torch.randn(3, 4, 6), proposals


def test_the_scores_of_spans_are_equation_22():
    head, words, proposals = made_up()
    prediction = head(words, proposals)
    row = 0
    for sentence, length in enumerate(LENGTHS.tolist()):
        for proposal in range(length):
            query = proposals.query[sentence, proposal]
            gaussian = head._gaussian(query)
            centre = proposals.location[sentence, proposal] + gaussian[:2]
            for start in range(length):
                for end in range(start, length):
                    pointers = [
                        linear(query) @ linear(words[sentence, word]) / 6**0.5
                        for linear, word in ((head._start, start), (head._end, end))
                    ]
                    span = torch.tensor([start, end])
                    prior = log_gaussian(span, centre, gaussian[2:])
                    found = prediction.spans.at(*(torch.tensor([i]) for i in (row, start, end)))
                    torch.testing.assert_close(found[0], prior + sum(pointers))
            row += 1
    assert prediction.sentence.tolist() == [0] * 4 + [1] + [2] * 2
    assert prediction.log_categories.size(0) == row == 7


def test_category_probabilities_sum_to_one():
    head, words, proposals = made_up()
    probabilities = head(words, proposals).log_categories.exp()
    torch.testing.assert_close(probabilities.sum(dim=1), torch.ones(7))
    expected = proposals.logits[0, 2] + head._classifier(proposals.query[0, 2])
    torch.testing.assert_close(probabilities[2], expected.softmax(dim=0))


def test_spans_lie_in_their_sentence():
    head, words, proposals = made_up()
    prediction = head(words, proposals)
    start, end, log_probability = best_pairs(prediction.spans)
    assert (start <= end).all()
    assert (end < LENGTHS[prediction.sentence]).all()
    # The only span of one word.
    assert log_probability[4] == 0


def test_padding_changes_nothing():
    head, words, proposals = made_up()
    before = head(words, proposals)
    padding = ~proposals.mask[..., None]
    words = words.masked_fill(padding, 99.0)
    proposals = Proposals(
        *(part.masked_fill(padding, 99.0) for part in proposals[:3]), proposals.mask
    )
    after = head(words, proposals)
    assert torch.equal(after.log_categories, before.log_categories)
    assert torch.equal(log_partition(after.spans), log_partition(before.spans))


def test_single_precision_under_autocast():
    head, words, proposals = made_up()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        prediction = head(words, proposals)
    parts = (prediction.log_categories, *prediction.spans, log_partition(prediction.spans))
    assert {part.dtype for part in parts} == {torch.float}
