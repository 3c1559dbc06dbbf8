"""Every missed entity with the stage that lost it, every false one with what it comes from."""

import random
from collections import Counter
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from locate_label_allennlp.decoders import EntityDecoder, ScoredSpan
from locate_label_allennlp.report.stages import (
    ORIGINS,
    STAGES,
    explanation,
    lost_at,
    origin,
    possible_stages,
)
from locate_label_allennlp.report.traces import Trace
from locate_label_allennlp.training.metrics.entity_counter import Span

# By which the examples are drawn.
_SEED = 13


class Errors:
    """
    # Parameters

    decoder : `EntityDecoder`
        The model's.
    types : `Sequence[str]`
        In the order of their columns in the probabilities, without NONE.
    max_examples : `int`
        How many sentences are kept for each stage and each origin, drawn at random, but always
        the same ones.
    """

    def __init__(self, decoder: EntityDecoder, types: Sequence[str], max_examples: int) -> None:
        self._decoder = decoder
        self._columns = {label: column for column, label in enumerate(types, start=1)}
        self._missed: List[Dict[str, Any]] = []
        self._false: List[Dict[str, Any]] = []
        self._examples: Dict[str, _Sample] = {}
        self._max_examples = max_examples
        self._stages: Dict[str, str] = {}

    def add(self, trace: Trace) -> None:
        self._stages.update(possible_stages(trace, self._decoder))
        errors = [*self._misses(trace), *self._falses(trace)]
        drawn = _marks(trace)
        # A sentence is an example of each kind of error at most once.
        for kind, error in {error.kind: error for error in reversed(errors)}.items():
            sample = self._examples.setdefault(kind, _Sample(self._max_examples))
            sample.add({**error.told, "words": list(trace.words), "marks": drawn})

    def _misses(self, trace: Trace) -> Iterator["_Error"]:
        found = set(trace.found_spans)
        lost = [(entity, "discontinuous") for entity in trace.unreachable]
        lost += [
            (entity, lost_at(entity, trace, self._survives))
            for entity in trace.gold
            if entity not in found
        ]
        for entity, stage in lost:
            why = explanation(entity, stage, trace, self._columns)
            told = {**_described(entity, trace), "stage": stage, "detail": why}
            self._missed.append(told)
            yield _Error(f"missed/{stage}", told)

    def _falses(self, trace: Trace) -> Iterator["_Error"]:
        gold = set(trace.gold)
        for span in trace.found:
            if span[:3] in gold:
                continue
            kind, nearest = origin(span[:3], trace.gold, trace.unreachable)
            told = {
                **_described(span[:3], trace),
                "score": span.score,
                "origin": kind,
                "nearest": None if nearest is None else _described(nearest, trace, False),
            }
            self._false.append(told)
            yield _Error(f"false/{kind}", told)

    def _survives(self, span: ScoredSpan) -> bool:
        return bool(self._decoder.decode([span]))

    def as_json(self) -> Dict[str, Any]:
        """
        `missed` and `false`: a `table`, a row a stage or origin that there can be, with what it
        means, `count`, and counts by type; all `entities`; and `examples` by stage or origin, with
        all entities of the sentence as `marks`.
        """
        stages = {stage: self._stages[stage] for stage in STAGES if stage in self._stages}
        origins = dict(ORIGINS)
        if "discontinuous" not in stages:
            del origins["discontinuous"]
        return {
            "missed": {
                "table": _table(self._missed, "stage", stages),
                "entities": self._missed,
                "examples": self._drawn("missed", stages),
            },
            "false": {
                "table": _table(self._false, "origin", origins),
                "entities": self._false,
                "examples": self._drawn("false", origins),
            },
        }

    def _drawn(self, what: str, kinds: Dict[str, str]) -> Dict[str, List[Dict[str, Any]]]:
        nothing = _Sample(0)
        return {kind: self._examples.get(f"{what}/{kind}", nothing).kept for kind in kinds}


class _Error(NamedTuple):
    kind: str
    told: Dict[str, Any]


class _Sample:
    """So many things drawn at random among all that come by (reservoir sampling)."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._random = random.Random(_SEED)
        self._seen = 0
        self.kept: List[Any] = []

    def add(self, thing: Any) -> None:
        self._seen += 1
        if len(self.kept) < self._size:
            self.kept.append(thing)
        else:
            place = self._random.randrange(self._seen)
            if place < self._size:
                self.kept[place] = thing


def _described(entity: Span, trace: Trace, with_source: bool = True) -> Dict[str, Any]:
    """As people read it: with its text, and an exclusive end."""
    start, end, label = entity
    text = " ".join(trace.words[start : end + 1])
    told: Dict[str, Any] = {"start": start, "end": end + 1, "type": label, "text": text}
    return {"source": trace.source, **told} if with_source else told


def _marks(trace: Trace) -> List[Dict[str, Any]]:
    """The sentence's entities, each `correct`, `missed` or `false`."""
    gold, found = set(trace.gold), set(trace.found_spans)
    states: List[Tuple[Span, Optional[str]]] = [
        *((span, "correct" if span in found else "missed") for span in trace.gold),
        *((span, "missed") for span in trace.unreachable),
        *((span, "false") for span in trace.found_spans if span not in gold),
    ]
    return [
        {"start": start, "end": end + 1, "type": label, "state": state}
        for (start, end, label), state in states
    ]


def _table(entities: List[Dict[str, Any]], key: str, kinds: Dict[str, str]) -> List[Dict[str, Any]]:
    counts = Counter(entity[key] for entity in entities)
    by_type = Counter((entity[key], entity["type"]) for entity in entities)
    types = sorted({entity["type"] for entity in entities})
    return [
        {
            key: kind,
            "meaning": meaning,
            "count": counts[kind],
            "by_type": {label: by_type[kind, label] for label in types},
        }
        for kind, meaning in kinds.items()
    ]
