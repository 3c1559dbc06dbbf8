"""The span-level strategy."""

from typing import Any, Dict, List, NamedTuple, Optional

import torch
from allennlp.common import Lazy
from allennlp.common.checks import ConfigurationError
from allennlp.data import TextFieldTensors, Vocabulary
from allennlp.models import Model
from allennlp.modules import Seq2SeqEncoder
from allennlp.nn import InitializerApplicator, RegularizerApplicator
from allennlp.nn.parallel import DdpAccelerator
from overrides import overrides
from torch import Tensor

from locate_label_allennlp.common.precision import at_precision
from locate_label_allennlp.data.fields import entities_of_spans
from locate_label_allennlp.decoders import EntityDecoder
from locate_label_allennlp.models.enumerated_spans import EnumeratedSpansModel
from locate_label_allennlp.models.nested_ner_model import Candidates
from locate_label_allennlp.modules.mention_encoder import MentionEncoder
from locate_label_allennlp.modules.word_encoder import WordEncoder
from locate_label_allennlp.nn.losses import classification_loss
from locate_label_allennlp.nn.mentions import gold_positions, span_positions
from locate_label_allennlp.nn.spans import FlatSpans, padded_to_flat
from locate_label_allennlp.training.metrics import NestedSpanF1, OracleSpanAccuracy


class GoldMentions(NamedTuple):
    """
    # Parameters

    spans : `FlatSpans`
        The gold mentions of the batch, discontinuous ones by their first and last word.
    label : `torch.LongTensor`
        Shape `(S,)`.
    logits : `torch.FloatTensor`
        Shape `(S, C)`.
    """

    spans: FlatSpans
    label: Tensor
    logits: Tensor


@Model.register("span_level_classifier")
class SpanLevelClassifier(EnumeratedSpansModel):
    """
    The model of "A Span-level Strategy for Nested Named Entity Recognition": names the type of a
    mention from the vectors of its words alone, by a BiLSTM and attention. It comes in two forms
    whose figures cannot be compared with each other:

    - `gold_spans: true`, the paper's task: the gold mentions are given, also in prediction, and
      only their types are predicted. Nothing is detected, so that recall is 1 by construction; the
      metrics are `oracle_span_accuracy` and, for the paper's F1, `oracle_span_f1`.
    - `gold_spans: false`: every span up to a length is classified, NONE among the types, and the
      metrics are those of all models that detect.

    A mention has one type here. Of two mentions with the same words but different types, at least
    one is wrong in both forms.

    See `EnumeratedSpansModel` for the parameters that are not here; those for spans and decoding
    are of no effect with `gold_spans: true`.

    # Parameters

    word_encoder : `WordEncoder`
        The paper's has static word vectors and no `encoder` of its own.
    encoder : `Lazy[Seq2SeqEncoder]`
        What reads a mention. Its input size is that of the word vectors and is not given.
    gold_spans : `bool`
    dropout : `float`, optional (default = `0.0`)
        Applied to the mention vectors.
    max_chunk_words : `int`, optional (default = `32768`)
        How many words of mentions are read at once; see `MentionEncoder`.
    initializer : `InitializerApplicator`, optional
    """

    def __init__(
        self,
        vocab: Vocabulary,
        word_encoder: WordEncoder,
        encoder: Lazy[Seq2SeqEncoder],
        gold_spans: bool,
        decoder: Optional[EntityDecoder] = None,
        metric: Optional[NestedSpanF1] = None,
        max_span_length: Optional[int] = 10,
        negatives_per_positive: Optional[float] = None,
        min_negatives: int = 5,
        dropout: float = 0.0,
        max_chunk_words: int = 32768,
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
        self._gold_spans = gold_spans
        size = word_encoder.get_output_dim()
        # Sequence encoders call the same size by one of two names.
        self._encoder = MentionEncoder(
            encoder.construct(input_size=size, input_dim=size), max_chunk_words
        )
        self._dropout = torch.nn.Dropout(dropout)
        num_classes = vocab.get_vocab_size(label_namespace) + (not gold_spans)
        self._output = torch.nn.Linear(self._encoder.get_output_dim(), num_classes)
        self._oracle_metric = OracleSpanAccuracy()
        initializer(self)

    @overrides(check_signature=False)
    def forward(
        self,
        centre: Tensor,
        metadata: List[Dict[str, Any]],
        tokens: Optional[TextFieldTensors] = None,
        context: Optional[TextFieldTensors] = None,
        entities: Optional[Tensor] = None,
    ) -> Dict[str, Any]:
        """
        As `NestedNerModel.forward`; with `gold_spans: true`, `entities` has to be given, and in the
        output `entities` are the same mentions, in the same order, with the predicted types.
        """
        if not self._gold_spans:
            return super().forward(centre, metadata, tokens, context, entities)
        if entities is None:
            raise ConfigurationError(
                "span_level_classifier with 'gold_spans': true names the types of mentions that "
                "are given, and this input has none; predict from a corpus with entities "
                "(--use-dataset-reader), or train with 'gold_spans': false"
            )
        with at_precision(self.precision, centre.device):
            words = self._read(centre, metadata, tokens, context)
            mentions = self._gold_mentions(words, entities, metadata)
            output: Dict[str, Any] = {"loss": self._loss(mentions, entities, metadata)}
        if not self.training:
            # (S,)
            score, label = mentions.logits.float().softmax(dim=1).max(dim=1)
            num_unreachable = sum(len(sentence["unreachable"]) for sentence in metadata)
            self._oracle_metric(label, mentions.label, len(metadata), num_unreachable)
            output["entities"] = entities_of_spans(
                mentions.spans, label, self.labels, len(metadata), score
            )
        return output

    @overrides
    def _analyse(self, words: Tensor, lengths: Tensor) -> Any:
        return words if self._gold_spans else super()._analyse(words, lengths)

    @overrides
    def _propose(self, analysis: Any) -> Candidates:
        if self._gold_spans:
            raise ConfigurationError(
                "span_level_classifier with 'gold_spans': true detects nothing: it names the types "
                "of given mentions; a model that detects is needed here"
            )
        return super()._propose(analysis)

    @overrides
    def _prepare(self, words: Tensor, lengths: Tensor) -> Tensor:
        return words

    @overrides
    def _logits(self, words: Any, spans: FlatSpans) -> Tensor:
        return self._classify(words, span_positions(spans, words.size(1)))

    def _classify(self, words: Tensor, positions: Tensor) -> Tensor:
        # (S, H)
        vectors = self._encoder(words.flatten(0, 1), positions)
        return self._output(self._dropout(vectors))

    def _gold_mentions(
        self, words: Tensor, entities: Tensor, metadata: List[Dict[str, Any]]
    ) -> GoldMentions:
        pieces = [sentence.get("pieces", {}) for sentence in metadata]
        positions = gold_positions(entities, pieces, words.size(1))
        label = entities[..., 2][entities[..., 0] >= 0]
        spans = padded_to_flat(entities[..., :2])
        return GoldMentions(spans, label, self._classify(words, positions))

    @overrides
    def _compute_losses(self, analysis: Any, entities: Tensor) -> Dict[str, Tensor]:
        if not self._gold_spans:
            return super()._compute_losses(analysis, entities)
        return {"classification_loss": classification_loss(analysis.logits, analysis.label)}

    @overrides
    def get_metrics(self, reset: bool = False) -> Dict[str, float]:
        metrics = super().get_metrics(reset)
        if not self._gold_spans:
            return metrics
        # The one loss is reported as `loss`, and there is nothing for a strict F1 to count.
        return {} if self.training else self._oracle_metric.get_metric(reset)
