import inspect
from pathlib import Path

import pytest
import torch
from allennlp.common.checks import ConfigurationError
from allennlp.common.testing import ModelTestCase

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.models import LocateAndLabel
from tests.models.tiny_experiment import Experiment, ModelTests, check_gradients, sentence

FIXTURES = Path(__file__).parents[2] / "fixtures"
CONFIG = FIXTURES / "configs" / "tiny.jsonnet"

KEEP_ALL = {"type": "none", "score_threshold": 0.0}


def without_none(model):
    """Every span that passes the filter becomes an entity."""
    with torch.no_grad():
        model._classifier._output.bias[0] = -100
    return model.eval()


def let_about_half_pass(model, batch):
    logits = []
    hook = model._filter.register_forward_hook(lambda *call: logits.append(call[-1]))
    with torch.no_grad():
        model(**batch)
        model._filter._output.bias -= logits[-1].mean()
    hook.remove()


class TestLocateAndLabel(ModelTests):
    config = "tiny"

    def every_span_is_an_entity(self):
        self.model.decoder.score_threshold = 0.0
        without_none(self.model)


def test_trains_saves_and_loads_with_an_encoder(tiny_bert, monkeypatch, tmp_path):
    monkeypatch.setenv("ENCODER", tiny_bert)
    case = ModelTestCase()
    case.TEST_DIR = tmp_path
    case.ensure_model_can_train_save_and_load(str(CONFIG))


ENCODER_AFTER = {
    "word_encoder.context_after_encoder": True,
    "word_encoder.context_embedder.token_embedders.encoder.sentence_vector": True,
}


@pytest.mark.parametrize(
    ("with_encoder", "overrides"), [(False, {}), (True, {}), (True, ENCODER_AFTER)]
)
def test_alone_or_in_a_batch_the_same_entities(with_encoder, overrides, tiny_bert, monkeypatch):
    if with_encoder:
        monkeypatch.setenv("ENCODER", tiny_bert)
    experiment = Experiment("tiny", decoder=KEEP_ALL, filter_threshold=0.5, **overrides)
    without_none(experiment.model)
    let_about_half_pass(experiment.model, experiment.batch(experiment.corpus))
    with torch.no_grad():
        together = experiment.model(**experiment.batch(experiment.corpus))["entities"]
        alone = [
            experiment.model(**experiment.batch([instance]))["entities"][0]
            for instance in experiment.corpus
        ]
    assert 20 < sum(map(len, together)) < 150
    for one, other in zip(alone, together, strict=True):
        assert [entity.key for entity in one] == [entity.key for entity in other]
        scores = [entity.score for entity in other]
        assert [entity.score for entity in one] == pytest.approx(scores, abs=1e-5)


def test_all_parts_behind_the_encoder_learn(tiny_bert, monkeypatch):
    monkeypatch.setenv("ENCODER", tiny_bert)
    experiment = Experiment("tiny", **ENCODER_AFTER)
    check_gradients(experiment, experiment.batch(experiment.corpus))
    word_encoder = experiment.model._word_encoder
    assert experiment.model._classifier._span_extractor.get_input_dim() == 16 + 16
    assert word_encoder._joined.weight.grad.abs().sum() > 0


def test_entities_are_spans_of_their_sentence_with_type_and_score():
    experiment = Experiment("tiny", decoder=KEEP_ALL)
    model = without_none(experiment.model)
    entities = model(**experiment.batch(experiment.corpus))["entities"]
    assert sum(map(len, entities)) > 20
    for instance, found in zip(experiment.corpus, entities, strict=True):
        for entity in found:
            assert 0 <= entity.start < entity.end <= len(instance["metadata"]["words"])
            assert entity.type in {"ROLE", "PLACE", "ORG"}
            assert 0 < entity.score <= 1


ABLATIONS = {
    "no filter": {"filter": None},
    "no regressor": {"regressor": None},
    "neither": {"filter": None, "regressor": None},
    "hard examples": {"soft_example_eta": 0.0},
    "no NMS": {"decoder": {"type": "none"}},
    "no gold seeds": {"gold_as_seeds": False},
    "classifier only": {"loss_weights": [0.0, 0.0, 1.0]},
    "focal classifier": {"classifier_focal_gamma": 2.0},
    "offsets to the right": {"regressor.offsets": "non_negative"},
    "crossing spans dropped": {"decoder.drop_crossing": True},
    "other seeds in evaluation": {"evaluation_seed_lengths": [1, 2, 12]},
    "illegal spans dropped": {"drop_illegal": True},
}


