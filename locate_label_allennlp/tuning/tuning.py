"""Calibrates the scores of a model, and chooses its thresholds, on a corpus."""

from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

import torch

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.data.fields import entities_of_tensor
from locate_label_allennlp.decoders import EntityDecoder
from locate_label_allennlp.decoders.entity_decoder import score_of
from locate_label_allennlp.decoders.score_calibration import ScoreCalibration
from locate_label_allennlp.models import NestedNerModel
from locate_label_allennlp.tuning.calibration import (
    Bin,
    calibration_error,
    fit_calibration,
    reliability,
)
from locate_label_allennlp.tuning.thresholds import (
    FEWEST,
    Found,
    Objective,
    best_for_all,
    best_for_each,
    sweeps,
)

ALL = slice(None)
EVEN, ODD = slice(0, None, 2), slice(1, None, 2)
"""Sentences: all, every other one, and the others."""


@dataclass
class Scores:
    """Of a corpus: micro scores, the objective, and the expected calibration error."""

    precision: float
    recall: float
    f1: float
    objective: float
    calibration_error: float


@dataclass
class Tuned:
    """
    # Parameters

    calibration : `ScoreCalibration`, optional
        `None` if the scores are best as they are.
    score_threshold : `float`
        Of the types that are not among `type_thresholds`.
    type_thresholds : `Dict[str, float]`
        Empty if one threshold for all types is as good on sentences that it was not chosen on.
    before, after : `Scores`
        On the corpus itself.
    num_sentences : `int`
    gold : `Dict[str, int]`
        Gold entities of each type.
    reliability : `List[Bin]`
        Of the calibrated scores of all that is found with a threshold of 0.
    curve : `List[Tuple[float, float, float]]`
        Threshold, precision and recall of all types together.
    """

    calibration: Optional[ScoreCalibration]
    score_threshold: float
    type_thresholds: Dict[str, float]
    before: Scores
    after: Scores
    num_sentences: int
    gold: Dict[str, int]
    reliability: List[Bin] = field(default_factory=list)
    curve: List[Tuple[float, float, float]] = field(default_factory=list)

    def as_json(self) -> Dict[str, Any]:
        return {
            **asdict(self),
            "calibration": None if self.calibration is None else vars(self.calibration),
            "reliability": [each._asdict() for each in self.reliability],
        }


class Sentences:
    """
    What a model makes of the sentences of a corpus, kept to be decoded again.

    # Parameters

    model : `NestedNerModel`
    batches : `Iterable[Dict[str, Any]]`
        With gold entities, on the model's device.
    """

    def __init__(self, model: NestedNerModel, batches: Iterable[Dict[str, Any]]) -> None:
        self._model = model
        self._scored: List[List[Entity]] = []
        self._gold: List[List[Entity]] = []
        model.eval()
        calibration, model.calibration = model.calibration, None
        try:
            for batch in batches:
                with torch.inference_mode():
                    self._add(batch)
        finally:
            model.calibration = calibration

    def _add(self, batch: Dict[str, Any]) -> None:
        metadata = batch["metadata"]
        candidates = self._model.candidates(**batch)
        self._scored += self._model.scored_spans(candidates, len(metadata))
        gold = entities_of_tensor(batch["entities"], self._model.labels)
        for reachable, sentence in zip(gold, metadata, strict=True):
            self._gold.append(list({*reachable, *sentence["unreachable"]}))

    def __len__(self) -> int:
        return len(self._gold)

    def gold(self, which: slice = ALL) -> Dict[str, int]:
        """Entities of each type, in all sentences or some."""
        counts = Counter(entity.type for sentence in self._gold[which] for entity in sentence)
        return {kind: counts[kind] for kind in self._model.labels.values()}

    def found(
        self, calibration: Optional[ScoreCalibration], decoder: Optional[EntityDecoder] = None
    ) -> List[List[Found]]:
        """
        Of each sentence the entities.

        # Parameters

        calibration : `ScoreCalibration`, optional
        decoder : `EntityDecoder`, optional
            By default that of the model, with a threshold of 0.
        """
        if decoder is None:
            decoder = self._model.decoder.with_thresholds(0.0)
        return [
            [
                Found(entity.type, score_of(entity), entity.key in keys)
                for entity in decoder.decode(spans)
            ]
            for spans, keys in zip(
                _calibrated(self._scored, calibration),
                ({entity.key for entity in gold} for gold in self._gold),
                strict=True,
            )
        ]


def _calibrated(
    scored: List[List[Entity]], calibration: Optional[ScoreCalibration]
) -> List[List[Entity]]:
    if calibration is None:
        return scored
    scores = torch.tensor([score_of(each) for spans in scored for each in spans])
    values = iter(calibration(scores).tolist())
    return [[replace(each, score=next(values)) for each in spans] for spans in scored]


