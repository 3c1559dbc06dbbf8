"""What all models have in common."""

import torch


def test_prediction_records_nothing_for_gradients(tiny):
    experiment = tiny()
    seen = []
    experiment.model._word_encoder.register_forward_hook(
        lambda module, inputs, words: seen.append((torch.is_inference_mode_enabled(), words))
    )
    experiment.model.forward_on_instances(experiment.corpus)
    ((is_inference, words),) = seen
    assert is_inference
    assert words.is_inference()
    assert not words.requires_grad
    # Nothing of it stays behind: the model can be trained afterwards.
    experiment.model.train()(**experiment.batch(experiment.corpus))["loss"].backward()


def test_candidates_are_what_entities_are_chosen_from(tiny, every_span):
    experiment = tiny(every_span)
    batch = experiment.batch(experiment.corpus)
    with torch.no_grad():
        found = experiment.model(**batch)["entities"]
        candidates = experiment.model.candidates(**batch)
    decoded = experiment.model.decode(candidates, len(experiment.corpus))
    assert sum(map(len, decoded)) == sum(map(len, found)) > 0
    for spans, entities in zip(decoded, found, strict=True):
        assert spans == entities