@pytest.mark.parametrize("overrides", ABLATIONS.values(), ids=ABLATIONS.keys())
def test_ablations(overrides):
    experiment = Experiment("tiny", **overrides)
    loss = check_gradients(experiment, experiment.batch(experiment.corpus))
    assert loss > 0
    metrics = experiment.model.get_metrics()
    assert ("filter_loss" in metrics) == ("filter" not in overrides)
    assert ("regression_loss" in metrics) == ("regressor" not in overrides)


def test_the_classifier_s_focal_loss_is_its_own():
    losses = {}
    for name in ("focal_gamma", "classifier_focal_gamma"):
        for gamma in (0.0, 2.0):
            experiment = Experiment("tiny", **{"focal_gamma": 0.0, name: gamma})
            experiment.model.eval()(**experiment.batch(experiment.corpus))
            metrics = experiment.model.get_metrics()
            losses[name, gamma] = (metrics["filter_loss"], metrics["classification_loss"])
    plain = losses["focal_gamma", 0.0]
    filter_focal, classifier_focal = (
        losses[name, 2.0] for name in ("focal_gamma", "classifier_focal_gamma")
    )
    assert losses["classifier_focal_gamma", 0.0] == plain
    assert filter_focal[0] < plain[0]
    assert filter_focal[1] == plain[1]
    assert classifier_focal[0] == plain[0]
    assert classifier_focal[1] < plain[1]


PLACE = Entity(0, 1, "PLACE")
DEGENERATE = {
    "one-word sentences": ([sentence(1), sentence(1, PLACE)], {}),
    "no entities": ([sentence(4), sentence(7)], {}),
    "one word, no entities": ([sentence(1)], {}),
    "no positive seeds": (
        [sentence(9, Entity(0, 9, "ORG"))],
        {"seed_lengths": [1], "gold_as_seeds": False},
    ),
    "no seeds at all": ([sentence(1, PLACE), sentence(1)], {"seed_lengths": [2, 3]}),
    "no seeds and no entities": ([sentence(1)], {"seed_lengths": [2]}),
    "no negatives": ([sentence(1, PLACE)], {"negatives_per_positive": 0.0, "min_negatives": 0}),
    "nothing sampled": ([sentence(5)], {"min_negatives": 0}),
    "longer than every seed": (
        [sentence(40, Entity(0, 40, "ROLE"), Entity(1, 40, "ORG")), sentence(2)],
        {"seed_lengths": [1, 2]},
    ),
    "two types of one span": ([sentence(3, Entity(0, 2, "ORG"), Entity(0, 2, "PLACE"))], {}),
}


@pytest.mark.parametrize(("sentences", "overrides"), DEGENERATE.values(), ids=DEGENERATE.keys())
def test_degenerate_batches_have_finite_losses_and_gradients(sentences, overrides):
    experiment = Experiment("tiny", **overrides)
    check_gradients(experiment, experiment.batch(experiment.instances(sentences)))


@pytest.mark.parametrize("bias", [-1e4, 1e4])
def test_offsets_far_outside_the_sentence_are_no_harm(bias):
    experiment = Experiment("tiny", decoder=KEEP_ALL, filter_threshold=0.0)
    with torch.no_grad():
        experiment.model._regressor._output.bias.copy_(torch.tensor([-bias, bias]))
    batch = experiment.batch(experiment.corpus)
    check_gradients(experiment, batch)
    entities = experiment.model(**batch)["entities"]
    for metadata, found in zip(batch["metadata"], entities, strict=True):
        assert all(0 <= e.start < e.end <= len(metadata["words"]) for e in found)


def test_seeds_of_an_evaluation_may_have_other_lengths():
    settings = {"seed_lengths": [1, 2], "gold_as_seeds": False}
    losses = []
    for lengths, expected in [(None, {1, 2}), ([2, 4], {2, 4})]:
        experiment = Experiment("tiny", evaluation_seed_lengths=lengths, **settings)
        batch = experiment.batch(experiment.corpus)
        learned = learned_from(Experiment("tiny", regressor=None, **settings), [sentence(9)])
        assert {end - start + 1 for _, start, end in learned} == {1, 2}
        losses.append(experiment.model.eval()(**batch)["loss"].item())
        seeds = experiment.model.candidates(**batch).seeds.spans
        assert set((seeds.end - seeds.start + 1).tolist()) == expected
    # What is learned from is the same.
    assert losses[0] == losses[1]


