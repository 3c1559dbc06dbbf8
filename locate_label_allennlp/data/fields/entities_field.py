"""All gold entities of a sentence in one tensor."""

from typing import Dict, List, Sequence, Tuple

import torch
from allennlp.common.checks import ConfigurationError
from allennlp.data import Vocabulary
from allennlp.data.fields import Field
from overrides import overrides


class EntitiesField(Field[torch.Tensor]):
    """
    The gold entities of one sentence as a tensor of shape `(num_entities, 3)`: start, inclusive
    end, and label index. Padding rows are -1. One object a sentence rather than one a span.

    # Parameters

    entities : `Sequence[Tuple[int, int, str]]`
        Start, inclusive end, type.
    label_namespace : `str`
    source : `str`, optional
        Where the sentence stands, for messages.
    unreachable : `Sequence[Tuple[int, int, str]]`, optional
        Entities that are no part of the tensor, but whose types the vocabulary has to know.
    """

    __slots__ = ["_label_ids", "_namespace", "_source", "entities", "unreachable"]

    def __init__(
        self,
        entities: Sequence[Tuple[int, int, str]],
        label_namespace: str = "entity_labels",
        source: str = "",
        unreachable: Sequence[Tuple[int, int, str]] = (),
    ) -> None:
        self.entities = list(entities)
        self.unreachable = list(unreachable)
        self._namespace = label_namespace
        self._source = source
        self._label_ids: List[int] = []

    @overrides
    def count_vocab_items(self, counter: Dict[str, Dict[str, int]]) -> None:
        for _, _, label in self.entities + self.unreachable:
            counter[self._namespace][label] += 1

    @overrides
    def index(self, vocab: Vocabulary) -> None:
        known = vocab.get_token_to_index_vocabulary(self._namespace)
        labels = {label for _, _, label in self.entities + self.unreachable}
        unknown = sorted(labels - known.keys())
        if unknown:
            raise ConfigurationError(
                f"{self._source}: entity type {unknown[0]!r} is not one the model was trained on; "
                f"those are {sorted(known)}"
            )
        self._label_ids = [known[label] for _, _, label in self.entities]

    @overrides
    def get_padding_lengths(self) -> Dict[str, int]:
        return {"num_entities": len(self.entities)}

    @overrides
    def as_tensor(self, padding_lengths: Dict[str, int]) -> torch.Tensor:
        rows = [
            (start, end, label)
            for (start, end, _), label in zip(self.entities, self._label_ids, strict=True)
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
