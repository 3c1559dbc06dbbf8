"""
Proposer and regressor against the equations of its paper, (5) to (25), sentence by sentence and
proposal by proposal.
"""

import itertools
import math

import numpy
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from locate_label_allennlp.models import ProposerRegressor
from tests.models import slow
from tests.models.batches import batches, model_of, tensors, total
from tests.models.tiny_experiment import SWITCHES

DIM, HEADS = 4, 2
LAMBDAS = (0.6, 1.7)
KERNELS = [[], [2], [2, 2], [2, 3, 2], [3, 2], [1, 4]]


def mlp(values, x):
    return slow.linear(slow.part(values, "3"), slow.gelu(slow.linear(slow.part(values, "0"), x)))


def projected_gru(values, vectors):
    outputs = slow.both_ways(slow.part(values, "_gru._module"), vectors, "gru")
    return [slow.linear(slow.part(values, "_linear"), output) for output in outputs]


def features_of(values, words, kernels, has_backward_block):
    """Equations (5) to (7): for each layer that the sentence has, its features."""
    widths = [
        1 + sum(kernel - 1 for kernel in kernels[:layer]) for layer in range(len(kernels) + 1)
    ]
    layers = [layer for layer, width in enumerate(widths) if width <= len(words)]
    forward, hidden = [], list(words)
    for layer in layers:  # (6)
        if layer > 0:
            narrow = slow.part(values, f"_narrow.{layer - 1}")
            kernel = kernels[layer - 1]
            hidden = [
                slow.gelu(
                    narrow["bias"]
                    + sum(narrow["weight"][:, :, j] @ forward[-1][i + j] for j in range(kernel))
                )
                for i in range(len(forward[-1]) - kernel + 1)
            ]
        normed = [slow.layer_norm(slow.part(values, f"_up_norms.{layer}"), x) for x in hidden]
        forward.append(projected_gru(slow.part(values, f"_up.{layer}"), normed))
    if not has_backward_block:
        return widths, forward
    merged = [None] * len(layers)
    for layer in reversed(layers):  # (7)
        vectors = forward[layer]
        if layer < len(kernels):
            # What comes from above, or nothing at the top of a short sentence.
            message = [numpy.zeros(DIM)] * len(vectors)
            if layer < layers[-1]:
                widen = slow.part(values, f"_widen.{layer}")
                spread = [widen["bias"].copy() for _ in vectors]
                for i, above in enumerate(merged[layer + 1]):
                    for j in range(kernels[layer]):
                        spread[i + j] += above @ widen["weight"][:, :, j]
                norm = slow.part(values, f"_down_norms.{layer}")
                normed = [slow.layer_norm(norm, slow.gelu(x)) for x in spread]
                message = slow.both_ways(slow.part(values, f"_down.{layer}._module"), normed, "gru")
            vectors = [numpy.concatenate(pair) for pair in zip(vectors, message, strict=True)]
        merge, norm = (slow.part(values, f"{name}.{layer}") for name in ("_merge", "_merge_norms"))
        merged[layer] = [
            slow.layer_norm(norm, words[i : i + widths[layer]].mean(axis=0) + slow.linear(merge, x))
            for i, x in enumerate(vectors)
        ]
    return widths, merged


def proposals_of(values, words, kernels, has_backward_block):
    """Equations (8) to (10): query, category logits and location of each word's proposal."""
    widths, features = features_of(
        slow.part(values, "_pyramid"), words, kernels, has_backward_block
    )
    scored = [
        ((i, i + widths[layer] - 1), mlp(slow.part(values, "_scorer"), vector))
        for layer, vectors in enumerate(features)
        for i, vector in enumerate(vectors)
    ]
    proposals = []
    for word, query in enumerate(features[0]):
        around = [(span, score) for span, score in scored if span[0] <= word <= span[1]]
        location = numpy.zeros(2)
        for side in (0, 1):
            weights = slow.softmax(numpy.array([score[side] for _, score in around]))  # (8)
            location[side] = sum(
                weight * span[side] for weight, (span, _) in zip(weights, around, strict=True)
            )  # (9)
        logits = mlp(slow.part(values, "_classifier"), query)  # (10)
        proposals.append((query, logits, location))
    return proposals


