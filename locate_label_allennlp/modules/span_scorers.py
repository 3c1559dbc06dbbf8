"""How a span is scored, of which `enumerated_spans` is one model: by parts with a name."""

from typing import ClassVar, Optional

import torch
import torch.nn.functional as F
from allennlp.common import Lazy, Registrable
from allennlp.common.checks import ConfigurationError
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

    scores_all_pairs: ClassVar[bool] = False
    """Whether each word is paired with each other one of its sentence, however short the spans."""

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

    scores_all_pairs = True

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


@SpanScorer.register("combined")
class CombinedSpanScorer(SpanScorer):
    """
    All that is known of a span, through one hidden layer of `H`:

    - its maximum, its first and its last word, as `pooled`;
    - the words just before and just after it, zeros outside the sentence;
    - a vector of its length;
    - the product of projections of its first and its last word, as `biaffine`.

    What a word contributes is worked out once a word, not once a span.

    # Parameters

    hidden_dim : `int`, optional (default = `input_dim`)
        `H`.
    product_dim : `int`, optional (default = `128`)
        `P`, the size of the projections whose product is taken.
    max_length : `int`, optional (default = `32`)
        In words; longer spans have the vector of this length.
    dropout : `float`, optional (default = `0.2`)
        Applied to the words, the maxima and the hidden layer.
    """

    def __init__(
        self,
        input_dim: int,
        num_classes: int,
        hidden_dim: Optional[int] = None,
        product_dim: int = 128,
        max_length: int = 32,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        hidden_dim = input_dim if hidden_dim is None else hidden_dim
        for name, number in [
            ("hidden_dim", hidden_dim),
            ("product_dim", product_dim),
            ("max_length", max_length),
        ]:
            if number < 1:
                raise ConfigurationError(f"{name} is {number}; allowed is 1 or more")
        self._sizes = [hidden_dim] * 4 + [product_dim] * 2
        self._words = torch.nn.Linear(input_dim, sum(self._sizes))
        self._maximum = torch.nn.Linear(input_dim, hidden_dim, bias=False)
        self._product = torch.nn.Linear(product_dim, hidden_dim, bias=False)
        self._length = torch.nn.Embedding(max_length, hidden_dim)
        torch.nn.init.normal_(self._length.weight, std=0.02)
        self._dropout = torch.nn.Dropout(dropout)
        self._output = torch.nn.Linear(hidden_dim, num_classes)

    @overrides
    def forward(self, words: EncodedWords, spans: FlatSpans) -> Tensor:
        # (B * N, H) four times, (B * N, P) twice
        parts = self._words(self._dropout(words.flat)).split(self._sizes, dim=1)
        first, last, before, after, first_factor, last_factor = parts
        # (S,)
        start = words.rows(spans.sentence, spans.start)
        end = words.rows(spans.sentence, spans.end)
        is_first = spans.start == 0
        is_last = spans.end == words.lengths[spans.sentence] - 1
        length = (spans.end - spans.start).clamp(max=self._length.num_embeddings - 1)
        # (S, P)
        product = first_factor.index_select(0, start) * last_factor.index_select(0, end)
        # (S, H)
        hidden = (
            self._maximum(self._dropout(words.span_max(spans)))
            + first.index_select(0, start)
            + last.index_select(0, end)
            + before.index_select(0, start - 1 + is_first.long()).masked_fill(is_first[:, None], 0)
            + after.index_select(0, end + 1 - is_last.long()).masked_fill(is_last[:, None], 0)
            + self._length(length)
            + self._product(product)
        )
        # (S, C + 1)
        return self._output(self._dropout(F.gelu(hidden)))


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
