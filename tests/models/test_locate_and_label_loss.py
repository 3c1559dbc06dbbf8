"""The whole loss of Locate and Label, and its candidates, against a slow loop over the seeds."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from locate_label_allennlp.models import LocateAndLabel
from tests.models import slow
from tests.models.batches import batches, model_of, tensors, total

ALPHA_1, LAMBDAS = 0.5, (1.3, 0.4, 0.7)

SETTINGS = st.fixed_dictionaries(
    {
        "filter": st.booleans(),
        "regressor": st.booleans(),
        "eta": st.sampled_from([0.0, 1.0, 2.0]),
        "alpha_2": st.sampled_from([1.0, 0.7]),
        "gamma": st.sampled_from([2.0, 0.5]),
        "classifier_gamma": st.sampled_from([0.0, 2.0]),
        "gold_seeds": st.booleans(),
        "negatives": st.sampled_from([None, 0.5, 2.0]),
        "min_negatives": st.integers(0, 2),
        "seed_lengths": st.sampled_from([[1, 2, 3], [1, 2, 4], [2], [1, 2, 3, 4, 5, 6, 7]]),
        "other_lengths": st.sampled_from([None, [1], [2, 3, 5]]),
        "drop_illegal": st.booleans(),
        "training": st.booleans(),
    }
)


def built(chosen, seed):
    inner, outer = ({"span_extractor": f"{side}_boundary"} for side in ("inner", "outer"))
    model = model_of(
        LocateAndLabel,
        seed,
        filter=inner if chosen["filter"] else None,
        regressor=outer if chosen["regressor"] else None,
        classifier=inner,
        seed_lengths=chosen["seed_lengths"],
        evaluation_seed_lengths=chosen["other_lengths"],
        drop_illegal=chosen["drop_illegal"],
        positive_iou=ALPHA_1,
        match_iou=chosen["alpha_2"],
        soft_example_eta=chosen["eta"],
        focal_gamma=chosen["gamma"],
        classifier_focal_gamma=chosen["classifier_gamma"],
        gold_as_seeds=chosen["gold_seeds"],
        negatives_per_positive=chosen["negatives"],
        min_negatives=chosen["min_negatives"],
        loss_weights=LAMBDAS,
        filter_threshold=0.5,
    )
    return model.train(chosen["training"])


def all_seeds(sentences, lengths):
    return [
        (sentence, start, start + width - 1)
        for sentence, (num_words, _) in enumerate(sentences)
        for start in range(num_words)
        for width in sorted(lengths)
        if start + width <= num_words
    ]


def paired(seed, entities):
    """The entity of largest IoU, among equals the one with nearer boundaries, then the first."""
    if not entities:
        return None
    span = seed[1:]

    def badness(entity):
        distance = abs(entity[0] - span[0]) + abs(entity[1] - span[1])
        return -slow.iou(span, entity[:2]), distance

    return min(entities, key=badness)


def iou_of(span, entity):
    return slow.iou(span, entity[:2]) if entity else 0.0


def is_positive(seed, entities):
    return iou_of(seed[1:], paired(seed, entities)) >= ALPHA_1


def weight(iou, alpha, eta):
    """Equation (11)."""
    return iou**eta if iou >= alpha else (1 - iou) ** eta


def smooth_l1(x):
    return 0.5 * x * x if abs(x) < 1 else abs(x) - 0.5


def mean(values):
    return sum(values) / len(values) if values else 0.0


class Slow:
    """Equations (1) to (17), seed by seed."""

    def __init__(self, model, chosen, words):
        values = slow.weights(model)
        names = ("_filter", "_regressor", "_classifier")
        self.filter, self.regressor, self.classifier = (slow.part(values, name) for name in names)
        self.chosen = chosen
        self.words = words

    def passes(self, seed):
        """Equations (1) to (3)."""
        sentence, start, end = seed
        vector = slow.inner(self.words[sentence], start, end)
        return float(slow.sigmoid(slow.span_head(self.filter, vector))[0])

    def offsets(self, seed):
        """Equations (4) and (5)."""
        sentence, start, end = seed
        vector = slow.outer(self.regressor, self.words[sentence], start, end)
        return slow.span_head(self.regressor, vector)

    def adjusted(self, seed):
        """Equations (6) and (7); none where such a seed is dropped."""
        sentence, start, end = seed
        if not self.chosen["regressor"]:
            return seed
        left, right = self.offsets(seed)
        last = len(self.words[sentence]) - 1
        there = start + math.floor(left + 0.5), end + math.floor(right + 0.5)
        if self.chosen.get("drop_illegal") and not 0 <= there[0] <= there[1] <= last:
            return None
        new_start = min(max(0, start + math.floor(left + 0.5)), last)
        new_end = min(max(0, end + math.floor(right + 0.5)), last)
        return (sentence, new_start, new_end) if new_start <= new_end else seed

    def classes(self, span):
        """Equations (8) to (10)."""
        sentence, start, end = span
        vector = slow.inner(self.words[sentence], start, end)
        return slow.softmax(slow.span_head(self.classifier, vector))

    def losses(self, seeds, gold):
        """Equations (11) to (16)."""
        found = {"classification_loss": []}
        if self.chosen["filter"]:
            found["filter_loss"] = []
        if self.chosen["regressor"]:
            found["regression_loss"] = []
        for seed in seeds:
            entity = paired(seed, gold[seed[0]])
            iou = iou_of(seed[1:], entity)
            positive = iou >= ALPHA_1
            if self.chosen["filter"]:
                p = self.passes(seed)
                right = p if positive else 1 - p
                focus = (1 - right) ** self.chosen["gamma"]
                loss = -weight(iou, ALPHA_1, self.chosen["eta"]) * focus * math.log(right)
                found["filter_loss"].append(loss)
            span = self.adjusted(seed)
            if span is None:
                continue
            if self.chosen["regressor"] and positive:
                found["regression_loss"].append(self.regression(seed, entity))
            iou = iou_of(span[1:], entity)
            target = entity[2] + 1 if iou >= self.chosen["alpha_2"] else 0
            right = self.classes(span)[target]
            loss = -weight(iou, self.chosen["alpha_2"], self.chosen["eta"]) * math.log(right)
            found["classification_loss"].append(
                loss * (1 - right) ** self.chosen["classifier_gamma"]
            )
        return {name: mean(values) for name, values in found.items()}

    def regression(self, seed, entity):
        """Equations (13) to (15); a span lies between the edges of its words."""
        _, start, end = seed
        left, right = self.offsets(seed)
        steps = smooth_l1(left - (entity[0] - start)) + smooth_l1(right - (entity[1] - end))
        ends, starts = (end + 1 + right, entity[1] + 1), (start + left, entity[0])
        overlap = (min(ends) - max(starts)) / (max(ends) - min(starts))
        return steps + 1 - overlap


def check_sample(seeds, sentences, chosen):
    """Whether they are what section 2.2 learns from: every positive, so many of the others."""
    pool = all_seeds(sentences, chosen["seed_lengths"])
    if chosen["gold_seeds"]:
        gold = {(i, *entity[:2]) for i, (_, some) in enumerate(sentences) for entity in some}
        pool += sorted(gold - set(pool))
    assert len(set(seeds)) == len(seeds)
    assert set(seeds) <= set(pool)
    for sentence, (_, entities) in enumerate(sentences):
        own = [seed for seed in pool if seed[0] == sentence]
        positive = {seed for seed in own if is_positive(seed, entities)}
        drawn = {seed for seed in seeds if seed[0] == sentence}
        available = len(own) - len(positive)
        wanted = available
        if chosen["negatives"] is not None:
            wanted = math.ceil(len(positive) * chosen["negatives"])
        assert positive <= drawn
        least = available if chosen["negatives"] is None else chosen["min_negatives"]
        assert len(drawn - positive) == min(max(wanted, least), available)


def flat(spans):
    return list(zip(*(column.tolist() for column in spans), strict=True))


@settings(max_examples=80)
@given(batches(), SETTINGS, st.integers(0, 99))
def test_losses_and_candidates(sentences, chosen, seed):
    model = built(chosen, seed)
    words, gold, alone = tensors(sentences, seed)
    met = []
    for head in (model._filter, model._regressor, model._classifier):
        if head is not None:
            head.register_forward_pre_hook(lambda module, inputs: met.append(inputs[1]))
    losses, candidates = model.detect(words, gold)
    # The first head of all meets the seeds that are learned from.
    seeds = flat(met[0])
    check_sample(seeds, sentences, chosen)
    oracle = Slow(model, chosen, alone)
    expected = oracle.losses(seeds, [entities for _, entities in sentences])
    assert losses.keys() == expected.keys()
    for name, value in expected.items():
        assert losses[name].item() == pytest.approx(value, rel=1e-4, abs=1e-6), name
    names = ("filter_loss", "regression_loss", "classification_loss")
    lambdas = dict(zip(names, LAMBDAS, strict=True))
    whole = sum(lambdas[name] * value for name, value in expected.items())  # (17)
    assert total(model, losses, sentences).item() == pytest.approx(whole, rel=1e-4, abs=1e-6)
    assert (candidates is None) == chosen["training"]
    if candidates is not None:
        check_candidates(candidates, oracle, sentences, chosen)


def check_candidates(candidates, oracle, sentences, chosen):
    """In prediction seeds that pass the filter are adjusted and classified, or dropped."""
    passed = [
        seed
        for seed in all_seeds(sentences, chosen["other_lengths"] or chosen["seed_lengths"])
        if (not chosen["filter"] or oracle.passes(seed) >= 0.5) and oracle.adjusted(seed)
    ]
    spans = [oracle.adjusted(seed) for seed in passed]
    assert flat(candidates.spans) == spans
    expected = torch.tensor([list(oracle.classes(span)) for span in spans]).view(-1, 4)
    torch.testing.assert_close(candidates.probabilities, expected, check_dtype=False)
    seeds = candidates.seeds
    kept = seeds.spans.select(seeds.of_candidates)
    assert flat(kept) == passed
    assert seeds.are_filtered == bool(chosen["filter"])
    assert seeds.needed_iou == (ALPHA_1 if chosen["regressor"] else 1.0)
