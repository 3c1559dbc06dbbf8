"""Models that calculate with fewer bits."""

import pytest
import torch
from allennlp.common.checks import ConfigurationError


def at(precision):
    return {"model.precision": precision}


@pytest.fixture
def experiment(tiny, every_span):
    def experiment(precision):
        made = tiny(every_span, at(precision))
        made.every_span_is_an_entity()
        return made

    return experiment


def results(experiment):
    """Loss in evaluation, spans and probabilities of the candidates, entities."""
    batch = experiment.batch(experiment.corpus)
    with torch.no_grad():
        output = experiment.model(**batch)
        candidates = experiment.model.candidates(**batch)
    return output["loss"], candidates.spans, candidates.probabilities, output["entities"]


def test_bfloat16_in_prediction_is_near_to_float32(tiny, every_span):
    # Without a regressor all have the same spans.
    plain = {**every_span, "model.regressor": None}
    lower, full = (tiny(plain, at(precision)) for precision in ("bf16", "fp32"))
    dtypes = []
    for name in ("_word_encoder", "_classifier", "_filter"):
        getattr(lower.model, name).register_forward_hook(
            lambda module, inputs, output: dtypes.append(output.dtype)
        )
    loss, spans, probabilities, entities = results(lower)
    assert torch.bfloat16 in dtypes
    exact_loss, exact_spans, exact_probabilities, _ = results(full)
    assert loss.dtype == probabilities.dtype == torch.float32
    assert torch.equal(spans.start, exact_spans.start)
    torch.testing.assert_close(loss, exact_loss, rtol=0.05, atol=0.01)
    torch.testing.assert_close(probabilities, exact_probabilities, rtol=0, atol=0.05)
    # It would be the same only if nothing had fewer bits.
    assert not torch.equal(probabilities, exact_probabilities)
    torch.testing.assert_close(probabilities.sum(1), torch.ones(len(probabilities)))
    for entity in (entity for found in entities for entity in found):
        assert isinstance(entity.score, float)
        assert 0 < entity.score <= 1


def training_step(experiment):
    torch.manual_seed(5)
    experiment.model.train()
    loss = experiment.model(**experiment.batch(experiment.corpus))["loss"]
    loss.backward()
    return loss, {name: one.grad for name, one in experiment.model.named_parameters()}


def test_a_training_step_in_bfloat16(experiment):
    loss, gradients = training_step(experiment("bf16"))
    exact_loss, exact = training_step(experiment("fp32"))
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, exact_loss, rtol=0.05, atol=0.01)
    lower, full = (
        torch.cat([one.flatten() for name, one in each.items() if exact[name] is not None])
        for each in (gradients, exact)
    )
    assert lower.dtype == torch.float32
    assert lower.isfinite().all()
    assert torch.cosine_similarity(lower, full, dim=0) > 0.95


@pytest.mark.parametrize("precision", ["fp32", "auto"])
def test_full_precision_whatever_is_around(precision, experiment):
    expected = results(experiment("fp32"))
    with torch.autocast("cpu", torch.bfloat16):
        within = results(experiment(precision))
    for found in (within, results(experiment(precision))):
        loss, spans, probabilities, entities = found
        assert torch.equal(loss, expected[0])
        assert torch.equal(spans.start, expected[1].start)
        assert torch.equal(spans.end, expected[1].end)
        assert torch.equal(probabilities, expected[2])
        assert entities == expected[3]


def test_an_unknown_precision(tiny):
    allowed = r"\('auto', 'fp32', 'bf16', 'fp16'\)"
    with pytest.raises(ConfigurationError, match=f"precision is 'half'; allowed are {allowed}"):
        tiny(at("half"))
