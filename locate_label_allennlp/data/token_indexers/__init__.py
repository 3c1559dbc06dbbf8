"""Indexers that AllenNLP does not have."""

from locate_label_allennlp.data.token_indexers.cached_characters_indexer import (
    CachedCharactersIndexer,
)
from locate_label_allennlp.data.token_indexers.windowed_transformer_indexer import (
    WindowedTransformerIndexer,
)

__all__ = ["CachedCharactersIndexer", "WindowedTransformerIndexer"]
