"""Characters of words, looked up once a word."""

from itertools import chain
from typing import Any, Dict, List, Optional, Sequence

import numpy
import torch
from allennlp.data import Token, TokenIndexer, Vocabulary
from allennlp.data.token_indexers.token_indexer import IndexedTokenList
from overrides import overrides

# Words whose characters are remembered; beyond that many the memory starts afresh.
_REMEMBERED_WORDS = 50_000


@TokenIndexer.register("cached_characters")
class CachedCharactersIndexer(TokenIndexer):
    """
    The tensors of AllenNLP's `characters` indexer, faster: each distinct word is looked up once,
    and a batch is padded in one go.

    # Parameters

    namespace : `str`, optional (default = `"token_characters"`)
    min_padding_length : `int`, optional (default = `1`)
        Every word has room for at least so many characters.
    """

    def __init__(self, namespace: str = "token_characters", min_padding_length: int = 1) -> None:
        super().__init__()
        self._namespace = namespace
        self._min_padding_length = min_padding_length
        self._vocabulary: Optional[Vocabulary] = None
        self._num_known = 0
        self._characters: Dict[str, List[int]] = {}

    @overrides
    def count_vocab_items(self, token: Token, counter: Dict[str, Dict[str, int]]) -> None:
        counts = counter[self._namespace]
        for character in token.ensure_text():
            counts[character] += 1

    @overrides
    def tokens_to_indices(self, tokens: List[Token], vocabulary: Vocabulary) -> IndexedTokenList:
        num_known = vocabulary.get_vocab_size(self._namespace)
        is_another = vocabulary is not self._vocabulary or num_known != self._num_known
        if is_another or len(self._characters) > _REMEMBERED_WORDS:
            self._vocabulary, self._num_known = vocabulary, num_known
            self._characters.clear()
        return {"token_characters": [self._of_word(token.ensure_text()) for token in tokens]}

    def _of_word(self, word: str) -> List[int]:
        assert self._vocabulary is not None
        found = self._characters.get(word)
        if found is None:
            index = self._vocabulary.get_token_index
            found = [index(character, self._namespace) for character in word]
            self._characters[word] = found
        return found

    @overrides
    def get_padding_lengths(self, indexed_tokens: IndexedTokenList) -> Dict[str, int]:
        words = indexed_tokens["token_characters"]
        return {
            "token_characters": len(words),
            "num_token_characters": max([self._min_padding_length, *map(len, words)]),
        }

    @overrides
    def as_padded_tensor_dict(
        self, tokens: IndexedTokenList, padding_lengths: Dict[str, int]
    ) -> Dict[str, torch.Tensor]:
        return {
            "token_characters": self.pad_batch([tokens], padding_lengths)["token_characters"][0]
        }

    def pad_batch(
        self, indexed: Sequence[IndexedTokenList], padding_lengths: Dict[str, int]
    ) -> Dict[str, torch.Tensor]:
        """
        # Returns

        `token_characters` : `torch.LongTensor`
            Shape `(B, N, characters of the longest word)`, padded with 0.
        """
        num_words = padding_lengths["token_characters"]
        width = padding_lengths["num_token_characters"]
        texts = [one["token_characters"] for one in indexed]
        words = list(chain.from_iterable(texts))
        sizes = numpy.fromiter(map(len, words), numpy.int64, len(words))
        rows = numpy.zeros((len(words), width), numpy.int64)
        rows[numpy.arange(width) < sizes[:, None]] = numpy.fromiter(
            chain.from_iterable(words), numpy.int64, int(sizes.sum())
        )
        lengths = numpy.fromiter(map(len, texts), numpy.int64, len(texts))
        padded = numpy.zeros((len(texts), num_words, width), numpy.int64)
        padded[numpy.arange(num_words) < lengths[:, None]] = rows
        return {"token_characters": torch.from_numpy(padded)}

    @overrides
    def get_empty_token_list(self) -> IndexedTokenList:
        return {"token_characters": []}

    def __eq__(self, other: Any) -> bool:
        return (
            type(self) is type(other)
            and self._namespace == other._namespace
            and self._min_padding_length == other._min_padding_length
        )
