"""Vectors of words in their sentence: what every model here begins with."""

from typing import List, Optional

import torch
from allennlp.common import FromParams, Lazy
from allennlp.common.checks import ConfigurationError
from allennlp.data import TextFieldTensors
from allennlp.modules import Seq2SeqEncoder, TextFieldEmbedder
from torch import Tensor

from locate_label_allennlp.data.fields import ROW


class WordEncoder(torch.nn.Module, FromParams):
    """
    Section 2.1 of Shen et al. (2021). Concatenates what is known of a word (its vector, its
    characters, its part of speech) with its contextual vector, which comes from an encoder that has
    read the neighbouring sentences too; dropout; a sequence encoder over the sentence. Every part
    is optional, but one source of vectors is needed.

    # Parameters

    text_field_embedder : `TextFieldEmbedder`, optional
        Embeds the sentence's words (`tokens`).
    context_embedder : `TextFieldEmbedder`, optional
        Embeds the sentence amid its neighbours (`context`); only its own words go on.
    encoder : `Lazy[Seq2SeqEncoder]`, optional
        The paper: a BiLSTM. Its input size is that of the concatenated vectors and is not given.
    dropout : `float`, optional (default = `0.0`)
        Applied to the concatenated vectors.
    """

    def __init__(
        self,
        text_field_embedder: Optional[TextFieldEmbedder] = None,
        context_embedder: Optional[TextFieldEmbedder] = None,
        encoder: Optional[Lazy[Seq2SeqEncoder]] = None,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        sources = [source for source in (text_field_embedder, context_embedder) if source]
        if not sources:
            raise ConfigurationError("give text_field_embedder, context_embedder, or both")
        self.text_field_embedder = text_field_embedder
        self.context_embedder = context_embedder
        self._dropout = torch.nn.Dropout(dropout)
        self._output_dim = sum(source.get_output_dim() for source in sources)
        self.encoder: Optional[Seq2SeqEncoder] = None
        if encoder is not None:
            # Sequence encoders call the same size by one of two names.
            size = self._output_dim
            self.encoder = encoder.construct(input_size=size, input_dim=size)
            self._output_dim = self.encoder.get_output_dim()

    def get_output_dim(self) -> int:
        return self._output_dim

    def forward(
        self,
        centre: Tensor,
        max_words: int,
        tokens: Optional[TextFieldTensors] = None,
        context: Optional[TextFieldTensors] = None,
    ) -> Tensor:
        """
        # Parameters

        centre : `torch.LongTensor`
            Shape `(B, 2)`: the sentence's first word in `context`, and its number of words.
        max_words : `int`
            `N`, the number of words of the longest sentence.
        tokens, context : `TextFieldTensors`
            As the embedders need them. Sentences may share a context: `context` holds `V` texts
            then, and under `ROW` the number of the text of each sentence, shape `(B,)`.

        # Returns

        `torch.FloatTensor`
            Shape `(B, N, D)`.
        """
        start, length = centre[:, :1], centre[:, 1:]
        position = torch.arange(max_words, device=centre.device)
        # (B, N)
        mask = position < length
        parts: List[Tensor] = []
        if self.text_field_embedder is not None:
            parts.append(self.text_field_embedder(tokens))
        if self.context_embedder is not None:
            parts.append(self._centres(start + position, context or {}))
        # (B, N, D)
        words = self._dropout(torch.cat(parts, dim=-1))
        return words if self.encoder is None else self.encoder(words, mask)

    def _centres(self, position: Tensor, context: TextFieldTensors) -> Tensor:
        """The vectors of the words at `position` `(B, N)` of each sentence's context."""
        texts = {name: tensors for name, tensors in context.items() if name != ROW}
        # (V, M, E): V = B unless sentences share their context
        around = self.context_embedder(texts)  # type: ignore[misc]
        if ROW in context:
            text = context[ROW][ROW]
        else:
            text = torch.arange(position.size(0), device=position.device)
        num_words = around.size(1)
        # (B, N, E)
        return around.flatten(0, 1)[text[:, None] * num_words + position.clamp(max=num_words - 1)]
