"""The baselines by the names they had before there was one model of them."""

import json
from pathlib import Path

import pytest
import torch
from allennlp.commands.evaluate import evaluate_from_archive
from allennlp.commands.train import train_model
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.common.testing import ModelTestCase
from allennlp.models import load_archive
from allennlp.predictors import Predictor

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.decoders import GreedyDecoder
from locate_label_allennlp.models import EnumeratedSpans
from locate_label_allennlp.modules.span_scorers import (
    BiaffineSpanScorer,
    MentionSpanScorer,
    PooledSpanScorer,
)
from tests.models.tiny_experiment import Experiment, sentence, train_in_two_processes

FIXTURES = Path(__file__).parents[2] / "fixtures"
CORPUS = FIXTURES / "formats" / "nested.jsonl"
NAMES = ["exhaustive_span", "biaffine_span", "span_level_classifier"]
KEEP_ALL = {"type": "none", "score_threshold": 0.0}


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


def params_of(name, **overrides):
    overrides = {key.replace("__", "."): value for key, value in overrides.items()}
    path = FIXTURES / "configs" / f"tiny_{name}.jsonnet"
    return Params.from_file(str(path), json.dumps(overrides))


def train(name, folder, **overrides):
    train_model(params_of(name, **overrides), folder)
    return json.loads((folder / "metrics.json").read_text())


LEARNING = {
    "exhaustive_span": {
        "trainer__optimizer__lr": 0.05,
        "model__word_encoder__dropout": 0.0,
        "model__classifier__dropout": 0.0,
    },
    "biaffine_span": {
        "trainer__optimizer__lr": 0.05,
        "model__word_encoder__dropout": 0.0,
        "model__start_feedforward__dropout": 0.0,
        "model__end_feedforward__dropout": 0.0,
    },
    # "Tarn" is an entity alone, but not in "Old Tarn": its vector has to know its sentence.
    "span_level_classifier": {
        "trainer__optimizer__lr": 0.03,
        "model__word_encoder__encoder": {"type": "lstm", "hidden_size": 24, "bidirectional": True},
        "model__encoder__hidden_size": 24,
    },
}


def test_learns_by_heart_and_predicts_the_same_from_its_archive(name, tmp_path):
    metrics = train(
        name,
        tmp_path / "model",
        trainer__num_epochs=70,
        data_loader__batch_size=2,
        **LEARNING[name],
    )
    assert metrics["best_validation_micro_f1"] == 1.0
    predictor = Predictor.from_archive(load_archive(tmp_path / "model"), "nested_ner")
    outputs = predictor.predict_batch_instance(list(predictor._dataset_reader.read(str(CORPUS))))
    assert len(outputs) == 6
    for line, output in zip(CORPUS.read_text("utf-8").splitlines(), outputs, strict=True):
        gold = json.loads(line).get("entities", [])
        assert boundaries_and_types(output["entities"]) == boundaries_and_types(gold)


def boundaries_and_types(entities):
    return sorted((entity["start"], entity["end"], entity["type"]) for entity in entities)


def test_two_processes(name, tmp_path):
    overrides = {"model.decoder": KEEP_ALL, "trainer.num_epochs": 20}
    trained = train_in_two_processes(f"tiny_{name}", tmp_path, overrides)
    evaluated = evaluate_from_archive(tmp_path / "out" / "model.tar.gz", str(CORPUS))
    # Each process counted its half of the corpus; together they counted all of it.
    assert evaluated["micro_f1"] == trained["best_validation_micro_f1"]
    assert evaluated["micro_precision"] == trained["best_validation_micro_precision"]


def test_trains_saves_and_loads(name, tmp_path):
    case = ModelTestCase()
    case.TEST_DIR = tmp_path
    case.ensure_model_can_train_save_and_load(str(FIXTURES / "configs" / f"tiny_{name}.jsonnet"))


@pytest.mark.parametrize("with_encoder", [False, True])
def test_alone_or_in_a_batch_the_same_entities(name, with_encoder, tiny_bert, monkeypatch):
    if with_encoder:
        monkeypatch.setenv("ENCODER", tiny_bert)
    experiment = Experiment(f"tiny_{name}", decoder=KEEP_ALL)
    model = experiment.model.eval()
    # Every span becomes an entity.
    model._span_scorer.register_forward_hook(
        lambda module, inputs, logits: logits.index_fill(1, torch.tensor([0]), -100.0)
    )
    with torch.no_grad():
        together = model(**experiment.batch(experiment.corpus))["entities"]
        alone = [model(**experiment.batch([one]))["entities"][0] for one in experiment.corpus]
    assert sum(map(len, together)) > 200
    for one, other in zip(alone, together, strict=True):
        assert [entity.key for entity in one] == [entity.key for entity in other]
        scores = [entity.score for entity in other]
        assert [entity.score for entity in one] == pytest.approx(scores, abs=1e-5)


PLACE = Entity(0, 1, "PLACE")
DEGENERATE = {
    "one-word sentences": [sentence(1), sentence(1, PLACE)],
    "no entities": [sentence(4), sentence(7)],
    "one word, no entities": [sentence(1)],
    "a long entity": [sentence(40, Entity(0, 40, "ROLE")), sentence(2)],
    "two types of one span": [sentence(3, Entity(0, 2, "ORG"), Entity(0, 2, "PLACE"))],
    "in fragments": [sentence(5, Entity(0, 4, "ORG", ((0, 1), (3, 4))))],
}


