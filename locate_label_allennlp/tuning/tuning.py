"""Fits a temperature and chooses thresholds for a model on a corpus."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Dict, Iterable, List, Sequence, Tuple

import numpy
import torch
from torch import Tensor

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.data.fields import entities_of_tensor
from locate_label_allennlp.models import Candidates, NestedNerModel
from locate_label_allennlp.models.nested_ner_model import tempered
from locate_label_allennlp.nn.exact_match import exact_labels
from locate_label_allennlp.report.curves import with_threshold
from locate_label_allennlp.tuning.calibration import (
    Bin,
    calibration_error,
    fit_temperature,
    reliability,
)
from locate_label_allennlp.tuning.thresholds import (
    Found,
    Objective,
    best_for_all,
    best_for_each,
    halves,
    sweeps,
)

# Candidates that are surely NONE have no say in a temperature, and there are many.
_SURE = 1e-4


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

    temperature : `float`
    score_threshold : `float`
        Of the types that are not among `type_thresholds`, and the lowest of all.
    type_thresholds : `Dict[str, float]`
        Empty if one threshold for all types is as good on sentences that it was not chosen on.
    before, after : `Scores`
        On the corpus itself.
    num_sentences : `int`
    gold : `Dict[str, int]`
        Gold entities of each type.
    reliability : `List[Bin]`
        After the temperature, of all that is found with a threshold of 0.
    curve : `List[Tuple[float, float, float]]`
        Threshold, precision and recall of all types together.
    """

    temperature: float
    score_threshold: float
    type_thresholds: Dict[str, float]
    before: Scores
    after: Scores
    num_sentences: int
    gold: Dict[str, int]
    reliability: List[Bin] = field(default_factory=list)
    curve: List[Tuple[float, float, float]] = field(default_factory=list)

    def as_json(self) -> Dict[str, Any]:
        return {**asdict(self), "reliability": [each._asdict() for each in self.reliability]}


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
        self._batches: List[Tuple[Candidates, int]] = []
        self._gold: List[List[Entity]] = []
        logs: List[Tensor] = []
        labels: List[Tensor] = []
        model.eval()
        temperature, model.temperature = model.temperature, 1.0
        try:
            for batch in batches:
                with torch.inference_mode():
                    self._add(batch, logs, labels)
        finally:
            model.temperature = temperature
        self.logs = torch.cat(logs).numpy() if logs else numpy.zeros((0, 1))
        self.labels = torch.cat(labels).numpy() if labels else numpy.zeros(0, dtype=int)

    def _add(self, batch: Dict[str, Any], logs: List[Tensor], labels: List[Tensor]) -> None:
        metadata = batch["metadata"]
        candidates = self._model.candidates(**batch)
        max_words = max(len(sentence["words"]) for sentence in metadata)
        # (K,)
        label = exact_labels(candidates.spans, batch["entities"], max_words)
        kept = ((candidates.probabilities[:, 0] < 1 - _SURE) | (label > 0)).nonzero().squeeze(1)
        spans, probabilities = candidates.spans.select(kept), candidates.probabilities[kept]
        self._batches.append((Candidates(spans, probabilities), len(metadata)))
        tiny = torch.finfo(torch.float32).tiny
        logs.append(probabilities.double().clamp(min=tiny).log().cpu())
        labels.append(label[kept].cpu())
        gold = entities_of_tensor(batch["entities"], self._model.labels)
        for reachable, sentence in zip(gold, metadata, strict=True):
            self._gold.append(list({*reachable, *sentence["unreachable"]}))

    def __len__(self) -> int:
        return len(self._gold)

    @property
    def gold(self) -> Dict[str, int]:
        counts = Counter(entity.type for sentence in self._gold for entity in sentence)
        return {kind: counts[kind] for kind in self._model.labels.values()}

    def gold_of_halves(self) -> List[Dict[str, int]]:
        """The same of every other sentence, and of the others."""
        parts = (self._gold[start::2] for start in (0, 1))
        counts = [Counter(each.type for sentence in part for each in sentence) for part in parts]
        return [{kind: each[kind] for kind in self._model.labels.values()} for each in counts]

    def found(self, temperature: float) -> List[List[Found]]:
        """Of each sentence the entities at a threshold of 0."""
        decoder = with_threshold(self._model.decoder, 0.0)
        found: List[List[Found]] = []
        for candidates, num_sentences in self._batches:
            probabilities = tempered(candidates.probabilities, temperature)
            scored = self._model.scored_spans(
                candidates._replace(probabilities=probabilities), num_sentences
            )
            for spans in scored:
                gold = {entity.key for entity in self._gold[len(found)]}
                found.append(
                    [
                        Found(entity.type, float(entity.score or 0.0), entity.key in gold)
                        for entity in decoder.decode(spans)
                    ]
                )
        return found


