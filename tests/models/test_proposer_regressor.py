import math

import pytest
import torch
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.decoders import KeepAllDecoder
from locate_label_allennlp.modules.proposer_regressor import Prediction
from locate_label_allennlp.nn.pair_distribution import PairScores
from tests.models.tiny_experiment import SWITCHES, Experiment, ModelTests, check_gradients, sentence


def every_proposal_is_an_entity(model):
    with torch.no_grad():
        model._prediction_head._classifier[-1].bias[0] = -100
    model.eval()


class TestProposerRegressor(ModelTests):
    config = "tiny_proposer_regressor"

    def every_span_is_an_entity(self):
        every_proposal_is_an_entity(self.model)


@pytest.mark.parametrize("kernels", [[], [2, 2], [2, 3, 2]])
@pytest.mark.parametrize("with_encoder", [False, True])
def test_alone_or_in_a_batch_the_same_entities(with_encoder, kernels, tiny_bert, monkeypatch):
    if with_encoder:
        monkeypatch.setenv("ENCODER", tiny_bert)
    experiment = Experiment("tiny_proposer_regressor", proposer={"kernels": kernels})
    every_proposal_is_an_entity(experiment.model)
    with torch.no_grad():
        together = experiment.model(**experiment.batch(experiment.corpus))["entities"]
        alone = [
            experiment.model(**experiment.batch([instance]))["entities"][0]
            for instance in experiment.corpus
        ]
    assert sum(map(len, together)) > 10
    for one, other in zip(alone, together, strict=True):
        assert [entity.key for entity in one] == [entity.key for entity in other]
        scores = [entity.score for entity in other]
        assert [entity.score for entity in one] == pytest.approx(scores, abs=1e-5)


def test_entities_are_spans_of_their_sentence_with_type_and_score():
    experiment = Experiment("tiny_proposer_regressor")
    every_proposal_is_an_entity(experiment.model)
    entities = experiment.model(**experiment.batch(experiment.corpus))["entities"]
    for instance, found in zip(experiment.corpus, entities, strict=True):
        num_words = len(instance["metadata"]["words"])
        assert 1 <= len(found) <= num_words
        for entity in found:
            assert 0 <= entity.start < entity.end <= num_words
            assert entity.type in {"ROLE", "PLACE", "ORG"}
            assert 0 < entity.score <= 1


def prediction(categories, spans):
    """One sentence of two words, of whose spans proposals have the given probabilities."""
    # With nothing that leans, (0, 0), (0, 1) and (1, 1) have start[0] + end[0], ...
    start, end = torch.full((2, len(spans), 2), -torch.inf)
    for row, (first, last) in enumerate(spans):
        start[row, first], end[row, last] = 0.0, 0.0
    nothing = torch.zeros(len(spans), 2)
    sentence = torch.zeros(len(spans), dtype=torch.long)
    log_categories = torch.tensor(categories).log()
    return Prediction(sentence, log_categories, PairScores(start, end, nothing, nothing))


def test_algorithm_2():
    model = Experiment("tiny_proposer_regressor").model
    labels = [model.labels[index] for index in range(3)]
    categories = [
        [0.2, 0.1, 0.7, 0.0],
        [0.6, 0.4, 0.0, 0.0],  # NONE is likelier
        [0.3, 0.1, 0.5, 0.1],  # the first again, less sure
        [0.375, 0.375, 0.25, 0.0],  # as likely as NONE is enough
    ]
    candidates = model._predict(prediction(categories, [(0, 1), (0, 0), (0, 1), (1, 1)]))
    (found,) = model.decode(candidates, 1)
    assert [entity.key for entity in found] == [
        Entity(0, 2, labels[1]).key,
        Entity(1, 2, labels[0]).key,
    ]
    assert [entity.score for entity in found] == pytest.approx([0.7, 0.375])


def test_an_entity_is_as_probable_as_its_type_and_its_span_together():
    model = Experiment("tiny_proposer_regressor").model
    two_proposals = prediction([[0.4, 0.6, 0.0, 0.0], [0.3, 0.7, 0.0, 0.0]], [(0, 1), (0, 1)])
    # Half of the probability is that of (0, 0).
    two_proposals.spans.end[0, 0] = 0.0
    two_proposals.spans.end[1, 0] = -3.0
    candidates = model._predict(two_proposals)
    sure = 1 / (1 + math.exp(-3.0))
    assert candidates.probabilities[:, 1].tolist() == pytest.approx([0.3, 0.7 * sure])
    (found,) = model.decode(candidates, 1)
    assert [entity.span for entity in found] == [(0, 2)]


