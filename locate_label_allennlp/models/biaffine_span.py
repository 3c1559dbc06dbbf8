"""The baseline that scores a span by its first and its last word."""

from typing import Any, Optional

from allennlp.common.checks import ConfigurationError
from allennlp.data import Vocabulary
from allennlp.models import Model
from allennlp.modules import FeedForward
from allennlp.nn import InitializerApplicator, RegularizerApplicator
from allennlp.nn.parallel import DdpAccelerator
from overrides import overrides
from torch import Tensor

from locate_label_allennlp.decoders import EntityDecoder, GreedyDecoder
from locate_label_allennlp.models.enumerated_spans import EnumeratedSpansModel
from locate_label_allennlp.modules.biaffine import Biaffine
from locate_label_allennlp.modules.word_encoder import WordEncoder
from locate_label_allennlp.nn.spans import FlatSpans
from locate_label_allennlp.training.metrics import NestedSpanF1


@Model.register("biaffine_span")
class BiaffineSpan(EnumeratedSpansModel):
    """
    Scores every span by a biaffine form of its first and its last word, as Yu et al., "Named Entity
    Recognition as Dependency Parsing" (ACL 2020), and takes spans greedily by score. See
    `EnumeratedSpansModel` for the parameters that are not here.

    # Parameters

    start_feedforward, end_feedforward : `FeedForward`
        What first and last words are projected by.
    decoder : `EntityDecoder`, optional (default = `greedy`, with a score threshold of 0)
        By default the best type, NONE among them, decides alone what is a candidate.
    initializer : `InitializerApplicator`, optional
    """

    def __init__(
        self,
        vocab: Vocabulary,
        word_encoder: WordEncoder,
        start_feedforward: FeedForward,
        end_feedforward: FeedForward,
        decoder: Optional[EntityDecoder] = None,
        metric: Optional[NestedSpanF1] = None,
        max_span_length: Optional[int] = None,
        negatives_per_positive: Optional[float] = None,
        min_negatives: int = 5,
        label_namespace: str = "entity_labels",
        regularizer: Optional[RegularizerApplicator] = None,
        serialization_dir: Optional[str] = None,
        ddp_accelerator: Optional[DdpAccelerator] = None,
        initializer: InitializerApplicator = InitializerApplicator(),
    ) -> None:
        super().__init__(
            vocab,
            word_encoder,
            decoder or GreedyDecoder(score_threshold=0.0),
            metric,
            max_span_length,
            negatives_per_positive,
            min_negatives,
            label_namespace,
            regularizer,
            serialization_dir,
            ddp_accelerator,
        )
        word_dim = word_encoder.get_output_dim()
        for name, feedforward in [
            ("start_feedforward", start_feedforward),
            ("end_feedforward", end_feedforward),
        ]:
            if feedforward.get_input_dim() != word_dim:
                raise ConfigurationError(
                    f"{name}.input_dim is {feedforward.get_input_dim()}, but the word encoder "
                    f"gives vectors of size {word_dim}"
                )
        self._start_feedforward = start_feedforward
        self._end_feedforward = end_feedforward
        self._biaffine = Biaffine(
            start_feedforward.get_output_dim(),
            end_feedforward.get_output_dim(),
            vocab.get_vocab_size(label_namespace) + 1,
        )
        initializer(self)

    @overrides
    def _prepare(self, words: Tensor, lengths: Tensor) -> Tensor:
        """The scores of all pairs of words: shape `(B, N, C + 1, N)`."""
        return self._biaffine(self._start_feedforward(words), self._end_feedforward(words))

    @overrides
    def _logits(self, words: Any, spans: FlatSpans) -> Tensor:
        # (S, C + 1)
        return words[spans.sentence, spans.start, :, spans.end]
