"""Every missed entity with the stage that lost it, every false one with what it comes from."""

import random
from collections import Counter
from typing import Any, Dict, Iterator, List, NamedTuple, Sequence, Tuple

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.decoders import EntityDecoder
from locate_label_allennlp.report.stages import (
    ORIGINS,
    STAGES,
    explanation,
    lost_at,
    origin,
    possible_stages,
)
from locate_label_allennlp.report.traces import Trace

# By which the examples are drawn.
_SEED = 13


class Mistakes:
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
        self._examples: Dict[str, Sample] = {}
        self._max_examples = max_examples
        self._stages: Dict[str, str] = {}

    def add(self, trace: Trace) -> None:
        self._stages.update(possible_stages(trace, self._decoder))
        mistakes = [*self._misses(trace), *self._falses(trace)]
        marks = marks_of(trace)
        # A sentence is an example of each kind of mistake at most once.
        for kind, mistake in {mistake.kind: mistake for mistake in reversed(mistakes)}.items():
            sample = self._examples.setdefault(kind, Sample(self._max_examples))
            sample.add({**mistake.described, "words": list(trace.words), "marks": marks})

    def _misses(self, trace: Trace) -> Iterator["_Mistake"]:
        predicted = {entity.key for entity in trace.predicted}
        for entity in trace.gold:
            if entity.key in predicted:
                continue
            stage = lost_at(entity, trace, self._survives)
            detail = explanation(entity, stage, trace, self._columns)
            described = {**entity_of(entity, trace), "stage": stage, "detail": detail}
            self._missed.append(described)
            yield _Mistake(f"missed/{stage}", described)

    def _falses(self, trace: Trace) -> Iterator["_Mistake"]:
        gold = {entity.key for entity in trace.gold}
        for entity in trace.predicted:
            if entity.key in gold:
                continue
            kind, nearest = origin(entity, trace.gold)
            described = {
                **entity_of(entity, trace),
                "score": entity.score,
                "origin": kind,
                "nearest": None if nearest is None else entity_of(nearest, trace, False),
            }
            self._false.append(described)
            yield _Mistake(f"false/{kind}", described)

    def _survives(self, entity: Entity) -> bool:
        return bool(self._decoder.decode([entity]))

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
        nothing = Sample(0)
        return {kind: self._examples.get(f"{what}/{kind}", nothing).kept for kind in kinds}


class _Mistake(NamedTuple):
    kind: str
    described: Dict[str, Any]


class Sample:
    """`size` things drawn at random among all that come by (reservoir sampling)."""

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
            index = self._random.randrange(self._seen)
            if index < self._size:
                self.kept[index] = thing


def entity_of(entity: Entity, trace: Trace, with_source: bool = True) -> Dict[str, Any]:
    described = {
        "start": entity.start,
        "end": entity.end,
        "type": entity.type,
        "text": " ".join(trace.words[entity.start : entity.end]),
    }
    return {"source": trace.source, **described} if with_source else described


def marks_of(trace: Trace) -> List[Dict[str, Any]]:
    """The sentence's entities, each `correct`, `missed` or `false`."""
    gold = {entity.key for entity in trace.gold}
    predicted = {entity.key for entity in trace.predicted}
    states: List[Tuple[Entity, str]] = [
        *((entity, "correct" if entity.key in predicted else "missed") for entity in trace.gold),
        *((entity, "false") for entity in trace.predicted if entity.key not in gold),
    ]
    return [
        {"start": entity.start, "end": entity.end, "type": entity.type, "state": state}
        for entity, state in states
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