def test_the_loss_is_equation_25():
    experiment = Experiment("tiny_proposer_regressor")
    model = experiment.model.eval()
    gold = [Entity(0, 2, "ORG"), Entity(1, 2, "PLACE")]
    batch = experiment.batch(experiment.instances([sentence(3, *gold), sentence(2)]))
    predictions = []
    model._prediction_head.register_forward_hook(lambda *call: predictions.append(call[-1]))
    loss = model(**batch)["loss"].item()
    (found,) = predictions
    labels = {name: index for index, name in model.labels.items()}

    def cost(proposal, entity=None):
        if entity is None:
            return -found.log_categories[proposal, 0].item()
        start, end, lean_start, lean_end = (part[proposal].tolist() for part in found.spans)
        scores = {
            (s, e): start[s] + end[e] - (lean_start[s] + lean_end[e]) ** 2
            for s in range(3)
            for e in range(s, 3)
        }
        total = math.log(sum(map(math.exp, scores.values())))
        category = found.log_categories[proposal, labels[entity.type] + 1].item()
        return -category - (scores[entity.start, entity.end - 1] - total)

    # Three proposals and two entities: any two of them get one each.
    best = {}
    for first in range(3):
        for second in range(3):
            if first != second:
                best[first, second] = cost(first, gold[0]) + cost(second, gold[1])
    first, second = min(best, key=best.get)
    (third,) = {0, 1, 2} - {first, second}
    rest = min(cost(third), *(cost(third, entity) for entity in gold))
    expected = best[first, second] + rest + cost(3) + cost(4)
    assert loss == pytest.approx(expected / 5, rel=1e-5)
    metrics = model.get_metrics()
    assert metrics["category_loss"] + metrics["location_loss"] == pytest.approx(loss, rel=1e-5)


def test_the_loss_does_not_grow_with_the_batch():
    experiment = Experiment("tiny_proposer_regressor")
    model = experiment.model.eval()
    once = model(**experiment.batch(experiment.instances([sentence(6, PLACE)])))["loss"]
    more = model(**experiment.batch(experiment.instances([sentence(6, PLACE)] * 5)))["loss"]
    torch.testing.assert_close(once, more)


REGRESSOR = {"num_layers": 2, "num_heads": 4}
ABLATIONS = {
    "no backward block": {"proposer": {"kernels": [2, 2], "backward_block": False}},
    "no convolutions": {"proposer": {"kernels": []}},
    "other kernels": {"proposer": {"kernels": [2, 3, 2]}},
    "all off": {"regressor": {**REGRESSOR, **dict.fromkeys(SWITCHES, False)}},
    **{f"no {name}": {"regressor": {**REGRESSOR, name: False}} for name in SWITCHES},
}


@pytest.mark.parametrize("overrides", ABLATIONS.values(), ids=ABLATIONS.keys())
def test_ablations(overrides):
    experiment = Experiment("tiny_proposer_regressor", **overrides)
    plain = Experiment("tiny_proposer_regressor")
    batch = experiment.batch(experiment.corpus)
    assert check_gradients(experiment, batch, all_parameters=True) > 0
    sizes, others = (
        {name: parameter.size() for name, parameter in each.model.named_parameters()}
        for each in (experiment, plain)
    )
    assert sizes != others


PLACE = Entity(0, 1, "PLACE")
MANY = [Entity(0, end, kind) for end in (1, 2) for kind in ("ORG", "PLACE", "ROLE")]
DEGENERATE = {
    "one-word sentences": [sentence(1), sentence(1, PLACE)],
    "no entities": [sentence(4), sentence(7)],
    "one word, no entities": [sentence(1)],
    "more entities than words": [sentence(2, *MANY), sentence(9)],
    "as many entities as words": [sentence(3, *MANY[:3])],
    "shorter than the longest feature": [sentence(2, PLACE), sentence(1)],
    "two types of one span": [sentence(3, Entity(0, 2, "ORG"), Entity(0, 2, "PLACE"))],
    "a whole long sentence": [sentence(60, Entity(0, 60, "ROLE")), sentence(2)],
}