def tune(
    sentences: Sentences,
    model: NestedNerModel,
    objective: Objective,
    each_type: bool = True,
    with_temperature: bool = True,
) -> Tuned:
    """
    # Parameters

    sentences : `Sentences`
        Of `model`.
    objective : `Objective`
    each_type : `bool`, optional (default = `True`)
        Whether types may have thresholds of their own. They get them if those chosen on one half of
        the sentences are better on the other half than the one threshold chosen there.
    with_temperature : `bool`, optional (default = `True`)
        Whether a temperature is fitted, and kept if it lowers the expected calibration error.
    """
    temperature = model.temperature
    found = before = sentences.found(temperature)
    if with_temperature:
        fitted = fit_temperature(sentences.logs, sentences.labels)
        changed = sentences.found(fitted)
        # What is likeliest for all candidates need not be so for what is found.
        if _error(changed) < _error(before):
            temperature, found = fitted, changed
    gold = sentences.gold
    by_type = sweeps(_flat(found), gold)
    for_all = best_for_all(by_type, objective)
    chosen: Dict[str, float] = {}
    if each_type and _generalises(found, sentences.gold_of_halves(), objective):
        chosen = best_for_each(by_type, objective, for_all)
    lowest = min([for_all, *chosen.values()])
    thresholds = {kind: chosen.get(kind, for_all) for kind in gold} if chosen else {}
    new = {kind: thresholds.get(kind, for_all) for kind in gold}
    return Tuned(
        temperature,
        lowest,
        thresholds,
        _scores(before, gold, model.thresholds, objective),
        _scores(found, gold, new, objective),
        len(sentences),
        gold,
        _reliability(found),
        _curve(found, sum(gold.values())),
    )


def _flat(found: Sequence[Sequence[Found]]) -> List[Found]:
    return [each for sentence in found for each in sentence]


def _generalises(
    found: Sequence[Sequence[Found]], gold: Sequence[Dict[str, int]], objective: Objective
) -> bool:
    """Whether thresholds of types chosen on each half are better on the other one."""
    parts = [sweeps(each, numbers) for each, numbers in zip(halves(found), gold, strict=True)]
    one = several = 0.0
    for learned, tested in (parts, parts[::-1]):
        for_all = best_for_all(learned, objective)
        chosen = best_for_each(learned, objective, for_all)
        one += objective.of({kind: each.at(for_all) for kind, each in tested.items()})
        several += objective.of(
            {kind: each.at(chosen.get(kind, for_all)) for kind, each in tested.items()}
        )
    return several > one


def _scores(
    found: Sequence[Sequence[Found]],
    gold: Dict[str, int],
    thresholds: Dict[str, float],
    objective: Objective,
) -> Scores:
    counts = {kind: [0, 0, number] for kind, number in gold.items()}
    for each in _flat(found):
        if each.score > thresholds[each.type]:
            counts[each.type][0] += each.is_correct
            counts[each.type][1] += 1
    correct, number, wanted = (sum(column) for column in zip(*counts.values(), strict=True))
    precision, recall = correct / max(number, 1), correct / max(wanted, 1)
    return Scores(
        precision,
        recall,
        Objective().value(correct, number, wanted),
        objective.of({kind: (row[0], row[1], row[2]) for kind, row in counts.items()}),
        _error(found),
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
    model["decoder"] = {**given, "score_threshold": tuned.score_threshold}
    model["temperature"] = tuned.temperature
    model["type_thresholds"] = tuned.type_thresholds
    return config
