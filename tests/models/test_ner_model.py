"""What all models have in common."""

import json
from pathlib import Path
from unittest import mock

import pytest
import torch
from allennlp.commands.train import train_model
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.models import Model

from tests.allennlp_command import error_line, run_allennlp
from tests.models.tiny_experiment import Experiment, sentence

FIXTURES = Path(__file__).parents[2] / "fixtures"


def test_an_archive_of_version_0_1_0_says_so(tmp_path):
    overrides = {"trainer.num_epochs": 1}
    config = FIXTURES / "configs" / "tiny_proposer_regressor.jsonnet"
    train_model(Params.from_file(str(config), json.dumps(overrides)), tmp_path / "model")
    weights = tmp_path / "model" / "best.th"
    state = torch.load(weights)
    del state["_archive_version"]
    torch.save(state, weights)
    corpus = FIXTURES / "formats" / "nested.jsonl"
    output = run_allennlp("evaluate", "model", corpus, cwd=tmp_path, fails=True)
    assert "only version 0.1.0 can read it" in error_line(output)


def test_weights_of_another_version_are_not_loaded(tiny, tmp_path):
    experiment = tiny()
    experiment.vocab.save_to_files(str(tmp_path / "vocabulary"))
    state = experiment.model.state_dict()
    torch.save(state, tmp_path / "best.th")
    del state["_archive_version"]
    torch.save(state, tmp_path / "old.th")

    def load(weights_file=None):
        return Model.load(experiment.params.duplicate(), tmp_path, weights_file)

    for weights_file in (None, tmp_path / "best.th"):
        assert load(weights_file).state_dict().keys() > state.keys()
    with pytest.raises(ConfigurationError, match=r"only version 0\.1\.0 can read it"):
        load(tmp_path / "old.th")
    (tmp_path / "old.th").rename(tmp_path / "best.th")
    with pytest.raises(ConfigurationError, match=r"only version 0\.1\.0 can read it"):
        load()


def test_the_sources_of_embeddings_reach_allennlp(tiny):
    model = tiny().model
    with mock.patch.object(Model, "extend_embedder_vocab") as extend:
        model.extend_embedder_vocab()
        model.extend_embedder_vocab({"tokens": "vectors.txt"})
    assert [call.args for call in extend.mock_calls] == [({},), ({"tokens": "vectors.txt"},)]


def test_candidates_are_for_evaluation(tiny):
    experiment = tiny()
    experiment.model.train()
    with pytest.raises(ValueError, match="training mode makes no candidates"):
        experiment.model.candidates(**experiment.batch(experiment.corpus))


def test_in_training_no_candidates_are_made(tiny):
    experiment = tiny()
    batch = experiment.batch(experiment.corpus)
    calls = []
    experiment.model._filter.register_forward_hook(lambda *call: calls.append(1))
    assert experiment.model.train()(**batch).keys() == {"loss"}
    assert len(calls) == 1
    assert experiment.model.eval()(**batch).keys() == {"loss", "entities"}
    assert len(calls) == 3


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("tiny", {"filter_threshold": 0.0}),
        ("tiny_biaffine_span", {}),
        ("tiny_exhaustive_span", {}),
        ("tiny_mention_typer", {}),
        ("tiny_proposer_regressor", {}),
        ("tiny_span_level_classifier", {}),
    ],
)
def test_scores_that_are_not_finite_are_an_error(name, changes):
    experiment = Experiment(name, **changes)
    experiment.model.eval()
    instances = experiment.corpus[:1]
    if not experiment.model.is_given_mentions:
        instances = [experiment.reader.text_to_instance([sentence(5)], 0, False)]
    assert experiment.model.forward_on_instances(instances)
    for weights in experiment.model.parameters():
        sound = weights.data.clone()
        weights.data.fill_(torch.nan)
        with pytest.raises(FloatingPointError, match=r"scores are not finite|the loss is nan"):
            experiment.model.forward_on_instances(instances)
        weights.data.copy_(sound)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("tiny_proposer_regressor", {}),
        ("tiny_biaffine_span", {}),
        # It pairs all words even so.
        ("tiny_biaffine_span", {"max_span_length": 2}),
        ("tiny_exhaustive_span", {"max_span_length": None}),
    ],
)
def test_sentences_too_long_for_a_quadratic_model(name, settings):
    experiment = Experiment(name, max_words=4, **settings)
    experiment.model.eval()
    instances = [experiment.reader.text_to_instance([sentence(size)], 0, False) for size in (4, 5)]
    assert len(experiment.model.forward_on_instances(instances[:1])) == 1
    with pytest.raises(
        ConfigurationError, match=r"corpus\.jsonl:5: a sentence of 5 words, .* allowed are 4"
    ):
        experiment.model.forward_on_instances(instances)
    assert Experiment(name, **settings).model._max_words == 2000


