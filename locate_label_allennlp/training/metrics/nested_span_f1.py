from typing import Collection, Dict, List, Mapping, Optional, Sequence, Set

import torch
from allennlp.data import Vocabulary
from allennlp.data.vocabulary import DEFAULT_OOV_TOKEN, DEFAULT_PADDING_TOKEN
from allennlp.nn.util import dist_reduce_sum
from allennlp.training.metrics import Metric

from locate_label_allennlp.common.length_buckets import LengthBuckets
from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.training.metrics.entity_counter import Counts, EntityCounter


@Metric.register("nested_span_f1")
class NestedSpanF1(Metric):
    """
    Strict precision, recall and F1 of nested entities: a predicted entity is correct if its start,
    end and type are those of a gold entity of the same sentence. Counts are summed over all
    batches and processes, and divided in `get_metric`.

    Every gold entity counts, and the same `(start, end, type)` met again in a sentence counts once.

    # Parameters

    vocab : `Vocabulary`
    label_namespace : `str`, optional (default = `"entity_labels"`)
        The namespace that holds the entity types.
    length_buckets : `List[int]`, optional (default = `[1, 5, 10]`)
        The shortest length of each bucket in words; see `LengthBuckets`. Gold entities are put into
        buckets by their own length, predicted ones by theirs.
    verbose : `bool`, optional (default = `False`)
        Whether `get_metric` also returns the scores of each group of entities.
    stages : `Sequence[str]`, optional (default = `("seed", "filter")`)
        The stages of a model whose recall ceiling it may report.

    # Attributes

    counter : `EntityCounter`
    """

    supports_distributed = True

    def __init__(
        self,
        vocab: Vocabulary,
        label_namespace: str = "entity_labels",
        length_buckets: Optional[List[int]] = None,
        verbose: bool = False,
        stages: Sequence[str] = ("seed", "filter"),
    ) -> None:
        types = vocab.get_token_to_index_vocabulary(label_namespace)
        special = (DEFAULT_PADDING_TOKEN, DEFAULT_OOV_TOKEN)
        self.counter = EntityCounter(
            [type_ for type_ in types if type_ not in special],
            LengthBuckets() if length_buckets is None else LengthBuckets(length_buckets),
        )
        self._verbose = verbose
        self._stages = list(stages)
        self.reset()

    def __call__(  # type: ignore[override]
        self,
        predictions: Sequence[Collection[Entity]],
        gold: Sequence[Collection[Entity]],
        reached: Optional[Mapping[str, int]] = None,
    ) -> None:
        """
        # Parameters

        predictions : `Sequence[Collection[Entity]]`
            The predicted entities of each sentence.
        gold : `Sequence[Collection[Entity]]`
            All gold entities of each sentence, with those that no prediction can be: discontinuous
            ones count as missed.
        reached : `Mapping[str, int]`, optional (default = `None`)
            How many of the gold entities of these sentences a stage of the model can still reach,
            for each stage by name.

        # Raises

        `ValueError`
            If there are not as many predictions as sentences, if a type is not in the vocabulary,
            or if `reached` names an unknown stage or holds an impossible number.
        """
        counts = self.counter.count(predictions, gold)
        reached = reached or {}
        self._check_reached(reached, counts["micro"].gold)
        self._reported.update(reached)
        # Four numbers a group, then one a stage: the same layout in every process.
        numbers = [number for group in self.counter.groups for number in counts[group].numbers]
        numbers += [int(reached.get(stage, 0)) for stage in self._stages]
        self._numbers += dist_reduce_sum(torch.tensor(numbers)).cpu()

    def get_metric(self, reset: bool = False, verbose: Optional[bool] = None) -> Dict[str, float]:
        """
        # Parameters

        reset : `bool`, optional (default = `False`)
        verbose : `bool`, optional
            Instead of the metric's own.

        # Returns

        `Dict[str, float]`
            `micro_precision`, `micro_recall`, `micro_f1`, and `macro_f1`: the unweighted mean over
            the types that have gold or predicted entities. For each stage that was reported since
            the last reset, its ceiling, such as `seed_recall`: the share of all gold entities that
            it reached.

            If `verbose`, also `macro_precision` and `macro_recall`, and for each group of entities
            `<group>/precision`, `/recall`, `/f1`, and the numbers `/gold`, `/predicted` and
            `/correct`. The groups are `type/<type>`; `length/1-4` and the other buckets;
            `nested_entities` and `flat_entities`, where a gold entity is nested by the other gold
            entities of its sentence, and a predicted one by the other predicted ones (`/correct`
            counts these); `nested_sentences` and `flat_sentences`, with and without nested gold
            entities; and `boundaries`, where types do not matter.

            What would be divided by zero is 0.
        """
        numbers: List[int] = self._numbers.tolist()
        groups = self.counter.groups
        counts = {group: Counts(*numbers[4 * i : 4 * i + 4]) for i, group in enumerate(groups)}
        macro = self.counter.macro(counts)
        metrics: Dict[str, float] = {
            **{f"micro_{name}": score for name, score in counts["micro"].scores.items()},
            "macro_f1": macro["f1"],
        }
        for stage, reached in zip(self._stages, numbers[4 * len(groups) :], strict=True):
            if stage in self._reported:
                metrics[f"{stage}_recall"] = Counts(counts["micro"].gold, reached).recall
        if self._verbose if verbose is None else verbose:
            metrics.update((f"macro_{name}", score) for name, score in macro.items())
            for group in groups[1:]:
                metrics.update(
                    (f"{group}/{name}", value)
                    for name, value in counts[group].as_json().items()
                    if name != "recalled"
                )
        if reset:
            self.reset()
        return metrics

    def reset(self) -> None:
        size = 4 * len(self.counter.groups) + len(self._stages)
        self._numbers = torch.zeros(size, dtype=torch.long)
        self._reported: Set[str] = set()

    def _check_reached(self, reached: Mapping[str, int], gold: int) -> None:
        for stage, number in reached.items():
            if stage not in self._stages:
                raise ValueError(
                    f"`reached` names the stage '{stage}', but the metric was made for the stages "
                    f"{self._stages}; pass all their names to the constructor in `stages`."
                )
            if not 0 <= number <= gold:
                raise ValueError(
                    f"The stage '{stage}' is said to reach {number} of {gold} gold entities; "
                    "count the same (start, end, type) once a sentence."
                )
