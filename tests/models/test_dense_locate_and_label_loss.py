"""The whole loss of the dense model, and its candidates, against a slow loop over the spans."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from locate_label_allennlp.models import DenseLocateAndLabel
from tests.models import slow
from tests.models.batches import batches, model_of, tensors, total
from tests.models.test_locate_and_label_loss import Slow as Paper
from tests.models.test_locate_and_label_loss import all_seeds, flat, iou_of, mean, paired

# An IoU that spans often have to the last bit.
ALPHA, LAMBDA = 0.5, 0.4

SETTINGS = st.fixed_dictionaries(
    {
        "regressor": st.booleans(),
        "max_seed_length": st.sampled_from([1, 2, 4]),
        "max_moves": st.sampled_from([1, 2, 3]),
        "training": st.booleans(),
    }
)


def built(chosen, seed):
    model = model_of(
        DenseLocateAndLabel,
        seed,
        span_scorer={"type": "combined", "hidden_dim": 3, "product_dim": 2, "max_length": 3},
        regressor={"span_extractor": "outer_boundary"} if chosen["regressor"] else None,
        max_seed_length=chosen["max_seed_length"],
        max_moves=chosen["max_moves"],
        positive_iou=ALPHA,
        regression_weight=LAMBDA,
    )
    return model.train(chosen["training"])


class Slow:
    """The same, span by span. How a span moves is the paper's affair."""

    def __init__(self, model, chosen, words):
        self.paper = Paper(model, {"regressor": chosen["regressor"]}, words)
        self.scorer = slow.part(slow.weights(model), "_span_scorer")
        self.words = words

    def classes(self, span):
        sentence, start, end = span
        return slow.softmax(slow.combined(self.scorer, self.words[sentence], start, end))

    def losses(self, seeds, sentences):
        gold = {(i, *entity[:2]) for i, (_, some) in enumerate(sentences) for entity in some}
        spans = {*seeds, *gold}
        parts = {}
        if self.paper.chosen["regressor"]:
            pairs = [(span, paired(span, sentences[span[0]][1])) for span in sorted(spans)]
            good = [(span, entity) for span, entity in pairs if iou_of(span[1:], entity) >= ALPHA]
            parts["regression_loss"] = mean([self.paper.regression(*pair) for pair in good])
            spans |= {self.paper.adjusted(span) for span, _ in good}
        parts["classification_loss"] = 0.0
        for span in spans:
            same = [entity for entity in sentences[span[0]][1] if entity[:2] == span[1:]]
            target = same[0][2] + 1 if same else 0
            parts["classification_loss"] -= math.log(self.classes(span)[target])
        parts["classification_loss"] /= sum(num_words for num_words, _ in sentences)
        return parts


@settings(max_examples=60)
@given(batches(), SETTINGS, st.integers(0, 99))
def test_losses_and_candidates(sentences, chosen, seed):
    model = built(chosen, seed)
    words, gold, alone = tensors(sentences, seed)
    losses, candidates = model.detect(words, gold)
    seeds = all_seeds(sentences, range(1, chosen["max_seed_length"] + 1))
    oracle = Slow(model, chosen, alone)
    expected = oracle.losses(seeds, sentences)
    assert losses.keys() == expected.keys()
    for name, value in expected.items():
        assert losses[name].item() == pytest.approx(value, rel=1e-4, abs=1e-6), name
    whole = LAMBDA * expected.get("regression_loss", 0.0) + expected["classification_loss"]
    assert total(model, losses, sentences).item() == pytest.approx(whole, rel=1e-4, abs=1e-6)
    assert (candidates is None) == chosen["training"]
    if candidates is not None:
        check_candidates(candidates, oracle, seeds, chosen)


def check_candidates(candidates, oracle, seeds, chosen):
    """All seeds, then, once each, the other spans that seeds move to, and that these move to."""
    first = {seed: seed for seed in seeds}
    moving = seeds if chosen["regressor"] else []
    for _ in range(chosen["max_moves"]):
        found = {}
        for span in moving:
            found.setdefault(oracle.paper.adjusted(span), first[span])
        moving = sorted(span for span in found if span not in first)
        first |= {span: found[span] for span in moving}
    new = {span: seed for span, seed in first.items() if span not in seeds}
    spans = flat(candidates.spans)
    assert spans[: len(seeds)] == seeds
    assert sorted(spans[len(seeds) :]) == sorted(new)
    expected = torch.tensor([list(oracle.classes(span)) for span in spans]).view(-1, 4)
    torch.testing.assert_close(candidates.probabilities, expected, check_dtype=False)
    assert flat(candidates.seeds.spans) == seeds
    made_from = flat(candidates.seeds.spans.select(candidates.seeds.of_candidates))
    assert made_from == [new.get(span, span) for span in spans]
    assert not candidates.seeds.are_filtered
    assert candidates.seeds.are_adjusted == bool(chosen["regressor"])
    assert candidates.seeds.needed_iou == (ALPHA if chosen["regressor"] else 1.0)