def log_gaussian(x, centre, theta):
    """Logarithm of equation (12), the exponent negative."""
    lower = numpy.array([[theta[0], 0.0], [theta[1], theta[2]]])
    difference = numpy.asarray(x) - centre
    return -difference @ (lower @ lower.T) @ difference


def refined(values, proposals, switches):
    """Equations (11) to (20): one layer."""
    attention = slow.part(values, "_attention")
    hidden = []
    for query, logits, _ in proposals:
        embedded = query
        if switches["category_embedding"]:
            embedded = query + values["_categories.weight"] @ slow.softmax(logits)  # (11)
        hidden.append(embedded)
    by_head = {
        name: [
            numpy.split(slow.linear(slow.part(attention, f"_{name}"), vector), HEADS)
            for vector in hidden
        ]
        for name in ("query", "key", "value")
    }
    result = []
    for i, (_, logits, location) in enumerate(proposals):
        outputs, centres = [], []
        for head in range(HEADS):
            query = by_head["query"][i][head]
            theta = centre = None
            if switches["spatial_modulation"] or switches["location_iteration"]:
                gaussian = mlp(slow.part(attention, "_gaussian"), query)
                centre, theta = location + gaussian[:2], gaussian[2:]  # (13)
            scores = []
            for j, (_, _, other) in enumerate(proposals):
                score = query @ by_head["key"][j][head] / math.sqrt(DIM / HEADS)
                if switches["spatial_modulation"]:
                    score += log_gaussian(other, centre, theta)
                scores.append(score)
            weights = slow.softmax(numpy.array(scores))
            outputs.append(
                sum(weight * by_head["value"][j][head] for j, weight in enumerate(weights))
            )  # (14)
            centres.append(centre)
        if switches["location_iteration"]:
            scores = [mlp(slow.part(attention, "_scorer"), output) for output in outputs]
            location = numpy.array(
                [
                    slow.softmax(numpy.array([score[side] for score in scores]))  # (15)
                    @ numpy.array([centre[side] for centre in centres])  # (16)
                    for side in (0, 1)
                ]
            )
        attended = slow.linear(slow.part(attention, "_output"), numpy.concatenate(outputs))  # (17)
        if switches["gated_update"]:
            gate = slow.part(values, "_gate")
            names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            cell = [gate[name] for name in names]
            query = slow.gru_step(*cell, attended, hidden[i])  # (18), (19)
        else:
            query = slow.layer_norm(slow.part(values, "_norm"), hidden[i] + attended)
        if switches["logit_iteration"]:
            logits = logits + mlp(slow.part(values, "_classifier"), query)  # (20)
        result.append((query, logits, location))
    return result


def distributions(values, words, proposal):
    """Equations (21) and (22): of the categories, and of all spans."""
    query, logits, location = proposal
    categories = slow.softmax(logits + mlp(slow.part(values, "_classifier"), query))  # (21)
    gaussian = mlp(slow.part(values, "_gaussian"), query)
    centre, theta = location + gaussian[:2], gaussian[2:]
    scores = {}
    for start in range(len(words)):
        for end in range(start, len(words)):
            pointers = [
                slow.linear(layer, query) @ slow.linear(layer, words[word])
                for layer, word in (
                    (slow.part(values, "_start"), start),
                    (slow.part(values, "_end"), end),
                )
            ]
            prior = log_gaussian((start, end), centre, theta)
            scores[start, end] = prior + sum(pointers) / math.sqrt(DIM)
    return categories, dict(
        zip(scores, slow.softmax(numpy.array(list(scores.values()))), strict=True)
    )


def costs(categories, spans, entities):
    """Equation (24), its two terms apart: with NONE, then with each entity."""
    terms = [(-math.log(categories[0]), 0.0)]
    for start, end, label in entities:
        terms.append((-math.log(categories[label + 1]), -math.log(spans[start, end])))
    return terms