@pytest.mark.parametrize("overrides", [{}, {"negatives_per_positive": 2.0, "min_negatives": 0}])
@pytest.mark.parametrize("sentences", DEGENERATE.values(), ids=DEGENERATE.keys())
def test_degenerate_batches_have_finite_losses_and_gradients(name, sentences, overrides):
    experiment = Experiment(f"tiny_{name}", **overrides)
    batch = experiment.batch(experiment.instances(sentences))
    loss = experiment.model.train()(**batch)["loss"]
    loss.backward()
    assert loss.isfinite()
    for parameter in experiment.model.parameters():
        assert parameter.grad is not None
        assert parameter.grad.isfinite().all()
    output = experiment.model.eval()(**batch)
    assert output["loss"].isfinite()
    for one, found in zip(sentences, output["entities"], strict=True):
        assert all(0 <= e.start < e.end <= len(one.words) for e in found)


def test_the_loss_is_the_mean_cross_entropy_of_all_spans(name):
    experiment = Experiment(f"tiny_{name}")
    model = experiment.model.eval()
    batch = experiment.batch(experiment.instances([sentence(3, Entity(1, 3, "ORG"), PLACE)]))
    candidates = model.candidates(**batch)
    label = {label: index for index, label in model.labels.items()}
    gold = {(1, 2): label["ORG"] + 1, (0, 0): label["PLACE"] + 1}
    boundaries = list(zip(*(c.tolist() for c in candidates.spans[1:]), strict=True))
    assert sorted(boundaries) == [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]
    right = [
        row[gold.get(span, 0)]
        for span, row in zip(boundaries, candidates.probabilities, strict=True)
    ]
    expected = -torch.stack(right).log().mean()
    torch.testing.assert_close(model(**batch)["loss"], expected)


@pytest.mark.parametrize(
    ("max_span_length", "recall"),
    # Of thirteen entities one has ten words, and five have one.
    [(10, 1.0), (9, 12 / 13), (1, 5 / 13)],
)
def test_entities_out_of_reach_count_as_missed(name, max_span_length, recall):
    experiment = Experiment(f"tiny_{name}", max_span_length=max_span_length)
    experiment.model.eval()(**experiment.batch(experiment.corpus))
    assert experiment.model.get_metrics()["seed_recall"] == pytest.approx(recall)


def test_without_a_limit_every_span_is_looked_at(name):
    experiment = Experiment(f"tiny_{name}", max_span_length=None)
    batch = experiment.batch(experiment.instances([sentence(30), sentence(2)]))
    spans = experiment.model.eval().candidates(**batch).spans
    assert spans.num_spans == 30 * 31 // 2 + 3
    experiment.model(**batch)
    assert "seed_recall" not in experiment.model.get_metrics()


def test_mentions_in_fragments_count_as_missed(name):
    experiment = Experiment(f"tiny_{name}")
    in_fragments = Entity(0, 4, "ORG", ((0, 1), (3, 4)))
    model = experiment.model.eval()
    model(**experiment.batch(experiment.instances([sentence(5, in_fragments, PLACE)])))
    assert model._metric._numbers[0] == 2
    assert model.get_metrics().get("seed_recall", 0.5) == 0.5


def test_a_sample_of_negatives_differs_in_training_but_not_in_evaluation(name):
    experiment = Experiment(f"tiny_{name}", negatives_per_positive=1.0, min_negatives=1)
    for module in experiment.model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    batch = experiment.batch(experiment.corpus)
    assert len({experiment.model.eval()(**batch)["loss"].item() for _ in range(3)}) == 1
    assert len({experiment.model.train()(**batch)["loss"].item() for _ in range(3)}) > 1


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"max_span_length": 0}, "max_span_length is 0; allowed is >= 1"),
        ({"negatives_per_positive": -0.5}, "negatives_per_positive is -0.5; allowed is >= 0"),
        ({"min_negatives": -1}, "min_negatives is -1; allowed is >= 0"),
    ],
)
def test_impossible_settings_are_refused(name, overrides, message):
    with pytest.raises(ConfigurationError, match=message):
        Experiment(f"tiny_{name}", **overrides)


@pytest.mark.parametrize(
    ("name", "scorer", "max_span_length"),
    [
        ("exhaustive_span", PooledSpanScorer, 10),
        ("biaffine_span", BiaffineSpanScorer, None),
        ("span_level_classifier", MentionSpanScorer, 10),
    ],
)
def test_what_the_names_stand_for(name, scorer, max_span_length):
    model = Experiment(f"tiny_{name}").model
    assert isinstance(model, EnumeratedSpans)
    assert type(model._span_scorer) is scorer
    assert model._max_span_length == max_span_length
    assert (model._negatives_per_positive, model._min_negatives) == (None, 5)
    # Of a biaffine score the best type, NONE among them, decides alone what is a candidate.
    greedy = isinstance(model.decoder, GreedyDecoder) and model.decoder.score_threshold == 0.0
    assert greedy == (name == "biaffine_span")


def test_a_key_that_no_such_model_has_is_named(name):
    with pytest.raises(ConfigurationError, match=r"'max_length'.*allowed are.*'max_span_length'"):
        Experiment(f"tiny_{name}", max_length=3)


def test_given_mentions_are_for_another_model():
    message = "'gold_spans': true; the model .* is 'mention_typer'"
    with pytest.raises(ConfigurationError, match=message):
        Experiment("tiny_span_level_classifier", gold_spans=True)
