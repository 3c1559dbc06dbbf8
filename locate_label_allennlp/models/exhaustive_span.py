"""The baseline that classifies every span as it stands."""

from typing import Any, Optional

from allennlp.data import Vocabulary
from allennlp.models import Model
from allennlp.nn import InitializerApplicator, RegularizerApplicator
from allennlp.nn.parallel import DdpAccelerator
from overrides import overrides
from torch import Tensor

from locate_label_allennlp.decoders import EntityDecoder
from locate_label_allennlp.models.enumerated_spans import EnumeratedSpansModel
from locate_label_allennlp.modules.heads import EntityClassifier
from locate_label_allennlp.modules.word_encoder import WordEncoder
from locate_label_allennlp.nn.range_maximum import RangeMaximum
from locate_label_allennlp.nn.spans import FlatSpans
from locate_label_allennlp.training.metrics import NestedSpanF1


@Model.register("exhaustive_span")
class ExhaustiveSpan(EnumeratedSpansModel):
    """
    Classifies every span up to a length by its own words: what is left of Locate and Label (Shen et
    al., 2021) without filter and regressor (Table 3), learned from all spans. See
    `EnumeratedSpansModel` for the parameters that are not here.

    # Parameters

    classifier : `EntityClassifier`
        Equations (8) to (10), with the extractor `inner_boundary`.
    max_span_length : `int`, optional (default = `10`)
        In words; longer entities are out of reach.
    initializer : `InitializerApplicator`, optional
    """

    def __init__(
        self,
        vocab: Vocabulary,
        word_encoder: WordEncoder,
        classifier: EntityClassifier,
        decoder: Optional[EntityDecoder] = None,
        metric: Optional[NestedSpanF1] = None,
        max_span_length: Optional[int] = 10,
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
            decoder,
            metric,
            max_span_length,
            negatives_per_positive,
            min_negatives,
            label_namespace,
            regularizer,
            serialization_dir,
            ddp_accelerator,
        )
        classifier.check_word_dim("classifier", word_encoder.get_output_dim())
        self._classifier = classifier
        initializer(self)

    @overrides
    def _prepare(self, words: Tensor, lengths: Tensor) -> RangeMaximum:
        return RangeMaximum(words, lengths)

    @overrides
    def _logits(self, words: Any, spans: FlatSpans) -> Tensor:
        return self._classifier(words, spans)