def test_illegal_spans_are_dropped():
    counts = {}
    for is_dropped, left in [(False, -1.0), (True, -1.0), (True, -1e4), (True, 0.0)]:
        experiment = Experiment(
            "tiny", drop_illegal=is_dropped, filter=None, seed_lengths=[1, 2], match_iou=0.5
        )
        with torch.no_grad():
            experiment.model._regressor._output.weight.zero_()
            experiment.model._regressor._output.bias.copy_(torch.tensor([left, 0.0]))
        batch = experiment.batch(experiment.instances([sentence(4, PLACE), sentence(2)]))
        experiment.model.eval()
        loss = experiment.model(**batch)["loss"]
        assert loss.isfinite()
        metrics = experiment.model.get_metrics()
        candidates = experiment.model.candidates(**batch)
        seeds = candidates.seeds
        assert seeds.spans.select(seeds.of_candidates).num_spans == candidates.spans.num_spans
        counts[is_dropped, left] = candidates.spans.num_spans, metrics["regression_loss"] > 0
    # Seven seeds of one word or two in the first sentence and three in the second; two begin with
    # each sentence, the entity among them.
    assert counts == {
        (False, -1.0): (10, True),
        (True, -1.0): (6, False),
        (True, -1e4): (0, False),
        (True, 0.0): (10, False),
    }


def test_a_filter_that_lets_nothing_pass_leaves_no_entities():
    experiment = Experiment("tiny", filter_threshold=1.0)
    experiment.model.eval()
    output = experiment.model(**experiment.batch(experiment.corpus))
    assert output["entities"] == [[]] * len(experiment.corpus)
    metrics = experiment.model.get_metrics()
    assert metrics["filter_recall"] == metrics["micro_f1"] == 0
    assert metrics["seed_recall"] > 0.9


@pytest.mark.parametrize(
    ("overrides", "recall"),
    [
        # One of thirteen entities has ten words, eight have more than one; the regressor adds one.
        ({}, 1.0),
        ({"regressor": None}, 12 / 13),
        ({"seed_lengths": [1]}, 5 / 13),
    ],
)
def test_entities_out_of_reach_count_as_missed(overrides, recall):
    experiment = Experiment("tiny", **overrides)
    experiment.model.eval()(**experiment.batch(experiment.corpus))
    assert experiment.model.get_metrics()["seed_recall"] == pytest.approx(recall)


@pytest.mark.parametrize(
    "entities",
    [
        # One seed, of four words, is close enough to both.
        [Entity(0, 4, "ORG"), Entity(0, 5, "PLACE")],
        [Entity(0, 4, "ORG"), Entity(0, 4, "PLACE")],
    ],
)
def test_a_seed_may_lead_to_several_entities(entities):
    experiment = Experiment("tiny", seed_lengths=[4], filter_threshold=0.0)
    batch = experiment.batch(experiment.instances([sentence(5, *entities)]))
    experiment.model.eval()(**batch)
    metrics = experiment.model.get_metrics()
    assert metrics["seed_recall"] == metrics["filter_recall"] == 1


def learned_from(experiment, sentences):
    """The spans that the classifier learns from."""
    seen = []
    hook = experiment.model._classifier.register_forward_pre_hook(
        lambda module, arguments: seen.append(arguments[1])
    )
    experiment.model.train()(**experiment.batch(experiment.instances(sentences)))
    hook.remove()
    (spans,) = seen
    return sorted(zip(*(part.tolist() for part in spans), strict=True))


@pytest.mark.parametrize(("number", "count"), [(1.0, 1 + 5 + 5), (None, 4 + 3 + 10 + 9)])
def test_negatives_are_a_sample_or_all(number, count):
    experiment = Experiment(
        "tiny", negatives_per_positive=number, seed_lengths=[1, 2], positive_iou=1.0, regressor=None
    )
    sentences = [sentence(4, Entity(0, 1, "ORG")), sentence(10)]
    assert len(learned_from(experiment, sentences)) == count


