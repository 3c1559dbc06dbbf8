"""Gold and predicted entities, compared and counted: the one place for precision, recall and F1."""

from dataclasses import asdict, dataclass
from typing import Collection, Dict, Iterable, Iterator, List, Optional, Sequence, Set

from locate_label_allennlp.common.length_buckets import LengthBuckets
from locate_label_allennlp.data.document import Entity, EntityKey
from locate_label_allennlp.nn.relations import nested


@dataclass
class Counts:
    """
    What is counted of a group of entities. `recalled` and `correct` differ for nested and flat
    entities, because gold and predicted entities are nested or flat each by their own company.

    # Parameters

    gold : `int`
        Gold entities.
    recalled : `int`
        Those of them that were predicted.
    predicted : `int`
        Predicted entities.
    correct : `int`
        Those of them that are gold.
    """

    gold: int = 0
    recalled: int = 0
    predicted: int = 0
    correct: int = 0

    @property
    def precision(self) -> float:
        """What would be divided by zero is 0, here and in the others."""
        return _ratio(self.correct, self.predicted)

    @property
    def recall(self) -> float:
        return _ratio(self.recalled, self.gold)

    @property
    def f1(self) -> float:
        return _ratio(2 * self.precision * self.recall, self.precision + self.recall)

    @property
    def scores(self) -> Dict[str, float]:
        return {"precision": self.precision, "recall": self.recall, "f1": self.f1}

    @property
    def numbers(self) -> List[int]:
        """In the order of the parameters."""
        return [self.gold, self.recalled, self.predicted, self.correct]

    def as_json(self) -> Dict[str, float]:
        return {**self.scores, **asdict(self)}

    def add_gold(self, is_recalled: bool) -> None:
        self.gold += 1
        self.recalled += is_recalled

    def add_predicted(self, is_correct: bool) -> None:
        self.predicted += 1
        self.correct += is_correct

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(a + b for a, b in zip(self.numbers, other.numbers, strict=True)))


class EntityCounter:
    """
    Compares predicted with gold entities by start, end and type, and counts them by group:
    `micro` (all), `type/<type>`, `length/<bucket>`, `nested_entities`, `flat_entities`,
    `nested_sentences`, `flat_sentences` (by their gold entities) and `boundaries` (without types).

    Discontinuous entities are no spans: none is nested, and none makes another one so.

    # Parameters

    types : `Iterable[str]`
        The entity types.
    length_buckets : `LengthBuckets`, optional
    """

    def __init__(
        self, types: Iterable[str], length_buckets: Optional[LengthBuckets] = None
    ) -> None:
        self.types = {label: f"type/{label}" for label in types}
        self.length_buckets = length_buckets or LengthBuckets()
        self.groups = [
            "micro",
            *self.types.values(),
            *(f"length/{name}" for name in self.length_buckets.names),
            "nested_entities",
            "flat_entities",
            "nested_sentences",
            "flat_sentences",
            "boundaries",
        ]

    def count(
        self, predictions: Sequence[Collection[Entity]], gold: Sequence[Collection[Entity]]
    ) -> Dict[str, Counts]:
        """
        # Parameters

        predictions : `Sequence[Collection[Entity]]`
            The predicted entities of each sentence.
        gold : `Sequence[Collection[Entity]]`
            Its gold entities. A discontinuous one is none that a span can be; it counts as missed.

        # Returns

        `Dict[str, Counts]`
            For each group. The same entity met again in a sentence counts once.

        # Raises

        `ValueError`
            If there are not as many predictions as sentences, or if a type is unknown.
        """
        if len(predictions) != len(gold):
            raise ValueError(
                f"There are predictions for {len(predictions)} sentences, but gold entities for "
                f"{len(gold)}; pass one collection a sentence, an empty one where there are none."
            )
        counts = {group: Counts() for group in self.groups}
        for predicted, wanted in zip(predictions, gold, strict=True):
            self._count_sentence(
                counts,
                {entity.key: entity for entity in predicted},
                {entity.key: entity for entity in wanted},
            )
        return counts

    def macro(self, counts: Dict[str, Counts]) -> Dict[str, float]:
        """The unweighted mean over the types that have gold or predicted entities."""
        by_type = [counts[group] for group in self.types.values()]
        scores = [each.scores for each in by_type if each.gold or each.predicted]
        return {
            name: _ratio(sum(each[name] for each in scores), len(scores))
            for name in Counts().scores
        }

    def _count_sentence(
        self,
        counts: Dict[str, Counts],
        predicted: Dict[EntityKey, Entity],
        gold: Dict[EntityKey, Entity],
    ) -> None:
        nested_gold, nested_predicted = nested_keys(gold.values()), nested_keys(predicted.values())
        sentence_group = "nested_sentences" if nested_gold else "flat_sentences"
        for key, entity in gold.items():
            for group in (*self._groups(entity, nested_gold), sentence_group):
                counts[group].add_gold(key in predicted)
        for key, entity in predicted.items():
            for group in (*self._groups(entity, nested_predicted), sentence_group):
                counts[group].add_predicted(key in gold)
        gold_boundaries, predicted_boundaries = _boundaries(gold), _boundaries(predicted)
        for boundaries in gold_boundaries:
            counts["boundaries"].add_gold(boundaries in predicted_boundaries)
        for boundaries in predicted_boundaries:
            counts["boundaries"].add_predicted(boundaries in gold_boundaries)

    def _groups(self, entity: Entity, nested: Set[EntityKey]) -> Iterator[str]:
        if entity.type not in self.types:
            raise ValueError(
                f"The type of the entity {entity} is not in the vocabulary, whose types are "
                f"{sorted(self.types)}; make the vocabulary from data that have all types."
            )
        yield "micro"
        yield self.types[entity.type]
        yield f"length/{self.length_buckets.name_of(entity.num_words)}"
        yield "nested_entities" if entity.key in nested else "flat_entities"


def nested_keys(entities: Iterable[Entity]) -> Set[EntityKey]:
    """The nested ones of a sentence's distinct entities."""
    contiguous = [entity for entity in entities if not entity.fragments]
    is_nested = nested([entity.span for entity in contiguous])
    return {entity.key for entity, is_it in zip(contiguous, is_nested, strict=True) if is_it}


def _boundaries(keys: Iterable[EntityKey]) -> Set[object]:
    return {(start, end, fragments) for start, end, _, fragments in keys}


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
