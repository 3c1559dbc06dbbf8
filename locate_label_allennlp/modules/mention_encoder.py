"""Vectors of mentions read word by word, away from their sentence."""

from typing import Iterator, Tuple

import torch
from allennlp.common.checks import ConfigurationError
from allennlp.modules import Seq2SeqEncoder
from allennlp.nn.util import get_final_encoder_states, masked_softmax
from torch import BoolTensor, Tensor
from torch.utils.checkpoint import checkpoint


class MentionEncoder(torch.nn.Module):
    """
    Section 2 of "A Span-level Strategy for Nested Named Entity Recognition": a sequence encoder
    reads the words of a mention alone, and its last state attends over its outputs. Mentions are
    read in chunks of like length, so that memory is bounded: in training, what a chunk needs is
    computed once more on the way back where there are several.

    # Parameters

    encoder : `Seq2SeqEncoder`
        The paper: a BiLSTM of 200 each way.
    max_chunk_words : `int`, optional (default = `32768`)
        How many words are read at once, padding included.
    """

    def __init__(self, encoder: Seq2SeqEncoder, max_chunk_words: int = 32768) -> None:
        super().__init__()
        if max_chunk_words < 1:
            raise ConfigurationError(f"max_chunk_words is {max_chunk_words}; allowed is >= 1")
        self._encoder = encoder
        self._max_chunk_words = max_chunk_words

    def get_output_dim(self) -> int:
        return self._encoder.get_output_dim()

    def forward(self, words: Tensor, positions: Tensor) -> Tensor:
        """
        # Parameters

        words : `torch.FloatTensor`
            Shape `(W, D)`: the words of all sentences.
        positions : `torch.LongTensor`
            Shape `(S, L)`: which of them each mention has, in order; -1 after its last.

        # Returns

        `torch.FloatTensor`
            Shape `(S, H)`.
        """
        num_mentions = positions.size(0)
        if num_mentions == 0:
            # One word is read and forgotten: in distributed training every weight has to have a
            # gradient in every process.
            positions = positions.new_zeros(1, 1)
        # (S,)
        lengths = (positions >= 0).sum(dim=1)
        order = lengths.argsort(stable=True)
        chunks = list(self._chunks(lengths[order].cpu()))
        again = len(chunks) > 1 and torch.is_grad_enabled()
        vectors = []
        for first, end, longest in chunks:
            chunk = positions[order[first:end], :longest]
            vectors.append(
                checkpoint(self._read, words, chunk, use_reentrant=False)
                if again
                else self._read(words, chunk)
            )
        # (S, H)
        return torch.cat(vectors)[order.argsort()][:num_mentions]

    def _chunks(self, lengths: Tensor) -> Iterator[Tuple[int, int, int]]:
        """First, end and longest mention of each chunk, of lengths in ascending order."""
        first = 0
        while first < lengths.numel():
            # What a chunk would hold with its padding if it ended here.
            padded = torch.arange(1, lengths.numel() - first + 1) * lengths[first:]
            size = int(torch.searchsorted(padded, self._max_chunk_words, right=True))
            end = first + max(size, 1)
            yield first, end, int(lengths[end - 1])
            first = end

    def _read(self, words: Tensor, positions: Tensor) -> Tensor:
        # (S, L)
        mask: BoolTensor = positions >= 0  # type: ignore[assignment]
        # (S, L, D)
        read = words[positions.clamp(min=0)]
        # (S, L, H)
        outputs = self._encoder(read, mask)
        last = get_final_encoder_states(outputs, mask, self._encoder.is_bidirectional())
        return attend(outputs, last, mask)


def attend(outputs: Tensor, query: Tensor, mask: BoolTensor) -> Tensor:
    """
    The mean of the outputs, each weighted by the softmax of its dot product with the query.

    # Parameters

    outputs : `torch.FloatTensor`
        Shape `(S, L, H)`.
    query : `torch.FloatTensor`
        Shape `(S, H)`.
    mask : `torch.BoolTensor`
        Shape `(S, L)`.

    # Returns

    `torch.FloatTensor`
        Shape `(S, H)`.
    """
    # (S, L)
    logits = (outputs @ query[..., None]).squeeze(-1)
    weights = masked_softmax(logits.float(), mask, memory_efficient=True).to(outputs.dtype)
    return (weights[:, None] @ outputs).squeeze(1)
