"""The model on sentences that share the window in which the encoder reads them."""

import pytest
import torch
from allennlp.common import Params
from allennlp.data import DataLoader

from locate_label_allennlp.data.document import Document, Sentence
from locate_label_allennlp.data.fields import ROW
from locate_label_allennlp.predictors import NestedNerPredictor

WORDS = ("The", "keeper", "of", "the", "port", "of", "Tarn", "left")


@pytest.fixture
def shared(tiny, window, every_span):
    experiment = tiny(window, every_span)
    experiment.every_span_is_an_entity()
    return experiment


def check_same(found, expected):
    """The same entities, with scores but for the order of sums."""
    for one, other in zip(found, expected, strict=True):
        assert [entity.key for entity in one] == [entity.key for entity in other]
        scores = [entity.score for entity in other]
        assert [entity.score for entity in one] == pytest.approx(scores, abs=1e-5)


def test_a_document_of_one_sentence_is_read_as_ever(tiny, shared, every_span):
    experiment = tiny(every_span)
    experiment.every_span_is_an_entity()
    document = Document((Sentence(WORDS),))
    found, expected = (
        each.model.forward_on_instances(list(each.reader.document_to_instances(document)))
        for each in (shared, experiment)
    )
    assert len(expected[0]["entities"]) > 20
    assert found == expected


def test_windows_together_or_alone(shared):
    keys = [instance["context"].key for instance in shared.corpus]
    together = shared.model.forward_on_instances(shared.corpus)
    alone = {
        key: iter(
            shared.model.forward_on_instances(
                [one for one in shared.corpus if one["context"].key == key]
            )
        )
        for key in keys
    }
    assert 1 < len(alone) < len(keys)
    expected = [next(alone[key])["entities"] for key in keys]
    assert all(expected)
    check_same([output["entities"] for output in together], expected)


def test_a_sentence_may_be_parted_from_its_window(shared):
    together = shared.model.forward_on_instances(shared.corpus)
    for instance, output in zip(shared.corpus, together, strict=True):
        (alone,) = shared.model.forward_on_instances([instance])
        check_same([alone["entities"]], [output["entities"]])


def test_what_a_sentence_is_read_with_matters(shared):
    left, right = (
        list(shared.reader.document_to_instances(Document((Sentence(WORDS), Sentence((word,))))))
        for word in ("port", "boat")
    )
    left, right = (shared.model.forward_on_instances(each)[0] for each in (left, right))
    scores, others = ([e.score for e in each["entities"]] for each in (left, right))
    assert scores != pytest.approx(others, abs=1e-3)


def test_training_on_windows(shared):
    sampler = {"type": "token_budget", "budget": 150}
    loader = DataLoader.from_params(
        Params({"batch_sampler": sampler}),
        reader=shared.reader,
        data_path=shared.params["train_data_path"],
    )
    loader.index_with(shared.vocab)
    shared.model.train()
    shares = False
    for batch in loader:
        shares |= ROW in batch["context"]
        shared.model.zero_grad()
        loss = shared.model(**batch)["loss"]
        assert loss.isfinite()
        loss.backward()
        embedder = shared.model._word_encoder.context_embedder
        gradients = {name: one.grad for name, one in shared.model.named_parameters()}
        assert all(one is None or one.isfinite().all() for one in gradients.values())
        assert any(one.grad is not None and one.grad.any() for one in embedder.parameters())
    assert shares


def test_the_gradient_of_a_window_is_that_of_its_sentences(shared):
    """Read once for all of its sentences, or anew for each of them."""
    # The longest window; the decoders and the sampling of seeds do not matter here.
    keys = [instance["context"].key for instance in shared.corpus]
    longest = max(keys, key=keys.count)
    members = [one for one in shared.corpus if one["context"].key == longest]
    assert len(members) > 1
    batch = shared.batch(members)
    rows = batch["context"].pop(ROW)
    encoder = shared.model._word_encoder.eval()
    num_words = max(len(words["words"]) for words in batch["metadata"])
    gradients = []
    anew = {"encoder": {k: v[rows[ROW]] for k, v in batch["context"]["encoder"].items()}}
    for context in ({**batch["context"], ROW: rows}, anew):
        encoder.zero_grad()
        mask = torch.arange(num_words) < batch["centre"][:, 1:]
        words = encoder(batch["centre"], num_words, batch["tokens"], context)
        (words * mask[..., None]).square().sum().backward()
        gradients.append([one.grad.clone() for one in encoder.context_embedder.parameters()])
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


def test_the_predictor_s_budget_is_no_matter_of_the_result(shared):
    document = [
        list(words)
        for words in (WORDS, WORDS[3:], ("Silence",), WORDS * 3, ("Nothing", "left"), WORDS * 9)
    ]
    inputs = [{"document": document}, {"tokens": ["port"]}, {"document": document[::-1]}]
    found, expected = (
        NestedNerPredictor(shared.model, shared.reader, budget=budget).predict_batch_json(inputs)
        for budget in (1, 4096)
    )
    assert {entity["sentence"] for entity in expected[0]["entities"]} == set(range(6))
    for one, other in zip(found, expected, strict=True):
        scores, expected_scores = (
            [entity.pop("score") for entity in output["entities"]] for output in (one, other)
        )
        assert scores == pytest.approx(expected_scores, abs=1e-5)
        assert one == other