def assigned(terms):
    """Equation (23), Algorithm 1, by trying everything: the target of each proposal."""
    cost = [[sum(term) for term in row] for row in terms]
    proposals, entities = range(len(cost)), range(1, len(cost[0]))
    best, targets = math.inf, []
    size = min(len(proposals), len(entities))
    for some in itertools.permutations(proposals, size):
        for those in itertools.combinations(entities, size):
            one_to_one = sum(cost[i][j] for i, j in zip(some, those, strict=True))
            if one_to_one < best:
                best = one_to_one
                targets = [min(range(len(row)), key=row.__getitem__) for row in cost]
                for i, j in zip(some, those, strict=True):
                    targets[i] = j
    return targets


def run_slowly(model, alone, kernels, backward_block, switches):
    """The distributions of every proposal, sentence by sentence."""
    values = slow.weights(model)
    found = []
    for words in alone:
        proposals = proposals_of(slow.part(values, "_proposer"), words, kernels, backward_block)
        for layer in range(2):
            layer_values = slow.part(values, f"_regressor._layers.{layer}")
            proposals = refined(layer_values, proposals, switches)
        head = slow.part(values, "_prediction_head")
        found.append([distributions(head, words, proposal) for proposal in proposals])
    return found


@settings(max_examples=40)
@given(
    sentences=batches(),
    kernels=st.sampled_from(KERNELS),
    backward_block=st.sampled_from([True, True, False]),
    off=st.sampled_from([None, None, *SWITCHES]),
    training=st.booleans(),
    seed=st.integers(0, 99),
)
def test_equations_5_to_25(sentences, kernels, backward_block, off, training, seed):
    switches = {name: name != off for name in SWITCHES}
    model = model_of(
        ProposerRegressor,
        seed,
        dim=DIM,
        spread=0.5,
        proposer={"kernels": kernels, "backward_block": backward_block},
        regressor={"num_layers": 2, "num_heads": HEADS, **switches},
        prediction_head={},
        loss_weights=list(LAMBDAS),
    ).train(training)
    words, gold, alone = tensors(sentences, seed, DIM)
    losses, candidates = model.detect(words, gold)
    found = run_slowly(model, alone, kernels, backward_block, switches)

    category, location = [], []
    for proposals, (_, entities) in zip(found, sentences, strict=True):
        terms = [costs(*distribution, entities) for distribution in proposals]
        for row, target in zip(terms, assigned(terms), strict=True):
            category.append(row[target][0])
            location.append(row[target][1])
    means = [sum(part) / len(part) for part in (category, location)]  # (25)
    assert losses["category_loss"].item() == pytest.approx(means[0], rel=1e-3, abs=1e-5)
    assert losses["location_loss"].item() == pytest.approx(means[1], rel=1e-3, abs=1e-5)
    whole = sum(weight * mean for weight, mean in zip(LAMBDAS, means, strict=True))
    assert total(model, losses, sentences).item() == pytest.approx(whole, rel=1e-3, abs=1e-5)
    assert (candidates is None) == training
    if candidates is not None:
        check_candidates(candidates, found)


def check_candidates(candidates, found):
    """Algorithm 2: of each proposal the likeliest span, and how probable each type is with it."""
    expected = []
    rows = zip(*(column.tolist() for column in candidates.spans), strict=True)
    everything = [
        (sentence, *distribution)
        for sentence, proposals in enumerate(found)
        for distribution in proposals
    ]
    for (sentence, start, end), (own, categories, spans) in zip(rows, everything, strict=True):
        assert sentence == own
        assert spans[start, end] == pytest.approx(max(spans.values()), rel=1e-3)
        expected.append([categories[0], *(categories[1:] * spans[start, end])])
    torch.testing.assert_close(
        candidates.probabilities,
        torch.tensor(expected),
        rtol=1e-3,
        atol=1e-5,
        check_dtype=False,
    )
