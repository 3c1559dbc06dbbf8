"""How a span is scored, of which `enumerated_spans` is one model: by parts with a name."""

import torch
from allennlp.common import Lazy, Registrable
from allennlp.modules import FeedForward, Seq2SeqEncoder
from overrides import overrides
from torch import Tensor

from locate_label_allennlp.common.sizes import construct
from locate_label_allennlp.modules.biaffine import Biaffine
from locate_label_allennlp.modules.heads import EntityClassifier
from locate_label_allennlp.modules.mention_encoder import MentionEncoder
from locate_label_allennlp.nn.encoded_words import EncodedWords
from locate_label_allennlp.nn.mentions import span_positions
from locate_label_allennlp.nn.spans import FlatSpans


class SpanScorer(torch.nn.Module, Registrable):
    """
    Logits of spans. `input_dim`, the size of a word vector, and `num_classes`, NONE (index 0)
    included, are not given in a config.
    """

    def forward(self, words: EncodedWords, spans: FlatSpans) -> Tensor:
        """
        # Parameters

        words : `EncodedWords`
        spans : `FlatSpans`
            `S` spans, all inside their sentences.

        # Returns

        `torch.FloatTensor`
            Shape `(S, num_classes)`.
        """
        raise NotImplementedError


@SpanScorer.register("pooled")
class PooledSpanScorer(EntityClassifier, SpanScorer):
    """
    Maximum and ends of a span: the classifier of Locate and Label, equations (8) to (10) of Shen et
    al. (2021) with the extractor `inner_boundary`. See `SpanHead` for the parameters.
    """


@SpanScorer.register("biaffine")
class BiaffineSpanScorer(SpanScorer):
    """
    A biaffine form of first and last word: equations (1) and (2) of Yu et al., "Named Entity
    Recognition as Dependency Parsing" (ACL 2020).

    # Parameters

    start_feedforward, end_feedforward : `Lazy[FeedForward]`
        What first and last words are projected by.
    """

    def __init__(
        self,
        input_dim: int,
        num_classes: int,
        start_feedforward: Lazy[FeedForward],
        end_feedforward: Lazy[FeedForward],
    ) -> None:
        super().__init__()
        self._start_feedforward = construct(
            "start_feedforward", start_feedforward, input_dim=input_dim
        )
        self._end_feedforward = construct("end_feedforward", end_feedforward, input_dim=input_dim)
        self._biaffine = Biaffine(
            self._start_feedforward.get_output_dim(),
            self._end_feedforward.get_output_dim(),
            num_classes,
        )

    @overrides
    def forward(self, words: EncodedWords, spans: FlatSpans) -> Tensor:
        # (B, N, P), (B, N, Q)
        start = self._start_feedforward(words.vectors)
        end = self._end_feedforward(words.vectors)
        # (B, N, C + 1, N): all pairs of a first and a last word at once
        scores = self._biaffine(start, end)
        # (S, C + 1)
        return scores[spans.sentence, spans.start, :, spans.end]


@SpanScorer.register("mention")
class MentionSpanScorer(SpanScorer):
    """
    The words of a span, read away from their sentence: the classifier of "A Span-level Strategy for
    Nested Named Entity Recognition". See `MentionEncoder`.

    # Parameters

    encoder : `Lazy[Seq2SeqEncoder]`
        What reads a mention; the paper's is a BiLSTM of 200 each way.
    dropout : `float`, optional (default = `0.0`)
        Applied to the mention vectors.
    max_chunk_words : `int`, optional (default = `32768`)
        How many words of mentions are read at once.
    """

    def __init__(
        self,
        input_dim: int,
        num_classes: int,
        encoder: Lazy[Seq2SeqEncoder],
        dropout: float = 0.0,
        max_chunk_words: int = 32768,
    ) -> None:
        super().__init__()
        # Sequence encoders call the same size by one of two names.
        self._encoder = MentionEncoder(
            encoder.construct(input_size=input_dim, input_dim=input_dim), max_chunk_words
        )
        self._dropout = torch.nn.Dropout(dropout)
        self._output = torch.nn.Linear(self._encoder.get_output_dim(), num_classes)

    @overrides
    def forward(self, words: EncodedWords, spans: FlatSpans) -> Tensor:
        return self.score_mentions(words, span_positions(spans, words.max_words))

    def score_mentions(self, words: EncodedWords, positions: Tensor) -> Tensor:
        """
        # Parameters

        words : `EncodedWords`
        positions : `torch.LongTensor`
            Shape `(S, L)`: which rows of `words.flat` each mention has, in order; -1 after its
            last.

        # Returns

        `torch.FloatTensor`
            Shape `(S, num_classes)`.
        """
        # (S, H)
        vectors = self._encoder(words.flat, positions)
        return self._output(self._dropout(vectors))
