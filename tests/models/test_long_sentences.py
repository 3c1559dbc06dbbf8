"""What becomes of a model's losses, seeds and candidates where it sees windows."""

import torch

from locate_label_allennlp.models.detection import Candidates, Detection, GoldEntities, Seeds
from locate_label_allennlp.models.long_sentences import detect_in_windows
from locate_label_allennlp.nn.encoded_words import EncodedWords
from locate_label_allennlp.nn.spans import FlatSpans, enumerate_spans

PADDING = [-1, -1, -1]

# Of a span that begins at word 0: two layers.
ONE_LOCATION = torch.tensor([[0.0, 0.5], [0.25, 1.0]])


class Model:
    """Seeds are all spans of one and two words, candidates those of one; a score is its word."""

    def __init__(self):
        self.gold = []

    def detect(self, words, gold):
        losses = {}
        if gold is not None:
            self.gold.append(gold.entities.tolist())
            losses = {"loss": words.lengths.float().mean()}
        seeds = enumerate_spans(words.lengths, [1, 2], words.max_words)
        of_candidates = (seeds.start == seeds.end).nonzero().squeeze(1)
        spans = seeds.select(of_candidates)
        probabilities = words.flat[words.rows(spans.sentence, spans.start)]
        made = Seeds(seeds, of_candidates, True, 0.5, False)
        locations = spans.start[:, None, None] + ONE_LOCATION
        return Detection(losses, Candidates(spans, probabilities, made, locations))


def rows(spans):
    return list(zip(*(part.tolist() for part in spans), strict=True))


WORDS = EncodedWords(torch.arange(27.0).view(3, 9, 1), torch.tensor([9, 2, 4]))


def test_candidates_and_seeds():
    model = Model()
    losses, candidates = detect_in_windows(model.detect, WORDS, None, size=4, overlap=2)
    assert (losses, model.gold) == ({}, [])
    assert rows(candidates.spans) == [
        (sentence, word, word)
        for sentence, length in enumerate((9, 2, 4))
        for word in range(length)
    ]
    assert candidates.probabilities.squeeze(1).tolist() == [*range(9), 9, 10, *range(18, 22)]
    first = candidates.spans.start[:, None, None]
    assert torch.equal(candidates.locations - first, ONE_LOCATION.expand(15, 2, 2))
    seeds = candidates.seeds
    every = enumerate_spans(WORDS.lengths, [1, 2], 9)
    assert set(rows(seeds.spans)) == set(rows(every))
    assert seeds.spans.sentence.tolist() == sorted(seeds.spans.sentence.tolist())
    assert rows(seeds.spans.select(seeds.of_candidates)) == rows(candidates.spans)
    assert seeds[2:] == (True, 0.5, False)


def test_losses_are_means_over_windows_with_the_gold_in_them():
    model = Model()
    entities = torch.tensor(
        [
            [[0, 5, 0], [5, 5, 1], [2, 4, 2]],
            [[0, 1, 1], PADDING, PADDING],
            [PADDING, PADDING, PADDING],
        ]
    )
    gold = GoldEntities(entities, [{}, {}, {}], [[], [], []])
    losses, _ = detect_in_windows(model.detect, WORDS, gold, size=4, overlap=2)
    # Two whole sentences, of 3 words in the mean, and windows of 4, 4, 4 and 3 words.
    torch.testing.assert_close(losses, {"loss": torch.tensor((3 + 3 + 4 + 4 + 4 + 3) / 6)})
    assert model.gold == [
        [[[0, 1, 1], PADDING, PADDING], [PADDING, PADDING, PADDING]],
        [[PADDING, PADDING, PADDING]],
        [[[3, 3, 1], [0, 2, 2], PADDING]],
        [[[1, 1, 1], PADDING, PADDING]],
        [[PADDING, PADDING, PADDING]],
    ]


def test_models_without_seeds():
    def detect(words, gold):
        spans = FlatSpans(*torch.zeros(3, words.num_sentences, dtype=torch.long))
        spans = spans._replace(sentence=torch.arange(words.num_sentences))
        return Detection({}, Candidates(spans, words.vectors[:, 0]))

    found = detect_in_windows(detect, WORDS, None, size=4, overlap=0).candidates
    assert found.seeds is None
    assert rows(found.spans) == [(0, 0, 0), (0, 4, 4), (0, 8, 8), (1, 0, 0), (2, 0, 0)]
