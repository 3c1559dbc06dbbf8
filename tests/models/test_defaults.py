"""What holds where a config says nothing, and what the names of models hand on."""

from inspect import signature

import pytest
import torch
from allennlp.models import Model

from locate_label_allennlp.models import EnumeratedSpans, LocateAndLabel, MentionTyper
from locate_label_allennlp.models.ner_model import NerModel
from locate_label_allennlp.models.nested_ner_model import NestedNerModel
from locate_label_allennlp.models.proposer_regressor import ProposerRegressor
from locate_label_allennlp.modules.mention_encoder import MentionEncoder
from locate_label_allennlp.modules.proposer_regressor import Proposer, Regressor
from locate_label_allennlp.modules.proposer_regressor.feature_pyramid import FeaturePyramid
from tests.models.tiny_experiment import Experiment

NAMES = ["tiny_exhaustive_span", "tiny_biaffine_span", "tiny_span_level_classifier"]


@pytest.mark.parametrize(
    ("function", "defaults"),
    [
        (EnumeratedSpans, {"min_negatives": 5, "max_span_length": None, "max_words": 2000}),
        (EnumeratedSpans.exhaustive_span, {"max_span_length": 10, "min_negatives": 5}),
        (EnumeratedSpans.biaffine_span, {"max_span_length": None, "min_negatives": 5}),
        (EnumeratedSpans.span_level_classifier, {"dropout": 0.0, "max_chunk_words": 32768}),
        (MentionTyper, {"dropout": 0.0, "max_chunk_words": 32768}),
        (MentionTyper.get_metrics, {"reset": False}),
        (NerModel.get_metrics, {"reset": False}),
        (NerModel._load, {"cuda_device": -1, "weights_file": None}),
        (NestedNerModel.get_metrics, {"reset": False}),
        (ProposerRegressor, {"max_words": 2000, "loss_weights": (1.0, 1.0)}),
        (LocateAndLabel, {"min_negatives": 5, "gold_as_seeds": True}),
        (MentionEncoder, {"max_chunk_words": 32768}),
        (Proposer, {"kernels": (2, 2), "backward_block": True, "dropout": 0.1}),
        (Regressor, {"num_layers": 3, "num_heads": 8, "dropout": 0.1}),
        (FeaturePyramid, {"backward_block": True, "dropout": 0.0}),
    ],
)
def test_defaults(function, defaults):
    parameters = signature(function).parameters
    assert {name: parameters[name].default for name in defaults} == defaults


def test_the_name_of_all_enumerated_spans():
    assert Model.by_name("enumerated_spans") is EnumeratedSpans


@pytest.mark.parametrize(
    ("overrides", "lengths"), [({}, None), ({"max_span_length": 3}, [1, 2, 3])]
)
def test_lengths_that_are_enumerated(overrides, lengths):
    enumerated = Experiment("tiny_biaffine_span", **overrides).model.enumerated_lengths
    assert (enumerated and [*enumerated]) == lengths


def test_lengths_of_seeds():
    model = Experiment("tiny", seed_lengths=[1, 3], evaluation_seed_lengths=[1, 2, 3]).model
    assert [*model.enumerated_lengths] == [1, 3]


def test_a_model_that_begins_with_no_spans_enumerates_no_lengths():
    assert Experiment("tiny_proposer_regressor").model.enumerated_lengths is None


def test_who_is_given_mentions():
    assert not NerModel.is_given_mentions
    assert not NestedNerModel.is_given_mentions
    assert MentionTyper.is_given_mentions


@pytest.mark.parametrize("name", NAMES)
def test_initializers_are_those_of_the_model(name):
    zeros = {"regexes": [[".*", {"type": "constant", "val": 0}]]}
    parameters = dict(Experiment(name, initializer=zeros).model.named_parameters())
    assert parameters
    assert all(not bool(parameter.any()) for parameter in parameters.values())


def test_the_span_level_classifier_hands_on_its_sizes():
    scorer = Experiment("tiny_span_level_classifier", dropout=0.25, max_chunk_words=7).model
    assert scorer._span_scorer._dropout.p == 0.25
    assert scorer._span_scorer._encoder._max_chunk_words == 7


@pytest.mark.parametrize("name", ["tiny_exhaustive_span", "tiny_span_level_classifier"])
def test_enumerated_spans_are_neither_filtered_nor_moved(name):
    experiment = Experiment(name)
    experiment.model.eval()
    seeds = experiment.model.candidates(**experiment.batch(experiment.corpus)).seeds
    assert (seeds.are_filtered, seeds.are_adjusted, seeds.needed_iou) == (False, False, 1.0)


@pytest.mark.parametrize(
    ("overrides", "filtered", "adjusted", "iou"),
    [
        ({}, True, True, 0.7),
        ({"filter": None}, False, True, 0.7),
        ({"regressor": None}, True, False, 1.0),
    ],
)
def test_what_happens_to_seeds(overrides, filtered, adjusted, iou):
    experiment = Experiment("tiny", **overrides)
    experiment.model.eval()
    seeds = experiment.model.candidates(**experiment.batch(experiment.corpus)).seeds
    assert (seeds.are_filtered, seeds.are_adjusted, seeds.needed_iou) == (filtered, adjusted, iou)


def test_a_seed_at_the_threshold_passes():
    experiment = Experiment("tiny", filter_threshold=0.5)
    model = experiment.model.eval()
    with torch.no_grad():
        for parameter in model._filter.parameters():
            parameter.zero_()
    seeds = model.candidates(**experiment.batch(experiment.corpus)).seeds
    assert seeds.of_candidates.numel() == seeds.spans.num_spans


def test_the_types_of_mentions_are_the_most_probable_ones():
    experiment = Experiment("tiny_mention_typer")
    model = experiment.model.eval()
    batch = experiment.batch(experiment.corpus)
    output = model(**batch)
    right = total = 0
    for row, entities in zip(batch["entities"].tolist(), output["entities"], strict=True):
        gold = {(start, end + 1, model.labels[label]) for start, end, label in row if start >= 0}
        right += sum((each.start, each.end, each.type) in gold for each in entities)
        total += len(gold)
    metrics = model.get_metrics(reset=True)
    assert metrics["oracle_span_accuracy"] == pytest.approx(right / total)
    assert 0 < right < total


def test_groups_of_metrics_are_more_than_those_of_a_progress_bar():
    experiment = Experiment("tiny")
    model = experiment.model.eval()
    model(**experiment.batch(experiment.corpus))
    assert model.group_metrics().keys() > {"nested_entities/f1", "boundaries/f1"}
    assert model.length_buckets.names
