"""The types of given mentions."""

from typing import Any, Dict, List, Optional

from allennlp.common import Lazy
from allennlp.common.checks import ConfigurationError
from allennlp.data import Vocabulary
from allennlp.models import Model
from allennlp.modules import Seq2SeqEncoder
from allennlp.nn import InitializerApplicator
from overrides import overrides
from torch import Tensor
from torch.nn.functional import pad

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.models.detection import Candidates, Detection, GoldEntities
from locate_label_allennlp.models.ner_model import NerModel, gold_entities
from locate_label_allennlp.modules.span_scorers import MentionSpanScorer
from locate_label_allennlp.modules.word_encoder import WordEncoder
from locate_label_allennlp.nn.encoded_words import EncodedWords
from locate_label_allennlp.nn.losses import classification_loss
from locate_label_allennlp.nn.mentions import gold_positions
from locate_label_allennlp.training.metrics import OracleSpanAccuracy


@Model.register("mention_typer")
class MentionTyper(NerModel):
    """
    The model of "A Span-level Strategy for Nested Named Entity Recognition", and its task: names
    the types of mentions that are given, in prediction too, from the vectors of their words alone,
    by a BiLSTM and attention. Nothing is detected, so that recall is 1 by construction; the metrics
    are `oracle_span_accuracy` and, for the paper's F1, `oracle_span_f1`. To detect entities by the
    same means there is `enumerated_spans` with the span scorer `mention`.

    A mention has one type here: of two mentions with the same words but different types, at least
    one is wrong. See `NerModel` for the parameters that are not here.

    # Parameters

    word_encoder : `WordEncoder`
        The paper's has static word vectors and no `encoder` of its own.
    encoder : `Lazy[Seq2SeqEncoder]`
        What reads a mention. Its input size is that of the word vectors and is not given.
    dropout, max_chunk_words
        See `MentionSpanScorer`.
    initializer : `InitializerApplicator`, optional
    """

    is_given_mentions = True

    def __init__(
        self,
        vocab: Vocabulary,
        word_encoder: WordEncoder,
        encoder: Lazy[Seq2SeqEncoder],
        dropout: float = 0.0,
        max_chunk_words: int = 32768,
        initializer: InitializerApplicator = InitializerApplicator(),
        **kwargs: Any,
    ) -> None:
        super().__init__(vocab, word_encoder, **kwargs)
        self._span_scorer = MentionSpanScorer(
            word_encoder.get_output_dim(), self.num_types, encoder, dropout, max_chunk_words
        )
        self._metric = OracleSpanAccuracy()
        initializer(self)

    @overrides
    def detect(self, words: EncodedWords, gold: Optional[GoldEntities]) -> Detection:
        """
        Nothing is detected: the candidates are the gold mentions, in the same order. They have to
        be given, in prediction too.
        """
        if gold is None:
            raise ConfigurationError(
                "mention_typer names the types of mentions that are given, and this input has "
                "none; predict from a corpus with entities (--use-dataset-reader), or train a "
                "model that detects, such as enumerated_spans with the span scorer 'mention'"
            )
        # (S, L): the words of each mention
        positions = gold_positions(gold.entities, gold.fragments, words.max_words)
        # (S, C)
        logits = self._span_scorer.score_mentions(words, positions)
        losses = {"classification_loss": classification_loss(logits, gold.labels)}
        if self.training:
            return Detection(losses, None)
        # (S, C + 1): a mention is never NONE
        probabilities = pad(logits.float().softmax(dim=1), (1, 0))
        return Detection(losses, Candidates(gold.spans, probabilities))

    def candidates(
        self, entities: Tensor, metadata: List[Dict[str, Any]], **inputs: Any
    ) -> Candidates:
        """
        The mentions in order of sentence and row of `entities`, and the probabilities of their
        types, for the arguments of `forward`, all by name. The model must not be in training mode.
        """
        gold = gold_entities(entities, metadata)
        candidates = self._detect(gold, metadata=metadata, **inputs).candidates
        assert candidates is not None, "the model is in training"
        return candidates

    @overrides
    def _count(
        self, decoded: List[List[Entity]], candidates: Candidates, gold: GoldEntities
    ) -> None:
        # (S,)
        label = candidates.probabilities[:, 1:].argmax(dim=1)
        self._metric(label, gold.labels, len(decoded), sum(map(len, gold.unreachable)))

    @overrides
    def get_metrics(self, reset: bool = False) -> Dict[str, float]:
        # The one loss is reported as `loss`.
        super().get_metrics(reset)
        return {} if self.training else self._metric.get_metric(reset)
