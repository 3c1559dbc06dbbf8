from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import accumulate
from math import inf

from allennlp.common.checks import ConfigurationError

Span = tuple[int, int, str]

# What is counted of a group: its gold entities, those of them that were predicted, its predicted
# entities, those of them that are gold. The second and the fourth differ for nested and flat
# entities, because gold and predicted entities are nested or flat each by their own company.
GOLD, RECALLED, PREDICTED, CORRECT = range(4)


class EntityCounter:
    """
    Compares predicted with gold entities by start, end and type, and counts them by group:
    `micro` (all), `type/<type>`, `length/<bucket>`, `nested_entities`, `flat_entities`,
    `nested_sentences`, `flat_sentences` (by their gold entities) and `boundaries` (without types).

    # Parameters

    types : `Iterable[str]`
        The entity types.
    length_buckets : `Sequence[Tuple[int, Optional[int]]]`
        The shortest and the longest length of each bucket in words, `None` for no longest.
    """

    def __init__(
        self, types: Iterable[str], length_buckets: Sequence[tuple[int, int | None]]
    ) -> None:
        self.types = {label: f"type/{label}" for label in types}
        self._buckets = {_bucket_name(low, high): (low, high) for low, high in length_buckets}
        self.groups = [
            "micro",
            *self.types.values(),
            *self._buckets,
            "nested_entities",
            "flat_entities",
            "nested_sentences",
            "flat_sentences",
            "boundaries",
        ]

    def count(
        self,
        predictions: Sequence[Collection[Span]],
        gold: Sequence[Collection[Span]],
        unreachable: Sequence[Collection[Span]] | None = None,
    ) -> dict[str, list[int]]:
        """
        # Parameters

        predictions : `Sequence[Collection[Span]]`
            The predicted entities of each sentence: start, end (inclusive) and type.
        gold : `Sequence[Collection[Span]]`
            The gold entities of each sentence.
        unreachable : `Sequence[Collection[Span]]`, optional (default = `None`)
            Further gold entities of each sentence that no prediction can be, such as discontinuous
            ones, each by the words it reaches from and to.

        # Returns

        `Dict[str, List[int]]`
            For each group the numbers `[GOLD, RECALLED, PREDICTED, CORRECT]`. The same entity met
            again in a sentence counts once.

        # Raises

        `ValueError`
            If there are not as many predictions as sentences, or if a type is unknown.
        """
        if unreachable is None:
            unreachable = [()] * len(gold)
        if not len(predictions) == len(gold) == len(unreachable):
            raise ValueError(
                f"There are predictions for {len(predictions)} sentences, but gold entities for "
                f"{len(gold)}; pass one collection a sentence, an empty one where there are none."
            )
        counts = {group: [0, 0, 0, 0] for group in self.groups}
        for predicted, found, missed in zip(predictions, gold, unreachable, strict=True):
            self._count_sentence(counts, set(predicted), set(found), missed)
        return counts

    def _count_sentence(
        self,
        counts: dict[str, list[int]],
        predicted: set[Span],
        gold: set[Span],
        missed: Collection[Span],
    ) -> None:
        nested_gold = nested_spans(gold.union(missed))
        sentence_group = "nested_sentences" if nested_gold else "flat_sentences"
        # One side at a time: how many it has, and how many of them the other side has too.
        for column, entities, others, nested in (
            (GOLD, gold, predicted, nested_gold),
            (PREDICTED, predicted, gold, nested_spans(predicted)),
        ):
            for entity in entities:
                entity_group = "nested_entities" if entity in nested else "flat_entities"
                groups = ("micro", *self._type_and_buckets(entity), entity_group, sentence_group)
                for group in groups:
                    counts[group][column] += 1
                    counts[group][column + 1] += entity in others
            boundaries = {entity[:2] for entity in entities}
            counts["boundaries"][column] += len(boundaries)
            counts["boundaries"][column + 1] += len(boundaries & {other[:2] for other in others})
        for entity in missed:
            entity_group = "nested_entities" if entity in nested_gold else "flat_entities"
            groups = ("micro", *self._type_and_buckets(entity), entity_group, sentence_group)
            for group in (*groups, "boundaries"):
                counts[group][GOLD] += 1

    def _type_and_buckets(self, entity: Span) -> Iterator[str]:
        start, end, label = entity
        if label not in self.types:
            raise ValueError(
                f"The type of the entity {entity} is not in the vocabulary, whose types are "
                f"{sorted(self.types)}; make the vocabulary from data that have all types."
            )
        yield self.types[label]
        for name, (low, high) in self._buckets.items():
            if low <= end + 1 - start <= (inf if high is None else high):
                yield name


def nested_spans(spans: Collection[Span]) -> set[Span]:
    """
    # Parameters

    spans : `Collection[Span]`
        The distinct entities of a sentence.

    # Returns

    `Set[Span]`
        Those that lie inside another one, contain another one, or have the same words as another
        one.
    """
    # Whatever contains an entity comes before it, and whatever it contains comes after it.
    ordered = sorted(spans, key=lambda span: (span[0], -span[1]))
    ends = [end for _, end, _ in ordered]
    largest_before = [-inf, *accumulate(ends, max)]
    smallest_after = [inf, *accumulate(reversed(ends), min)][-2::-1]
    return {
        span
        for span, before, after in zip(ordered, largest_before, smallest_after, strict=False)
        if before >= span[1] or after <= span[1]
    }


def _bucket_name(low: int, high: int | None) -> str:
    if low < 1 or (high is not None and high < low):
        raise ConfigurationError(
            f"`length_buckets` holds ({low}, {high}), but a bucket is (shortest, longest) with "
            "1 <= shortest <= longest, or longest None for no limit."
        )
    return f"length/{low}+" if high is None else f"length/{low}-{high}"
