"""Texts that are padded a whole batch at once, and that several sentences may share."""

from collections.abc import Hashable, Iterable, Sequence
from itertools import chain
from typing import Any, Dict, List, NamedTuple, Optional

import numpy
import torch
from allennlp.data import Token, TokenIndexer, Vocabulary
from allennlp.data.fields import TextField
from allennlp.data.fields.text_field import TextFieldTensors
from allennlp.data.token_indexers.token_indexer import IndexedTokenList
from allennlp.nn.util import batch_tensor_dicts
from overrides import overrides

# Where the tensors of a batch say which text each sentence belongs to.
ROW = "row"


class Unpadded(NamedTuple):
    """A text that waits for the others of its batch."""

    field: "BatchedTextField"
    padding_lengths: Dict[str, int]


class BatchedTextField(TextField):
    """
    AllenNLP's `TextField`, with the same tensors, made faster: a text is indexed once, and the
    numbers of a whole batch are padded in one go.

    Instances of the same text may share it: the batch then holds the text once, and says under
    `ROW` which text each instance has, `{"row": {"row": (B,)}}`.

    # Parameters

    tokens : `List[Token]`
    token_indexers : `Dict[str, TokenIndexer]`, optional
    key : `Hashable`, optional (default = `None`)
        What texts that are the same have in common; `None` for a text that is not shared.
    """

    __slots__ = ["_padding_lengths", "key"]

    def __init__(
        self,
        tokens: List[Token],
        token_indexers: Optional[Dict[str, TokenIndexer]] = None,
        key: Optional[Hashable] = None,
    ) -> None:
        # Not TextField's own constructor, which looks at the class of each token.
        self.tokens = tokens
        self._token_indexers = token_indexers
        self._indexed_tokens: Optional[Dict[str, IndexedTokenList]] = None
        self._padding_lengths: Optional[Dict[str, int]] = None
        self.key = key

    @overrides
    def index(self, vocab: Vocabulary) -> None:
        if self._indexed_tokens is None:
            super().index(vocab)

    @overrides
    def get_padding_lengths(self) -> Dict[str, int]:
        if self._padding_lengths is None:
            self._padding_lengths = super().get_padding_lengths()
        return self._padding_lengths

    @overrides(check_signature=False)
    def as_tensor(self, padding_lengths: Dict[str, int]) -> Any:
        return Unpadded(self, padding_lengths)

    @overrides(check_signature=False)
    def batch_tensors(self, tensor_list: Sequence[Unpadded]) -> TextFieldTensors:
        texts: Dict[Hashable, BatchedTextField] = {}
        rows = []
        for number, unpadded in enumerate(tensor_list):
            field = unpadded.field
            key = ("alone", number) if field.key is None else ("shared", field.key)
            texts.setdefault(key, field)
            rows.append(key)
        padding_lengths = tensor_list[0].padding_lengths
        batch: TextFieldTensors = {}
        for name, indexer in self.token_indexers.items():
            prefix = f"{name}___"
            lengths = {
                padding[len(prefix) :]: length
                for padding, length in padding_lengths.items()
                if padding.startswith(prefix)
            }
            indexed = [text._indexed_tokens[name] for text in texts.values()]  # type: ignore[index]
            batch[name] = _padded(indexer, indexed, lengths)
        if len(texts) < len(rows):
            number_of = {key: number for number, key in enumerate(texts)}
            batch[ROW] = {ROW: torch.tensor([number_of[key] for key in rows])}
        return batch

    @overrides
    def empty_field(self) -> "BatchedTextField":
        field = BatchedTextField([], self._token_indexers)
        field._indexed_tokens = {
            name: indexer.get_empty_token_list()
            for name, indexer in (self._token_indexers or {}).items()
        }
        return field

    @overrides
    def duplicate(self) -> "BatchedTextField":
        copy = BatchedTextField(list(self.tokens), self._token_indexers, self.key)
        copy._indexed_tokens = self._indexed_tokens
        return copy


def _padded(
    indexer: TokenIndexer, indexed: Sequence[IndexedTokenList], lengths: Dict[str, int]
) -> Dict[str, torch.Tensor]:
    """What `as_padded_tensor_dict` gives for each of some texts, stacked."""
    pad = getattr(indexer, "pad_batch", None)
    if pad is not None:
        return pad(indexed, lengths)
    if type(indexer).as_padded_tensor_dict is not TokenIndexer.as_padded_tensor_dict:
        return batch_tensor_dicts([indexer.as_padded_tensor_dict(one, lengths) for one in indexed])
    return {key: pad_numbers([one[key] for one in indexed], lengths[key]) for key in indexed[0]}


def pad_numbers(lists: Sequence[Sequence[Any]], length: int) -> torch.Tensor:
    """
    Lists of numbers, or of truth values, as the rows of a tensor, padded with 0 on the right:
    `(len(lists), length)`.
    """
    sizes = numpy.fromiter(map(len, lists), numpy.int64, len(lists))
    is_boolean = next((isinstance(numbers[0], bool) for numbers in lists if numbers), False)
    rows = numpy.zeros((len(lists), length), bool if is_boolean else numpy.int64)
    rows[numpy.arange(length) < sizes[:, None]] = _flat(lists, int(sizes.sum()))
    return torch.from_numpy(rows)


def _flat(lists: Iterable[Iterable[int]], total: int) -> numpy.ndarray:
    return numpy.fromiter(chain.from_iterable(lists), numpy.int64, total)