def tune(
    sentences: Sentences,
    model: NestedNerModel,
    objective: Objective,
    each_type: bool = True,
    with_calibration: bool = True,
) -> Tuned:
    """
    # Parameters

    sentences : `Sentences`
        Of `model`.
    objective : `Objective`
    each_type : `bool`, optional (default = `True`)
        Whether types with at least `FEWEST` gold entities may have thresholds of their own. They
        get them if those chosen on one half of the sentences are better on the other half than the
        one threshold chosen there.
    with_calibration : `bool`, optional (default = `True`)
        Whether a calibration is fitted, and kept if it lowers the expected calibration error.
    """
    calibration = model.calibration
    found = before = sentences.found(calibration)
    if with_calibration:
        raw = _flat(before if calibration is None else sentences.found(None))
        fitted = fit_calibration([each.score for each in raw], [each.is_correct for each in raw])
        changed = sentences.found(fitted)
        # What is likeliest need not have the least error.
        if _error(changed) < _error(before):
            calibration, found = fitted, changed
    gold = sentences.gold()
    frequent = [kind for kind, number in gold.items() if number >= FEWEST] if each_type else []

    def choose(which: slice) -> Tuple[EntityDecoder, EntityDecoder]:
        """With one threshold for all types, and with those of the frequent ones."""
        by_type = sweeps(_flat(found[which]), sentences.gold(which))
        for_all = best_for_all(by_type, objective)
        for_each = best_for_each(by_type, objective, for_all, frequent)
        with_thresholds = model.decoder.with_thresholds
        return with_thresholds(for_all), with_thresholds(for_all, for_each)

    def value(decoder: EntityDecoder, which: slice) -> float:
        made = sentences.found(calibration, decoder)[which]
        return objective.of(_counts(made, sentences.gold(which)))

    def gain() -> float:
        """Of thresholds for types, on the half that they were not chosen on."""
        return sum(
            value(others, tested) - value(other, tested)
            for (other, others), tested in ((choose(EVEN), ODD), (choose(ODD), EVEN))
        )

    one, several = choose(ALL)
    decoder = several if frequent and gain() > 0 else one
    old = sentences.found(model.calibration, model.decoder)
    new = sentences.found(calibration, decoder)
    return Tuned(
        calibration,
        decoder.score_threshold,
        decoder.type_thresholds,
        _scores(_counts(old, gold), objective, _error(before)),
        _scores(_counts(new, gold), objective, _error(found)),
        len(sentences),
        gold,
        _reliability(found),
        _curve(found, sum(gold.values())),
    )


def _flat(found: Sequence[Sequence[Found]]) -> List[Found]:
    return [each for sentence in found for each in sentence]


def _counts(
    found: Sequence[Sequence[Found]], gold: Dict[str, int]
) -> Dict[str, Tuple[int, int, int]]:
    """`(correct, found, gold)` of each type."""
    flat = _flat(found)
    number = Counter(each.type for each in flat)
    correct = Counter(each.type for each in flat if each.is_correct)
    return {kind: (correct[kind], number[kind], wanted) for kind, wanted in gold.items()}


def _scores(counts: Dict[str, Tuple[int, int, int]], objective: Objective, error: float) -> Scores:
    correct, number, wanted = (sum(column) for column in zip(*counts.values(), strict=True))
    return Scores(
        correct / max(number, 1),
        correct / max(wanted, 1),
        Objective().value(correct, number, wanted),
        objective.of(counts),
        error,
    )


def _error(found: Sequence[Sequence[Found]]) -> float:
    return calibration_error(_reliability(found))


def _reliability(found: Sequence[Sequence[Found]]) -> List[Bin]:
    flat = _flat(found)
    return reliability([each.score for each in flat], [each.is_correct for each in flat])


def _curve(found: Sequence[Sequence[Found]], gold: int) -> List[Tuple[float, float, float]]:
    sweep = sweeps([each._replace(type="") for each in _flat(found)], {"": gold})[""]
    every = max(len(sweep.thresholds) // 500, 1)
    points = [(float(each), *sweep.at(each)[:2]) for each in sweep.thresholds[::every]]
    return [
        (threshold, correct / max(number, 1), correct / max(gold, 1))
        for threshold, correct, number in points
    ]


def tuned_config(config: Any, tuned: Tuned, decoder: str) -> Any:
    """
    The config of an archive with what was chosen.

    # Parameters

    decoder : `str`
        The name of the model's decoder, for a config that has none.
    """
    model = config["model"]
    given = model.get("decoder") or {"type": decoder}
    given = {"type": given} if isinstance(given, str) else given
    model["decoder"] = {
        **given,
        "score_threshold": tuned.score_threshold,
        "type_thresholds": tuned.type_thresholds,
    }
    model.pop("calibration", None)
    if tuned.calibration is not None:
        model["calibration"] = vars(tuned.calibration)
    return config
