"""Moves the boundaries of spans."""

from allennlp.modules import FeedForward
from allennlp.modules.span_extractors import SpanExtractor

from locate_label_allennlp.modules.heads.span_head import SpanHead


class BoundaryRegressor(SpanHead):
    """
    Equations (4) and (5) of Shen et al. (2021): by how many words the left and the right boundary
    of a span should move, two signed real numbers, shape `(S, 2)`. See `SpanHead` for the
    parameters.
    """

    def __init__(
        self, span_extractor: SpanExtractor, feedforward: FeedForward, dropout: float = 0.5
    ) -> None:
        super().__init__(span_extractor, feedforward, dropout, output_dim=2)
