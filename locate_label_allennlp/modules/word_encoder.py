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

    Where the `context_embedder` gives a vector of the text beside those of the words
    (`sentence_vector` of `windowed_transformer`), it goes on as the last part of each word's
    vector, and the sequence encoder does not see it.

    # Parameters

    text_field_embedder : `TextFieldEmbedder`, optional
        Embeds the sentence's words (`tokens`).
    context_embedder : `TextFieldEmbedder`, optional
        Embeds the sentence amid its neighbours (`context`); only its own words go on.
    encoder : `Lazy[Seq2SeqEncoder]`, optional
        The paper: a BiLSTM. Its input size is that of the concatenated vectors and is not given.
    dropout : `float`, optional (default = `0.0`)
        Applied to the concatenated vectors.
    context_after_encoder : `bool`, optional (default = `False`)
        Whether the contextual vector is kept from the sequence encoder and joins what that makes of
        the rest; a linear layer brings both back to its output size. So the authors' released code
        does it for KBP 2017.
    skip_connection : `bool`, optional (default = `False`)
        Whether the concatenated vectors also pass by the sequence encoder: through a linear layer,
        whose output is added to the encoder's.
    """

    def __init__(
        self,
        text_field_embedder: Optional[TextFieldEmbedder] = None,
        context_embedder: Optional[TextFieldEmbedder] = None,
        encoder: Optional[Lazy[Seq2SeqEncoder]] = None,
        dropout: float = 0.0,
        context_after_encoder: bool = False,
        skip_connection: bool = False,
    ) -> None:
        super().__init__()
        sources = [source for source in (text_field_embedder, context_embedder) if source]
        if not sources:
            raise ConfigurationError("give text_field_embedder, context_embedder, or both")
        self.text_field_embedder = text_field_embedder
        self.context_embedder = context_embedder
        self._dropout = torch.nn.Dropout(dropout)
        if context_after_encoder and (encoder is None or len(sources) < 2):
            raise ConfigurationError(
                "context_after_encoder is true; allowed is that with text_field_embedder, "
                "context_embedder and encoder"
            )
        if skip_connection and (encoder is None or context_after_encoder):
            raise ConfigurationError(
                "skip_connection is true; allowed is that with encoder and without "
                "context_after_encoder"
            )
        self._output_dim = sum(source.get_output_dim() for source in sources)
        self._sentence_dim = 0 if context_embedder is None else _sentence_dim(context_embedder)
        self._output_dim -= self._sentence_dim
        self.encoder: Optional[Seq2SeqEncoder] = None
        self._joined: Optional[torch.nn.Linear] = None
        self._skipping: Optional[torch.nn.Linear] = None
        if encoder is not None:
            after = 0
            if context_after_encoder and context_embedder is not None:
                after = context_embedder.get_output_dim() - self._sentence_dim
            # Sequence encoders call the same size by one of two names.
            size = self._output_dim - after
            self.encoder = encoder.construct(input_size=size, input_dim=size)
            self._output_dim = self.encoder.get_output_dim()
            if after:
                self._joined = torch.nn.Linear(self._output_dim + after, self._output_dim)
            if skip_connection:
                self._skipping = torch.nn.Linear(size, self._output_dim)

    def get_output_dim(self) -> int:
        return self._output_dim + self._sentence_dim

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
        of_text: List[Tensor] = []
        if self.text_field_embedder is not None:
            parts.append(self.text_field_embedder(tokens))
        if self.context_embedder is not None:
            contextual = self._centres(start + position, context or {})
            if self._sentence_dim:
                contextual, text = contextual.tensor_split([-self._sentence_dim], dim=-1)
                of_text.append(text)
            parts.append(contextual)
        if self._joined is not None and self.encoder is not None:
            static, contextual = map(self._dropout, parts)
            # (B, N, D)
            words = self._joined(torch.cat([self.encoder(static, mask), contextual], dim=-1))
        else:
            vectors = self._dropout(torch.cat(parts, dim=-1))
            words = vectors if self.encoder is None else self.encoder(vectors, mask)
            if self._skipping is not None:
                words = words + self._skipping(vectors)
        # (B, N, D) and what is known of the text
        return torch.cat([words, *of_text], dim=-1) if of_text else words

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


def _sentence_dim(embedder: TextFieldEmbedder) -> int:
    """How many of the last numbers of a vector are those of the text and not of a word."""
    embedders = list(getattr(embedder, "_token_embedders", {}).values())
    dims = [getattr(each, "sentence_dim", 0) for each in embedders]
    if any(dims) and len(dims) > 1:
        raise ConfigurationError(
            "sentence_vector is true; allowed is that where the context_embedder has one embedder"
        )
    return sum(dims)
