"""The whole loss of the model for given mentions against a slow loop over the mentions."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from locate_label_allennlp.models import MentionTyper
from tests.models import slow
from tests.models.batches import batches, model_of, tensors


@settings(max_examples=25)
@given(batches(), st.booleans(), st.integers(0, 99))
def test_loss_and_types(sentences, in_fragments, seed):
    encoder = {"type": "lstm", "hidden_size": 3, "bidirectional": True}
    model = model_of(MentionTyper, seed, encoder=encoder, max_chunk_words=9).eval()
    words, gold, alone = tensors(sentences, seed)
    metadata = []
    for length, entities in sentences:
        fragments = {}
        if in_fragments:
            # Those of three words and more are without the second.
            for row, (start, end, _) in enumerate(entities):
                if end - start >= 2:
                    fragments[row] = ((start, start + 1), (start + 2, end + 1))
        told = {"words": ["word"] * length, "source": "", "unreachable": []}
        metadata.append({**told, "fragments": fragments})

    model._word_encoder.forward = lambda *inputs: words.vectors
    centre = torch.stack([torch.zeros_like(words.lengths), words.lengths], dim=1)
    output = model(centre, metadata, entities=gold.entities)

    values = slow.part(slow.weights(model), "_span_scorer")
    losses, expected = [], []
    for index, (_, entities) in enumerate(sentences):
        expected.append([])
        for row, (start, end, label) in enumerate(entities):
            parts = metadata[index]["fragments"].get(row, ((start, end + 1),))
            read = [alone[index][word] for part in parts for word in range(*part)]
            vector = slow.mention(slow.part(values, "_encoder._encoder"), read)
            probabilities = slow.softmax(slow.linear(slow.part(values, "_output"), vector))
            losses.append(-math.log(probabilities[label]))
            type_ = model.labels[int(probabilities.argmax())]
            expected[-1].append((start, end + 1, type_, pytest.approx(probabilities.max(), 1e-4)))
    mean = sum(losses) / max(len(losses), 1)
    assert output["loss"].item() == pytest.approx(mean, rel=1e-4, abs=1e-6)
    named = [
        [(entity.start, entity.end, entity.type, entity.score) for entity in found]
        for found in output["entities"]
    ]
    assert named == expected
