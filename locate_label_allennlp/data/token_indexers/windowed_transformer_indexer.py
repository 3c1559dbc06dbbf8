"""Wordpieces of words, for the `windowed_transformer` embedder."""

from typing import Any, Dict, List, Optional, Sequence

from allennlp.data import Token, TokenIndexer, Vocabulary
from allennlp.data.token_indexers.token_indexer import IndexedTokenList
from overrides import overrides

from locate_label_allennlp.common.encoders import encoder_source, load_tokenizer

# Words whose wordpieces are remembered; beyond that many the memory starts afresh.
_REMEMBERED_WORDS = 50_000


@TokenIndexer.register("windowed_transformer")
class WindowedTransformerIndexer(TokenIndexer):
    """
    Splits every word into the wordpieces of a pretrained encoder, without special pieces and
    without any limit of length: cutting into windows is the embedder's part. A word for which the
    tokenizer has no wordpiece gets the unknown piece, so that every word has at least one.

    A word's pieces depend on the word alone, so each distinct word is tokenised once; all new words
    of a sentence go through the fast tokenizer in one call.

    # Parameters

    model_name : `str`
        A folder or a name on the model hub; the same as the embedder's.
    serialization_dir : `str`, optional
        Passed by AllenNLP; a copy of the tokenizer is kept there and goes into the archive.
    """

    def __init__(self, model_name: str, serialization_dir: Optional[str] = None) -> None:
        super().__init__()
        self._model_name = model_name
        self._tokenizer = load_tokenizer(encoder_source(model_name, serialization_dir))
        self._pieces: Dict[str, List[int]] = {}

    @overrides
    def count_vocab_items(self, token: Token, counter: Dict[str, Dict[str, int]]) -> None:
        """Wordpieces come from the encoder's own vocabulary."""

    @overrides
    def tokens_to_indices(self, tokens: List[Token], vocabulary: Vocabulary) -> IndexedTokenList:
        """
        # Returns

        `wordpieces`: the ids of all pieces; `piece_counts`: how many belong to each word.
        """
        pieces = self._pieces_of(tokens)
        return {
            "wordpieces": [piece for word_pieces in pieces for piece in word_pieces],
            "piece_counts": [len(word_pieces) for word_pieces in pieces],
        }

    def piece_counts(self, tokens: Sequence[Token]) -> List[int]:
        """How many wordpieces each word has."""
        return [len(word_pieces) for word_pieces in self._pieces_of(tokens)]

    def _pieces_of(self, tokens: Sequence[Token]) -> List[List[int]]:
        words = [token.ensure_text() for token in tokens]
        if len(self._pieces) > _REMEMBERED_WORDS:
            self._pieces.clear()
        self._tokenise([word for word in dict.fromkeys(words) if word not in self._pieces])
        return [self._pieces[word] for word in words]

    def _tokenise(self, words: List[str]) -> None:
        if not words:
            return
        encoded = self._tokenizer(words, add_special_tokens=False)["input_ids"]
        unknown = [self._tokenizer.unk_token_id]
        self._pieces.update(
            (word, ids or unknown) for word, ids in zip(words, encoded, strict=True)
        )

    @overrides
    def get_empty_token_list(self) -> IndexedTokenList:
        return {"wordpieces": [], "piece_counts": []}

    def __eq__(self, other: Any) -> bool:
        return type(self) is type(other) and self._model_name == other._model_name
