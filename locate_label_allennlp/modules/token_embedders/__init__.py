"""Token embedders that AllenNLP does not have."""

from locate_label_allennlp.modules.token_embedders.windowed_transformer import (
    WindowedTransformerEmbedder,
)

__all__ = ["WindowedTransformerEmbedder"]
