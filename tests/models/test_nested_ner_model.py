"""What all models have in common."""

import math

import pytest
import torch
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.decoders.score_calibration import ScoreCalibration
from locate_label_allennlp.models.detection import Candidates, Seeds
from locate_label_allennlp.models.nested_ner_model import _reached
from locate_label_allennlp.nn.spans import FlatSpans


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


@pytest.mark.parametrize(
    ("name", "number"),
    [*(("slope", each) for each in (0, -1.0, math.inf, math.nan)), ("shift", math.nan)],
)
def test_calibrations_that_are_refused(name, number):
    with pytest.raises(
        ConfigurationError, match=rf"calibration\.{name} is .*; allowed is .*finite"
    ):
        ScoreCalibration(**{name: number})


def test_the_calibration_of_a_config_is_checked(tiny):
    with pytest.raises(
        ConfigurationError, match=r"calibration\.slope is 0; allowed is more than 0"
    ):
        tiny({"model.calibration": {"slope": 0}})


def test_a_calibration_is_of_the_scores_alone(tiny, every_span):
    plain = tiny(every_span)
    changed = tiny({**every_span, "model.calibration": {"slope": 0.5, "shift": -1}})
    batch = plain.batch(plain.corpus)
    given, other = (each.model.eval().candidates(**batch) for each in (plain, changed))
    torch.testing.assert_close(given.probabilities, other.probabilities, rtol=0, atol=0)
    assert changed.model(**batch)["loss"] == plain.model(**batch)["loss"]
    raw, calibrated = (each.model.scored_spans(given, 7) for each in (plain, changed))
    assert sum(map(len, raw)) > 5
    for one, two in zip(raw, calibrated, strict=True):
        assert [each.key for each in one] == [each.key for each in two]
        odds = [math.sqrt(each.score / (1 - each.score)) / math.e for each in one]
        assert [each.score for each in two] == pytest.approx([o / (1 + o) for o in odds])


def test_thresholds_that_are_set(tiny):
    model = tiny({"model.decoder.type_thresholds": {"ORG": 0.75}}).model
    decoder = model.decoder
    model.set_threshold({"PLACE": 0.25})
    assert model.decoder.score_threshold == 0.5
    assert decoder.type_thresholds == {"ORG": 0.75}
    assert model.thresholds == {
        kind: {"ORG": 0.75, "PLACE": 0.25}.get(kind, 0.5) for kind in model.labels.values()
    }
    model.set_threshold(0.125)
    assert set(model.thresholds.values()) == {0.125}
    assert model.decoder.type_thresholds == {}
    with pytest.raises(ConfigurationError, match=r"threshold has \['NO'\]; allowed are"):
        model.set_threshold({"NO": 0.5})
    with pytest.raises(ConfigurationError, match=r"`threshold\.ORG` is 1\.5"):
        model.set_threshold({"ORG": 1.5})
    with pytest.raises(ConfigurationError, match=r"`threshold` is -0\.5"):
        model.set_threshold(-0.5)
    assert set(model.thresholds.values()) == {0.125}
    model.set_threshold(0)
    assert set(model.thresholds.values()) == {0}


def test_thresholds_of_a_config_are_checked(tiny):
    name = "model.decoder.type_thresholds"
    assert tiny({name: {"ORG": 0}}).model.thresholds["ORG"] == 0
    with pytest.raises(ConfigurationError, match=r"type_thresholds has \['NO'\]; allowed are"):
        tiny({name: {"NO": 0.5}})
    with pytest.raises(ConfigurationError, match=r"`type_thresholds\.ORG` is 1\.5"):
        tiny({name: {"ORG": 1.5}})


def test_entities_that_seeds_lead_to():
    entities = torch.tensor(
        [[[0, 1, 0], [0, 1, 0], [2, 2, 1]], [[0, 1, 0], [4, 4, 1], [-1, -1, -1]]]
    )
    seeds = FlatSpans(*torch.tensor([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 3, 3]]).unbind(1))

    def reached(needed_iou, are_filtered, second=(3, 3)):
        spans = FlatSpans(*torch.tensor([[0, 1, 1], [1, *second]]).unbind(1))
        made_from = Seeds(seeds, torch.tensor([1, 3]), are_filtered, needed_iou, True)
        return _reached(Candidates(spans, torch.ones(2, 3), made_from), entities)

    # Half of the first entity of each sentence, which counts once however often it is given.
    assert reached(0.5, True) == {"seed": 2, "filter": 1}
    assert reached(0.5, False) == {"seed": 2}
    assert reached(1.0, True) == {"seed": 1, "filter": 0}
    # The last seed touches no entity, and has moved onto one.
    assert reached(1.0, True, second=(4, 4)) == {"seed": 2, "filter": 1}
    assert reached(0.5, True, second=(4, 4)) == {"seed": 3, "filter": 2}
    assert reached(1.0, True, second=(3, 4)) == {"seed": 1, "filter": 0}
    without = Candidates(seeds, torch.ones(4, 3))
    assert _reached(without, entities) == {}
