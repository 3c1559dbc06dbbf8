"""What is kept of what was chosen for a model."""

from types import SimpleNamespace
from typing import Any, Dict, List, Tuple

import pytest
import torch

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.decoders import EntityDecoder, FlatDecoder, NmsDecoder
from locate_label_allennlp.decoders.score_calibration import ScoreCalibration
from locate_label_allennlp.models import NestedNerModel
from locate_label_allennlp.tuning import tuning
from locate_label_allennlp.tuning.thresholds import Objective
from locate_label_allennlp.tuning.tuning import Sentences, Tuned, tune, tuned_config
from tests.models.tiny_experiment import Experiment


def sentences_of(**model: Any) -> Tuple[Experiment, Sentences]:
    experiment = Experiment("tiny_exhaustive_span", **model)
    batches = [experiment.batch(experiment.corpus)]
    return experiment, Sentences(experiment.model, batches)


@pytest.mark.parametrize(("shift", "lowers"), [(-3.0, True), (3.0, False)])
def test_a_calibration_is_kept_if_it_lowers_the_error(
    shift: float, lowers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted = ScoreCalibration(shift=shift)
    monkeypatch.setattr(tuning, "fit_calibration", lambda scores, correct: fitted)
    experiment, sentences = sentences_of(decoder={"type": "none", "score_threshold": 0})
    tuned = tune(sentences, experiment.model, Objective())
    # The untrained model finds much, and next to nothing of it is right.
    assert tuned.calibration is (fitted if lowers else None)
    assert (tuned.after.calibration_error < tuned.before.calibration_error) == lowers
    as_they_are = tune(sentences, experiment.model, Objective(), with_calibration=False)
    assert as_they_are.calibration is None
    assert as_they_are.after.calibration_error == as_they_are.before.calibration_error


def test_it_is_fitted_to_the_scores_as_the_model_gives_them() -> None:
    decoder: Dict[str, Any] = {"type": "none", "score_threshold": 0}
    _, plain = sentences_of(decoder=decoder)
    calibration = {"slope": 0.3, "shift": -1.0}
    experiment, changed = sentences_of(decoder=decoder, calibration=calibration)
    assert changed.found(None) == plain.found(None)
    assert vars(experiment.model.calibration) == calibration
    tuned = tune(changed, experiment.model, Objective())
    # Before is what the archive does: with its own calibration.
    scores = [each.score for found in changed.found(experiment.model.calibration) for each in found]
    assert max(scores) < max(each.score for found in plain.found(None) for each in found)
    assert tuned.calibration is not None
    assert vars(tuned.calibration) != calibration


@pytest.mark.parametrize("decoder", ["soft_nms", "flat"])
def test_the_figures_are_those_of_decoding_with_what_was_chosen(decoder: str) -> None:
    experiment, sentences = sentences_of(decoder={"type": decoder, "score_threshold": 0.3})
    tuned = tune(sentences, experiment.model, Objective())
    model = experiment.model
    assert isinstance(model, NestedNerModel)
    batch = experiment.batch(experiment.corpus)

    def scores() -> Tuple[float, float]:
        model.get_metrics(reset=True)
        model(**batch)
        metrics = model.get_metrics(reset=True)
        return metrics["micro_precision"], metrics["micro_recall"]

    assert scores() == pytest.approx((tuned.before.precision, tuned.before.recall))
    model.calibration = tuned.calibration
    model.decoder = model.decoder.with_thresholds(tuned.score_threshold, tuned.type_thresholds)
    assert scores() == pytest.approx((tuned.after.precision, tuned.after.recall))


def tuned_on(
    scored: List[List[Entity]], gold: List[List[Tuple[int, int, int]]], decoder: EntityDecoder
) -> Tuned:
    """Of a model that has these scored spans; gold entities are start, inclusive end and label."""
    model: Any = SimpleNamespace(
        calibration=None,
        candidates=lambda **batch: None,
        decoder=decoder,
        eval=lambda: None,
        labels={0: "A", 1: "B"},
        scored_spans=lambda candidates, num_sentences: scored,
    )
    batch = {"metadata": [{"unreachable": []} for _ in gold], "entities": torch.tensor(gold)}
    return tune(Sentences(model, [batch]), model, Objective(), with_calibration=False)


def sentence(*scores: float) -> List[Entity]:
    """Scores of two entities of A and of two of B, the first of each being right."""
    return [
        Entity(index, index + 1, kind, score=score)
        for index, (kind, score) in enumerate(zip("AABB", scores, strict=True))
    ]


APART = sentence(0.9, 0.7, 0.5, 0.3)


@pytest.mark.parametrize(
    ("number", "even", "odd", "expected"),
    [
        # Between the right ones and the wrong ones of the type.
        (50, APART, APART, {"A": 0.8, "B": 0.4}),
        # 0.43 and 0.325 are best on all, but what is best on the odd ones is bad on the others.
        (50, sentence(0.5, 0.36, 0.5, 0.3), sentence(0.9, 0.36, 0.35, 0.2), {}),
        # Too rare for thresholds of their own; half of 50 are in each half.
        (49, APART, APART, {}),
    ],
)
def test_types_have_their_own_thresholds_if_these_are_better_elsewhere(
    number: int, even: List[Entity], odd: List[Entity], expected: Dict[str, float]
) -> None:
    scored = [odd if index % 2 else even for index in range(number)]
    gold = [[(0, 0, 0), (2, 2, 1)] for _ in scored]
    tuned = tuned_on(scored, gold, NmsDecoder(score_threshold=0.6))
    assert tuned.type_thresholds == pytest.approx(expected)
    assert tuned.gold == {"A": number, "B": number}
    assert tuned.after.f1 > tuned.before.f1
    assert (tuned.after.f1 == 1.0) == bool(expected)


def test_a_config_gets_what_was_chosen() -> None:
    gold = [[(0, 0, 0), (2, 2, 1)]] * 50
    tuned = tuned_on([APART] * 50, gold, NmsDecoder(score_threshold=0.6))
    thresholds = {"score_threshold": tuned.score_threshold, "type_thresholds": {"A": 0.8, "B": 0.4}}
    for given, kept in [
        ({"type": "nms", "overlap_threshold": 0.3, "type_thresholds": {"C": 0.1}}, 0.3),
        ("nms", None),
        (None, None),
    ]:
        config = {"model": {"decoder": given, "calibration": {"slope": 2.0}}}
        model = tuned_config(config, tuned, "nms")["model"]
        assert model["decoder"].pop("overlap_threshold", None) == kept
        assert model == {"decoder": {"type": "nms", **thresholds}}


def test_what_a_decoder_takes_depends_on_its_threshold() -> None:
    # Of the first sentence `flat` takes the two parts, unless they are below the threshold.
    scored = [
        [
            Entity(0, 4, "A", score=0.8),
            Entity(0, 2, "A", score=0.45),
            Entity(2, 4, "A", score=0.45),
        ],
        [Entity(0, 1, "A", score=0.6)],
    ]
    tuned = tuned_on(scored, [[(0, 3, 0)], [(0, 0, 0)]], FlatDecoder(score_threshold=0.0))
    assert (tuned.before.precision, tuned.before.recall) == (pytest.approx(1 / 3), 0.5)
    assert tuned.score_threshold == pytest.approx(0.525)
    assert (tuned.after.precision, tuned.after.recall) == (1.0, 1.0)