def test_a_model_of_short_spans_alone_takes_any_sentence():
    experiment = Experiment("tiny_exhaustive_span", max_span_length=2, max_words=4)
    instance = experiment.reader.text_to_instance([sentence(5)], 0, False)
    assert len(experiment.model.eval().forward_on_instances([instance])) == 1


@pytest.mark.parametrize("name", ["tiny_proposer_regressor", "tiny_biaffine_span"])
def test_long_sentences_are_predicted_in_windows(name):
    """What stands far from where a sentence is cut is found as if it were not."""
    experiment = Experiment(name, max_words=6, window_overlap=3)
    model = experiment.model.eval()
    sizes = (3, 12, 5, 6, 17)
    instances = [experiment.reader.text_to_instance([sentence(size)], 0, False) for size in sizes]
    seen = []
    model.detect = lambda words, gold: (
        seen.append(words.lengths.tolist()) or type(model).detect(model, words, gold)
    )
    batch = experiment.batch(instances)
    candidates = model.candidates(**batch)
    assert seen == [[3, 5, 6], [6], [6], [6], [6], [6], [6], [6], [5]]
    spans = candidates.spans
    assert spans.sentence.tolist() == sorted(spans.sentence.tolist())
    for number in (0, 2, 3):
        alone = model.candidates(**experiment.batch([instances[number]]))
        mine = spans.sentence == number
        assert spans.start[mine].tolist() == alone.spans.start.tolist()
        torch.testing.assert_close(candidates.probabilities[mine], alone.probabilities)
    assert all((spans.end < torch.tensor(sizes)[spans.sentence]).tolist())
    for number in (1, 4):
        assert int(spans.end[spans.sentence == number].max()) > 6


def test_windows_without_overlap():
    experiment = Experiment("tiny_biaffine_span", max_words=1, window_overlap=0)
    model = experiment.model.eval()
    batch = experiment.batch([experiment.reader.text_to_instance([sentence(3)], 0, False)])
    spans = model.candidates(**batch).spans
    assert [spans.start.tolist(), spans.end.tolist()] == [[0, 1, 2], [0, 1, 2]]


def test_windows_change_nothing_for_scores_of_single_spans():
    """A span's score in `biaffine` depends on nothing but its own words' vectors."""
    experiment = Experiment("tiny_biaffine_span", max_words=8, window_overlap=4)
    model = experiment.model.eval()
    batch = experiment.batch([experiment.reader.text_to_instance([sentence(13)], 0, False)])

    def scores(candidates):
        spans = zip(candidates.spans.start.tolist(), candidates.spans.end.tolist(), strict=True)
        return dict(zip(spans, candidates.probabilities.tolist(), strict=True))

    in_windows = scores(model.candidates(**batch))
    model._max_words = None
    whole = scores(model.candidates(**batch))
    assert {span for span in whole if span[1] - span[0] <= 4} <= in_windows.keys()
    for span, probabilities in in_windows.items():
        assert probabilities == pytest.approx(whole[span], abs=1e-6)


def test_long_sentences_are_evaluated_but_not_trained_on_in_windows():
    experiment = Experiment("tiny_proposer_regressor", max_words=4, window_overlap=2)
    batch = experiment.batch(experiment.corpus)
    output = experiment.model.eval()(**batch)
    assert output["loss"].isfinite()
    assert len(output["entities"]) == len(experiment.corpus)
    with pytest.raises(ConfigurationError, match="allowed are 4"):
        experiment.model.train()(**batch)


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("tiny_biaffine_span", {"max_words": 0}, "max_words is 0; allowed is >= 1"),
        ("tiny_biaffine_span", {"max_words": 9, "window_overlap": 5}, "5; allowed is 0 to .* 4"),
        ("tiny_biaffine_span", {"window_overlap": -1}, "-1; allowed is 0 to half of .* 1000"),
        ("tiny_exhaustive_span", {"window_overlap": 1}, "allowed is null for a model that has no"),
        (
            "tiny_mention_typer",
            {"max_words": 9, "window_overlap": 1},
            "allowed is null for a model .* given its mentions",
        ),
    ],
)
def test_limits_of_windows(name, changes, message):
    with pytest.raises(ConfigurationError, match=message):
        Experiment(name, **changes)


def test_a_linear_model_has_no_limit(tiny):
    assert tiny().model._max_words is None
    assert Experiment("tiny_exhaustive_span").model._max_words is None
