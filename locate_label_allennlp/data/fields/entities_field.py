"""
Entities as rows of a tensor, and back. In a tensor an end is inclusive and a type is a number; an
`Entity` has its end exclusive. Nothing else converts one into the other.
"""

from typing import Dict, List, Mapping, Optional, Sequence

import torch
from allennlp.common.checks import ConfigurationError
from allennlp.data import Vocabulary
from allennlp.data.fields import Field
from overrides import overrides
from torch import Tensor

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.nn.spans import FlatSpans, padded_to_flat


def entities_of_spans(
    spans: FlatSpans,
    label: Tensor,
    types: Mapping[int, str],
    num_sentences: int,
    score: Optional[Tensor] = None,
) -> List[List[Entity]]:
    """
    # Parameters

    spans : `FlatSpans`
        `S` spans.
    label : `torch.LongTensor`
        Shape `(S,)`.
    types : `Mapping[int, str]`
        The type of each label.
    num_sentences : `int`
    score : `torch.FloatTensor`, optional
        Shape `(S,)`.

    # Returns

    `List[List[Entity]]`
        For each sentence its entities, in the order of the spans.
    """
    columns = [spans.sentence, spans.start, spans.end, label]
    if score is not None:
        columns.append(score)
    # One copy from the device; doubles hold every index and score exactly.
    rows = torch.stack([column.double() for column in columns], dim=1).tolist()
    entities: List[List[Entity]] = [[] for _ in range(num_sentences)]
    for sentence, start, end, kind, *scores in rows:
        entity = Entity(
            int(start), int(end) + 1, types[int(kind)], score=scores[0] if scores else None
        )
        entities[int(sentence)].append(entity)
    return entities


def entities_of_tensor(entities: Tensor, types: Mapping[int, str]) -> List[List[Entity]]:
    """
    What `EntitiesField` made a tensor of.

    # Parameters

    entities : `torch.LongTensor`
        Shape `(B, E, 3)`: start, inclusive end, label; rows of -1 are padding.
    types : `Mapping[int, str]`
        The type of each label.
    """
    label = entities[..., 2][entities[..., 0] >= 0]
    return entities_of_spans(padded_to_flat(entities[..., :2]), label, types, entities.size(0))


class EntitiesField(Field[Tensor]):
    """
    The gold entities of one sentence as a tensor of shape `(num_entities, 3)`: start, inclusive
    end, and label index. Padding rows are -1. One object a sentence rather than one a span.

    # Parameters

    entities : `Sequence[Entity]`
        A discontinuous one goes by its first and last word.
    label_namespace : `str`
    source : `str`, optional
        Where the sentence stands, for messages.
    unreachable : `Sequence[Entity]`, optional
        Entities that are no part of the tensor, but whose types the vocabulary has to know.
    """

    __slots__ = ["_label_ids", "_namespace", "_source", "entities", "unreachable"]

    def __init__(
        self,
        entities: Sequence[Entity],
        label_namespace: str = "entity_labels",
        source: str = "",
        unreachable: Sequence[Entity] = (),
    ) -> None:
        self.entities = list(entities)
        self.unreachable = list(unreachable)
        self._namespace = label_namespace
        self._source = source
        self._label_ids: List[int] = []

    @overrides
    def count_vocab_items(self, counter: Dict[str, Dict[str, int]]) -> None:
        for entity in self.entities + self.unreachable:
            counter[self._namespace][entity.type] += 1

    @overrides
    def index(self, vocab: Vocabulary) -> None:
        known = vocab.get_token_to_index_vocabulary(self._namespace)
        types = {entity.type for entity in self.entities + self.unreachable}
        unknown = sorted(types - known.keys())
        if unknown:
            raise ConfigurationError(
                f"{self._source}: entity type {unknown[0]!r} is not one the model was trained on; "
                f"those are {sorted(known)}"
            )
        self._label_ids = [known[entity.type] for entity in self.entities]

    @overrides
    def get_padding_lengths(self) -> Dict[str, int]:
        return {"num_entities": len(self.entities)}

    @overrides
    def as_tensor(self, padding_lengths: Dict[str, int]) -> Tensor:
        rows = [
            (entity.start, entity.end - 1, label)
            for entity, label in zip(self.entities, self._label_ids, strict=True)
        ]
        tensor = torch.full((padding_lengths["num_entities"], 3), -1, dtype=torch.long)
        if rows:
            tensor[: len(rows)] = torch.tensor(rows, dtype=torch.long)
        return tensor

    @overrides
    def empty_field(self) -> "EntitiesField":
        return EntitiesField([], self._namespace)

    def __len__(self) -> int:
        return len(self.entities)
