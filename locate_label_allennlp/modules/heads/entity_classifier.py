"""Names the type of spans."""

from allennlp.data import Vocabulary
from allennlp.modules import FeedForward
from allennlp.modules.span_extractors import SpanExtractor

from locate_label_allennlp.modules.heads.span_head import SpanHead


class EntityClassifier(SpanHead):
    """
    Equations (8) to (10) of Shen et al. (2021): logits over NONE (index 0) and the `C` entity
    types, shape `(S, C + 1)`. See `SpanHead` for the other parameters.

    # Parameters

    vocab : `Vocabulary`
    label_namespace : `str`, optional (default = `"entity_labels"`)
    """

    def __init__(
        self,
        vocab: Vocabulary,
        span_extractor: SpanExtractor,
        feedforward: FeedForward,
        dropout: float = 0.5,
        label_namespace: str = "entity_labels",
    ) -> None:
        num_types = vocab.get_vocab_size(label_namespace)
        super().__init__(span_extractor, feedforward, dropout, output_dim=num_types + 1)
