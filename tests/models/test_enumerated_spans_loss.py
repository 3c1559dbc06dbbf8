"""The whole loss of the baselines against a slow loop over the spans, for each span scorer."""

import math
from unittest import mock

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locate_label_allennlp.models import EnumeratedSpans, enumerated_spans
from locate_label_allennlp.nn.pairing import sample_negatives
from tests.models import slow
from tests.models.batches import batches, model_of, tensors, total

HIDDEN = {"num_layers": 1, "hidden_dims": 3, "activations": "gelu"}
SCORERS = {
    "pooled": {"span_extractor": "inner_boundary"},
    "biaffine": {"start_feedforward": HIDDEN, "end_feedforward": HIDDEN},
    "combined": {"hidden_dim": 3, "product_dim": 2, "max_length": 3},
    "mention": {
        "encoder": {"type": "lstm", "hidden_size": 2, "bidirectional": True},
        "max_chunk_words": 9,
    },
}


def pooled(values, words, start, end):
    return slow.span_head(values, slow.inner(words, start, end))


def biaffine(values, words, start, end):
    """Equations (1), (2) of Yu et al. (2020); a 1 appended to both sides has the linear terms."""
    projected = []
    for side, word in (("start", start), ("end", end)):
        layer = slow.part(values, f"_{side}_feedforward._linear_layers.0")
        projected.append(numpy.append(slow.gelu(slow.linear(layer, words[word])), 1.0))
    first, last = projected
    form = values["_biaffine._weight"]
    return numpy.array([first @ form[:, kind] @ last for kind in range(form.shape[1])])


def combined(values, words, start, end):
    return slow.combined(values, words, start, end)


def mention(values, words, start, end):
    vector = slow.mention(slow.part(values, "_encoder._encoder"), list(words[start : end + 1]))
    return slow.linear(slow.part(values, "_output"), vector)


SLOW = {"pooled": pooled, "biaffine": biaffine, "combined": combined, "mention": mention}


def check_sample(learned, targets, negatives, num_sentences):
    """Every entity, and so many of the other spans for each."""
    assert len(set(learned)) == len(learned)
    for sentence in range(num_sentences):
        own = {span for span in targets if span[0] == sentence}
        positive = {span for span in own if targets[span]}
        drawn = {span for span in learned if span[0] == sentence}
        assert positive <= drawn
        available = len(own) - len(positive)
        wanted = available
        if negatives is not None:
            wanted = min(max(math.ceil(negatives * len(positive)), 1), available)
        assert len(drawn - positive) == wanted


@pytest.mark.parametrize("name", SCORERS)
@settings(max_examples=25)
@given(
    sentences=batches(longest=6),
    max_span_length=st.sampled_from([None, 2, 4]),
    negatives=st.sampled_from([None, 0.0, 1.5]),
    training=st.booleans(),
    seed=st.integers(0, 99),
)
def test_loss_and_candidates(name, sentences, max_span_length, negatives, training, seed):
    model = model_of(
        EnumeratedSpans,
        seed,
        span_scorer={"type": name, **SCORERS[name]},
        max_span_length=max_span_length,
        negatives_per_positive=negatives,
        min_negatives=1,
    ).train(training)
    words, gold, alone = tensors(sentences, seed)
    values = slow.part(slow.weights(model), "_span_scorer")
    samples = []

    def noted(*arguments):
        samples.append(sample_negatives(*arguments))
        return samples[0]

    with mock.patch.object(enumerated_spans, "sample_negatives", noted):
        losses, candidates = model.detect(words, gold)
    spans = [
        (sentence, start, end)
        for sentence, (length, _) in enumerate(sentences)
        for start in range(length)
        for end in range(start, length)
        if max_span_length is None or end - start < max_span_length
    ]
    probabilities = {
        span: slow.softmax(SLOW[name](values, alone[span[0]], *span[1:])) for span in spans
    }
    targets = {}
    for span in spans:
        same = [entity for entity in sentences[span[0]][1] if entity[:2] == span[1:]]
        targets[span] = same[0][2] + 1 if same else 0
    learned = [spans[index] for index in samples[0].tolist()] if samples else spans
    assert bool(samples) == (negatives is not None)
    check_sample(learned, targets, negatives, len(sentences))
    parts = [-math.log(probabilities[span][targets[span]]) for span in learned]
    expected = sum(parts) / max(len(parts), 1)
    assert total(model, losses, sentences).item() == pytest.approx(expected, rel=1e-4, abs=1e-6)
    assert (candidates is None) == training
    if candidates is not None:
        found = zip(*(column.tolist() for column in candidates.spans), strict=True)
        for span, row in zip(found, candidates.probabilities.tolist(), strict=True):
            assert row == pytest.approx(list(probabilities.pop(span)), rel=1e-4, abs=1e-6)
        assert not probabilities