def test_gold_spans_join_the_seeds_unless_they_are_seeds_already():
    gold = [Entity(0, 1, "ORG"), Entity(0, 3, "ORG"), Entity(0, 3, "PLACE"), Entity(1, 4, "ROLE")]
    settings = {"negatives_per_positive": None, "seed_lengths": [1, 2], "regressor": None}
    sentences = [sentence(2), sentence(5, *gold)]
    plain = learned_from(Experiment("tiny", gold_as_seeds=False, **settings), sentences)
    assert len(plain) == len(set(plain)) == 2 + 1 + 5 + 4
    # The first is a seed; the next two are one span.
    joined = learned_from(Experiment("tiny", **settings), sentences)
    assert joined == sorted([*plain, (1, 0, 2), (1, 1, 3)])


def test_without_entities_every_example_counts_in_full():
    losses = []
    for eta in (0.0, 1.0):
        experiment = Experiment("tiny", soft_example_eta=eta)
        experiment.model._regressor._output.bias.data += 1.0  # the spans move from where they were
        batch = experiment.batch(experiment.instances([sentence(6), sentence(9)]))
        losses.append(experiment.model.eval()(**batch)["loss"].item())
    assert losses[0] == losses[1]


def test_the_loss_of_an_evaluation_is_always_the_same():
    experiment = Experiment("tiny")
    batch = experiment.batch(experiment.corpus)
    experiment.model.eval()
    state = torch.get_rng_state()
    losses = {experiment.model(**batch)["loss"].item() for _ in range(3)}
    assert len(losses) == 1
    assert torch.equal(torch.get_rng_state(), state)
    experiment.model.train()
    assert len({experiment.model(**batch)["loss"].item() for _ in range(3)}) > 1


def test_a_loss_that_is_no_number_stops_with_the_sentences():
    experiment = Experiment("tiny")
    with torch.no_grad():
        experiment.model._classifier._output.bias.fill_(float("nan"))
    batch = experiment.batch(experiment.instances([sentence(3), sentence(5, PLACE)]))
    with pytest.raises(FloatingPointError, match=r"loss is nan .*corpus\.jsonl:3.*corpus\.jsonl:5"):
        experiment.model.train()(**batch)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"seed_lengths": []}, "seed_lengths"),
        ({"seed_lengths": [0, 1]}, "^seed_lengths is"),
        ({"evaluation_seed_lengths": [0]}, "evaluation_seed_lengths is .*; allowed are numbers >="),
        ({"evaluation_seed_lengths": []}, "evaluation_seed_lengths is "),
        ({"loss_weights": [1, 1]}, "loss_weights has 2"),
        ({"positive_iou": 7}, "positive_iou is 7"),
        ({"positive_iou": 0}, "positive_iou is 0"),
        ({"filter_threshold": -0.1}, "filter_threshold is -0.1"),
        ({"filter_threshold": 1.5}, "filter_threshold is 1.5"),
        ({"match_iou": 1.5}, "match_iou is 1.5"),
        ({"focal_gamma": -1}, "focal_gamma is -1; allowed is 0 or more"),
        ({"classifier_focal_gamma": -2}, "classifier_focal_gamma is -2; allowed is 0 or more"),
        ({"soft_example_eta": -1}, "soft_example_eta is -1; allowed is 0 or more"),
        ({"negatives_per_positive": -3}, "negatives_per_positive is -3; allowed is 0 or more"),
        ({"min_negatives": -1}, "min_negatives is -1; allowed is 0 or more"),
        *(
            ({f"{head}.input_dim": 20}, f"{head}.input_dim is 20, .* here it is 16 in any case")
            for head in ("filter", "regressor", "classifier")
        ),
    ],
)
def test_impossible_settings_are_refused(overrides, message):
    with pytest.raises(ConfigurationError, match=message):
        Experiment("tiny", **overrides)


def test_the_defaults_are_the_paper_s():
    sizes = ("filter_threshold", "positive_iou", "match_iou", "soft_example_eta", "focal_gamma")
    keys = [*sizes, "classifier_focal_gamma", "negatives_per_positive", "min_negatives"]
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(LocateAndLabel.__init__).parameters.items()
    }
    assert [defaults[key] for key in keys] == [1 / 6, 0.7, 1.0, 1.0, 2.0, 0.0, 5.0, 5]
    assert defaults["seed_lengths"] == tuple(range(1, 11))
    assert defaults["loss_weights"] == (1.0, 0.1, 1.0)
    assert defaults["gold_as_seeds"] is True
    assert defaults["evaluation_seed_lengths"] is None
    assert defaults["drop_illegal"] is False