@pytest.mark.parametrize("kernels", [[], [2, 3, 2]])
@pytest.mark.parametrize("sentences", DEGENERATE.values(), ids=DEGENERATE.keys())
def test_degenerate_batches_have_finite_losses_and_gradients(sentences, kernels):
    experiment = Experiment("tiny_proposer_regressor", proposer={"kernels": kernels})
    batch = experiment.batch(experiment.instances(sentences))
    check_gradients(experiment, batch, all_parameters=True)


def test_locations_far_outside_the_sentence_are_no_harm():
    experiment = Experiment("tiny_proposer_regressor")
    with torch.no_grad():
        experiment.model._prediction_head._gaussian[-1].bias.fill_(1e3)
    batch = experiment.batch(experiment.corpus)
    check_gradients(experiment, batch, all_parameters=True)
    every_proposal_is_an_entity(experiment.model)
    entities = experiment.model(**batch)["entities"]
    for metadata, found in zip(batch["metadata"], entities, strict=True):
        assert all(0 <= e.start < e.end <= len(metadata["words"]) for e in found)


def test_a_loss_that_is_no_number_stops_with_the_sentences():
    experiment = Experiment("tiny_proposer_regressor")
    with torch.no_grad():
        experiment.model._prediction_head._classifier[-1].bias.fill_(float("nan"))
    batch = experiment.batch(experiment.instances([sentence(3), sentence(5, PLACE)]))
    with pytest.raises(FloatingPointError, match=r"loss is nan .*corpus\.jsonl:3.*corpus\.jsonl:5"):
        experiment.model.train()(**batch)


def test_losses_and_probabilities_have_single_precision_whatever_the_rest_has():
    lower, full = (
        Experiment("tiny_proposer_regressor", precision=name) for name in ("bf16", "fp32")
    )
    locations = []
    last = lower.model._regressor._layers[-1]
    last.register_forward_hook(lambda *call: locations.append(call[-1].location))
    batch = full.batch(full.corpus)
    loss, expected = (each.model.eval()(**batch)["loss"] for each in (lower, full))
    loss.backward()
    dtypes = {loss.dtype, lower.model.candidates(**batch).probabilities.dtype}
    assert dtypes == {locations[0].dtype} == {torch.float}
    torch.testing.assert_close(loss, expected, rtol=0.05, atol=0.0)
    # It would be the same only if nothing had fewer bits.
    assert loss != expected


def test_by_default_the_decoder_leaves_algorithm_2_as_it_is():
    decoder = Experiment("tiny_proposer_regressor", decoder=None).model.decoder
    assert isinstance(decoder, KeepAllDecoder)
    assert decoder.score_threshold == 0.0


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"proposer": {"kernels": [2, 0]}}, r"kernels is \[2, 0\]; allowed are numbers >= 1"),
        ({"regressor.num_heads": 3}, "num_heads is 3; allowed are the divisors of 16"),
        ({"regressor.num_layers": 0}, "num_layers is 0; allowed are numbers >= 1"),
        ({"loss_weights": [1.0]}, "loss_weights has 1 numbers"),
        ({"word_encoder.encoder.output_dim": 7}, "output_dim is 7; allowed are even"),
        ({"regressor.gated_updates": False}, r"'gated_updates'.*allowed are.*'gated_update'"),
        ({"proposer.kernel": [2]}, r"'kernel'.*allowed are.*'kernels'"),
        ({"prediction_head.size": 3}, r"'size'.*allowed are.*'dropout'"),
    ],
)
def test_impossible_settings_are_refused(overrides, message):
    with pytest.raises(ConfigurationError, match=message):
        Experiment("tiny_proposer_regressor", **overrides)


def test_locations_before_and_after_every_layer():
    experiment = Experiment("tiny_proposer_regressor")
    model = experiment.model.eval()
    candidates = model.candidates(**experiment.batch(experiment.corpus))
    num_layers = len(model._regressor._layers)
    assert candidates.locations.size() == (candidates.spans.num_spans, num_layers + 1, 2)
    assert num_layers + 1 != 2
