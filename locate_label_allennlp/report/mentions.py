"""What a model of given mentions makes of them, after "A Span-level Strategy"."""

from collections import Counter
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Tuple
from typing import Counter as CounterOf

import torch

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.models.mention_typer import MentionTyper
from locate_label_allennlp.report.mistakes import Sample, entity_of, marks_of
from locate_label_allennlp.report.traces import Trace, by_sentence


class MentionTrace(NamedTuple):
    """
    # Parameters

    trace : `Trace`
        Of a sentence; its candidates are the given mentions.
    mentions : `List[Tuple[Entity, Entity]]`
        Of each candidate the gold mention, and the same with the type and the score it was given.
    """

    trace: Trace
    mentions: List[Tuple[Entity, Entity]]


def mention_traces(
    model: MentionTyper, batches: Iterable[Dict[str, Any]]
) -> Iterator[MentionTrace]:
    """
    Runs a model, one batch after the other, and records what became of each sentence.

    # Parameters

    batches : `Iterable[Dict[str, Any]]`
        With gold entities, on the model's device.
    """
    model.eval()
    for batch in batches:
        # Not around the `yield`: whoever takes the traces may want gradients.
        with torch.inference_mode():
            candidates = model.candidates(**batch)
        metadata, rows = batch["metadata"], batch["entities"].tolist()
        model.finite(candidates.probabilities)
        (spans, probabilities), _ = by_sentence(
            candidates.spans, len(metadata), candidates.probabilities
        )
        for sentence, given, sentence_spans, of_mentions in zip(
            metadata, rows, spans, probabilities, strict=True
        ):
            fragments = sentence.get("fragments", {})
            mentions = []
            for number, row in enumerate(of_mentions):
                start, end, label = given[number]
                gold = Entity(
                    start,
                    end + 1,
                    model.labels[label],
                    tuple(map(tuple, fragments.get(number, ()))),
                )
                score, found = row.max(dim=0)
                kind = model.labels[int(found) - 1]
                mentions.append((gold, Entity(*gold.span, kind, gold.fragments, float(score))))
            every = {*(gold for gold, _ in mentions), *sentence["unreachable"]}
            typed = [typed for _, typed in mentions]
            trace = Trace(
                sentence["words"],
                sentence["source"],
                sorted(every, key=lambda entity: entity.key),
                sentence_spans,
                of_mentions,
                typed,
                typed,
            )
            yield MentionTrace(trace, mentions)


class GivenMentions:
    """
    How many mentions were given the right type: all of them, and with precision and recall apart
    as Table 2 of the paper has them, for which "the negative sample refers to the discontinuous
    entity". Contiguous mentions are positive, right or wrong; of discontinuous ones every fragment
    counts as a negative, right or wrong as the whole mention is. So recall is 1 where no mention is
    discontinuous. A discontinuous mention that the reader left out is wrong.
    """

    def __init__(self) -> None:
        self._mentions: CounterOf[bool] = Counter()
        self._contiguous: CounterOf[bool] = Counter()
        self._fragments: CounterOf[bool] = Counter()

    def add(self, traced: MentionTrace) -> None:
        given = {gold.key for gold, _ in traced.mentions}
        for gold, typed in traced.mentions:
            self._add(gold, gold.type == typed.type)
        for gold in traced.trace.gold:
            if gold.key not in given:
                self._add(gold, False)

    def _add(self, gold: Entity, is_right: bool) -> None:
        self._mentions[is_right] += 1
        if gold.fragments:
            self._fragments[is_right] += len(gold.fragments)
        else:
            self._contiguous[is_right] += 1

    def as_json(self) -> Dict[str, Any]:
        """
        `mentions` and `right`, their numbers; `accuracy`, and `f1`, which follows from it beside a
        recall of 1; `contiguous` and `fragments`, each with the numbers of `right` and `wrong`; and
        `table_2`: `accuracy`, `precision`, `recall` and `f1` by these.
        """
        mentions, right = sum(self._mentions.values()), self._mentions[True]
        accuracy = _share(right, mentions)
        positive, negative = self._contiguous, self._fragments
        precision = _share(positive[True], sum(positive.values()))
        recall = _share(positive[True], positive[True] + negative[False])
        pieces = sum(positive.values()) + sum(negative.values())
        return {
            "mentions": mentions,
            "right": right,
            "accuracy": accuracy,
            "f1": _share(2 * accuracy, 1 + accuracy),
            "contiguous": {"right": positive[True], "wrong": positive[False]},
            "fragments": {"right": negative[True], "wrong": negative[False]},
            "table_2": {
                "accuracy": _share(positive[True] + negative[True], pieces),
                "precision": precision,
                "recall": recall,
                "f1": _share(2 * precision * recall, precision + recall),
            },
        }


class WrongMentions:
    """
    # Parameters

    max_examples : `int`
        How many sentences are kept for each type.
    """

    def __init__(self, max_examples: int) -> None:
        self._max_examples = max_examples
        self._entities: List[Dict[str, Any]] = []
        self._examples: Dict[str, Sample] = {}

    def add(self, traced: MentionTrace) -> None:
        marks = marks_of(traced.trace)
        for gold, typed in traced.mentions:
            if gold.type == typed.type:
                continue
            wrong = {**entity_of(gold, traced.trace), "found": typed.type, "score": typed.score}
            self._entities.append(wrong)
            sample = self._examples.setdefault(gold.type, Sample(self._max_examples))
            sample.add({**wrong, "words": list(traced.trace.words), "marks": marks})

    def as_json(self) -> Dict[str, Any]:
        """All `entities` that were given another type, and `examples` by their own type."""
        kept = {kind: self._examples[kind].kept for kind in sorted(self._examples)}
        return {"entities": self._entities, "examples": kept}


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
