"""What the models that classify every span have in common."""

from typing import Any, Dict, NamedTuple, Optional

from allennlp.common.checks import ConfigurationError
from allennlp.data import Vocabulary
from allennlp.nn import RegularizerApplicator
from allennlp.nn.parallel import DdpAccelerator
from overrides import overrides
from torch import Tensor

from locate_label_allennlp.decoders import EntityDecoder
from locate_label_allennlp.models.nested_ner_model import Candidates, NestedNerModel, Seeds
from locate_label_allennlp.modules.word_encoder import WordEncoder
from locate_label_allennlp.nn.exact_match import exact_labels
from locate_label_allennlp.nn.losses import classification_loss
from locate_label_allennlp.nn.pairing import sample_negatives
from locate_label_allennlp.nn.spans import FlatSpans, enumerate_spans
from locate_label_allennlp.training.metrics import NestedSpanF1


class EnumeratedSpans(NamedTuple):
    """
    # Parameters

    words : `Any`
        What the model classifies spans by.
    spans : `FlatSpans`
        Every span of the batch that the model looks at.
    num_sentences, max_words : `int`
        `B` and `N`.
    """

    words: Any
    spans: FlatSpans
    num_sentences: int
    max_words: int


class EnumeratedSpansModel(NestedNerModel):
    """
    Classifies every span of a sentence, up to a length: cross-entropy over `C` types and NONE, one
    type a span. A subclass says how spans are scored.

    # Parameters

    vocab : `Vocabulary`
    word_encoder : `WordEncoder`
    decoder : `EntityDecoder`, optional (default = `soft_nms`)
    metric : `NestedSpanF1`, optional
    max_span_length : `int`, optional (default = `None`)
        In words; longer entities are out of reach. `None` for every span there is.
    negatives_per_positive : `float`, optional (default = `None`)
        How many spans that are no entity are learned from, for each one that is; drawn at random.
        `None` for all of them.
    min_negatives : `int`, optional (default = `5`)
        The least number of them in a sentence, where they are drawn.
    label_namespace : `str`, optional (default = `"entity_labels"`)
    regularizer : `RegularizerApplicator`, optional
    serialization_dir : `str`, optional
    ddp_accelerator : `DdpAccelerator`, optional
    """

    def __init__(
        self,
        vocab: Vocabulary,
        word_encoder: WordEncoder,
        decoder: Optional[EntityDecoder] = None,
        metric: Optional[NestedSpanF1] = None,
        max_span_length: Optional[int] = None,
        negatives_per_positive: Optional[float] = None,
        min_negatives: int = 5,
        label_namespace: str = "entity_labels",
        regularizer: Optional[RegularizerApplicator] = None,
        serialization_dir: Optional[str] = None,
        ddp_accelerator: Optional[DdpAccelerator] = None,
    ) -> None:
        super().__init__(
            vocab,
            word_encoder,
            decoder,
            metric,
            label_namespace,
            regularizer,
            serialization_dir,
            ddp_accelerator,
        )
        if max_span_length is not None and max_span_length < 1:
            raise ConfigurationError(f"max_span_length is {max_span_length}; allowed is >= 1")
        for name, number in [
            ("negatives_per_positive", negatives_per_positive),
            ("min_negatives", min_negatives),
        ]:
            if number is not None and number < 0:
                raise ConfigurationError(f"{name} is {number}; allowed is >= 0")
        self._max_span_length = max_span_length
        self._negatives_per_positive = negatives_per_positive
        self._min_negatives = min_negatives

    def _prepare(self, words: Tensor, lengths: Tensor) -> Any:
        """
        What spans are classified by, made once a batch.

        # Parameters

        words : `torch.FloatTensor`
            Shape `(B, N, D)`.
        lengths : `torch.LongTensor`
            Shape `(B,)`.
        """
        raise NotImplementedError

    def _logits(self, words: Any, spans: FlatSpans) -> Tensor:
        """Over NONE (index 0) and the types: shape `(S, C + 1)`. `words` is of `_prepare`."""
        raise NotImplementedError

    @overrides
    def _analyse(self, words: Tensor, lengths: Tensor) -> Any:
        num_sentences, max_words, _ = words.size()
        longest = min(self._max_span_length or max_words, max_words)
        spans = enumerate_spans(lengths, range(1, longest + 1), max_words)
        return EnumeratedSpans(self._prepare(words, lengths), spans, num_sentences, max_words)

    @overrides
    def _propose(self, analysis: Any) -> Candidates:
        probabilities = self._logits(analysis.words, analysis.spans).float().softmax(dim=1)
        # Where every span is looked at, there is no ceiling to report.
        seeds = None if self._max_span_length is None else Seeds(analysis.spans, None, 1.0, False)
        return Candidates(analysis.spans, probabilities, seeds)

    @overrides
    def _compute_losses(self, analysis: Any, entities: Tensor) -> Dict[str, Tensor]:
        spans = analysis.spans
        # (S,)
        target = exact_labels(spans, entities, analysis.max_words)
        if self._negatives_per_positive is not None:
            chosen = sample_negatives(
                target > 0,
                spans.sentence,
                analysis.num_sentences,
                self._negatives_per_positive,
                self._min_negatives,
                self._generator(target.device),
            )
            spans, target = spans.select(chosen), target[chosen]
        # (S, C + 1)
        logits = self._logits(analysis.words, spans)
        return {"classification_loss": classification_loss(logits, target)}
