"""From a model and a corpus to the report's numbers."""

from typing import Any, Dict, Iterable, List, Mapping, Optional, Protocol, Sequence, Type, Union

from allennlp.common import Registrable
from allennlp.common.util import JsonDict
from allennlp.models import Model

from locate_label_allennlp.data.document import CorpusError
from locate_label_allennlp.decoders import EntityDecoder
from locate_label_allennlp.models.mention_typer import MentionTyper
from locate_label_allennlp.models.nested_ner_model import NestedNerModel
from locate_label_allennlp.report.calibration import Calibration
from locate_label_allennlp.report.confusion import Confusion
from locate_label_allennlp.report.curves import Curves
from locate_label_allennlp.report.layers import Layers
from locate_label_allennlp.report.lengths import Lengths
from locate_label_allennlp.report.mentions import (
    GivenMentions,
    WrongMentions,
    mention_traces,
)
from locate_label_allennlp.report.mistakes import Mistakes
from locate_label_allennlp.report.offsets import Offsets
from locate_label_allennlp.report.probabilities import Probabilities
from locate_label_allennlp.report.scores import Scores
from locate_label_allennlp.report.spans import Spans
from locate_label_allennlp.report.traces import Trace, traces
from locate_label_allennlp.training.metrics.entity_counter import EntityCounter

# The document is described in docs/report.md; whoever changes it counts this up.
VERSION = 2

_NOTHING = {"sentences": 0, "words": 0, "gold": 0, "discontinuous": 0, "found": 0}


class _Part(Protocol):
    """Keeps what it needs of each sentence, and makes its part of the report of it."""

    def add(self, trace: Trace) -> None: ...

    def as_json(self) -> Optional[Dict[str, Any]]: ...


def build_report(
    model: NestedNerModel,
    batches: Iterable[Dict[str, Any]],
    archive: str,
    path: str,
    max_examples: int = 5,
    training: Optional[List[Dict[str, Any]]] = None,
) -> JsonDict:
    """
    Everything that a report shows. Only what it needs of each sentence is kept.

    # Parameters

    model : `NestedNerModel`
    batches : `Iterable[Dict[str, Any]]`
        Of sentences with gold entities, on the model's device.
    archive, path : `str`
        Where the model and the corpus lie.
    max_examples : `int`, optional (default = `5`)
        Sentences to show for each stage that loses entities, and each origin of false ones.
    training : `List[Dict[str, Any]]`, optional
        The losses of the epochs, as `epochs_of` has them.

    # Errors

    `CorpusError` if there are no sentences, or no gold entities in them.
    """
    types = [model.labels[index] for index in sorted(model.labels)]
    counter = EntityCounter(types, model.length_buckets)
    parts: Dict[str, _Part] = {
        "scores": Scores(counter),
        "lengths": Lengths(model.enumerated_lengths),
        "spans": Spans(),
        "mistakes": Mistakes(model.decoder, types, max_examples),
        "confusion": Confusion(types),
        "curves": Curves(model.decoder, counter),
        "calibration": Calibration(model.decoder),
        "offsets": Offsets(types),
        "layers": Layers(types, max_examples),
        "probabilities": Probabilities(types),
    }
    corpus = dict(_NOTHING)
    for trace in traces(model, batches):
        _count(trace, corpus)
        for part in parts.values():
            part.add(trace)
    report = _report(_described(model, types), archive, path, corpus, training, parts)
    report.update(report.pop("mistakes"))
    return report


def build_mention_report(
    model: MentionTyper,
    batches: Iterable[Dict[str, Any]],
    archive: str,
    path: str,
    max_examples: int = 5,
    training: Optional[List[Dict[str, Any]]] = None,
) -> JsonDict:
    """
    The same for a model whose mentions are given: what can be said of their types.

    # Errors

    `CorpusError` if there are no sentences, or no gold entities in them.
    """
    types = [model.labels[index] for index in sorted(model.labels)]
    probabilities = Probabilities(types)
    given: Dict[str, Union[GivenMentions, WrongMentions]] = {
        "given": GivenMentions(),
        "wrong": WrongMentions(max_examples),
    }
    parts: Dict[str, _Part] = {
        "scores": Scores(EntityCounter(types)),
        "lengths": Lengths(),
        "confusion": Confusion(types),
    }
    corpus = dict(_NOTHING)
    for traced in mention_traces(model, batches):
        _count(traced.trace, corpus)
        for part in parts.values():
            part.add(traced.trace)
        for mentions in given.values():
            mentions.add(traced)
        for (gold, _), row in zip(traced.mentions, traced.trace.probabilities, strict=True):
            probabilities.add_row(gold.type, row)
    described = {"type": registered_name(Model, type(model)), "types": types}
    report = _report(described, archive, path, corpus, training, {**given, **parts})
    return {**report, "probabilities": probabilities.as_json()}


def _report(
    described: JsonDict,
    archive: str,
    path: str,
    corpus: Dict[str, int],
    training: Optional[List[Dict[str, Any]]],
    parts: Mapping[str, Any],
) -> JsonDict:
    _check(corpus, path)
    return {
        "version": VERSION,
        "model": {"archive": archive, **described},
        "corpus": {"path": path, **corpus},
        "training": training,
        **{name: part.as_json() for name, part in parts.items()},
    }


def _check(corpus: Dict[str, int], path: str) -> None:
    if not corpus["sentences"]:
        raise CorpusError("holds no sentences", path)
    if not corpus["gold"]:
        raise CorpusError("has no gold entities, with which a report compares", path)


def _described(model: NestedNerModel, types: Sequence[str]) -> JsonDict:
    return {
        "type": registered_name(Model, type(model)),
        "decoder": registered_name(EntityDecoder, type(model.decoder)),
        "score_threshold": model.decoder.score_threshold,
        "type_thresholds": model.decoder.type_thresholds,
        "calibration": None if model.calibration is None else vars(model.calibration),
        "types": list(types),
    }


def registered_name(base: Type[Registrable], component: type) -> str:
    """What configs call it."""
    names = (name for name in base.list_available() if base.by_name(name) is component)
    return next(names, component.__name__)


def _count(trace: Trace, corpus: Dict[str, int]) -> None:
    corpus["sentences"] += 1
    corpus["words"] += len(trace.words)
    corpus["gold"] += len(trace.gold)
    corpus["discontinuous"] += sum(bool(entity.fragments) for entity in trace.gold)
    corpus["found"] += len(trace.predicted)
