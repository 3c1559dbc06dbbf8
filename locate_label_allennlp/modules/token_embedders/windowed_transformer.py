"""Contextual word vectors from a pretrained encoder, for texts of any length."""

import logging
from typing import Any, NamedTuple, Optional, Tuple

import torch
import torch.nn.functional as F
from allennlp.common.checks import ConfigurationError
from allennlp.modules.token_embedders import TokenEmbedder
from overrides import overrides
from torch import Tensor

from locate_label_allennlp.common.encoders import (
    encoder_source,
    holds_trained_weights,
    load_tokenizer,
    load_transformer,
    longest_input,
    special_pieces,
)
from locate_label_allennlp.common.tenfold_log import TenfoldLog

logger = logging.getLogger(__name__)

_POOLINGS = ("mean", "max", "first")


class Windows(NamedTuple):
    """
    How texts are laid out in encoder windows.

    # Parameters

    text : `torch.LongTensor`
        Shape `(V,)`: which text a window is from.
    start : `torch.LongTensor`
        Shape `(V,)`: its first wordpiece.
    size : `int`
        Wordpieces a window holds at most, `P`.
    """

    text: Tensor
    start: Tensor
    size: int


@TokenEmbedder.register("windowed_transformer")
class WindowedTransformerEmbedder(TokenEmbedder):
    """
    Runs a pretrained transformer over the wordpieces of `WindowedTransformerIndexer` and pools the
    pieces of each word. A text longer than the encoder's window is read in several windows that
    overlap, and each piece takes its vector from the window in which it has most context; nothing
    is cut off.

    # Parameters

    model_name : `str`
        A folder or a name on the model hub; the same as the indexer's.
    window : `int`, optional (default = `512`)
        Wordpieces the encoder sees at once, its special pieces included.
    overlap : `int`, optional (default = `128`)
        Wordpieces that neighbouring windows share, at least.
    pooling : `str`, optional (default = `"mean"`)
        How the pieces of a word become its vector: `mean`, `max` or `first`.
    last_layers : `int`, optional (default = `1`)
        A piece's vector is the mean of the encoder's last so many layers.
    sentence_vector : `bool`, optional (default = `False`)
        Whether each word's vector is followed by that of the text: of the special piece before its
        first window, such as [CLS]. `WordEncoder` keeps it from its sequence encoder.
    train_parameters : `bool`, optional (default = `True`)
    attention_dropout : `float`, optional (default = `None`)
        Dropout of the attention weights instead of the encoder's own. With 0, training is faster
        and needs less memory, most so with long texts: the attention weights are never stored.
    compile : `bool`, optional (default = `False`)
        Whether to compile the encoder with `torch.compile`, for texts of any length at once; needs
        a C++ compiler on a CPU.
    gradient_checkpointing : `bool`, optional (default = `False`)
        Less memory in training for more time.
    load_weights : `bool`, optional (default = `True`)
        Whether to begin with pretrained weights. Those of an archive always come from the archive.
    serialization_dir : `str`, optional
        Passed by AllenNLP; a copy of the encoder's configuration is kept there and goes into the
        archive.
    """

    _before: Tensor
    _after: Tensor

    def __init__(
        self,
        model_name: str,
        window: int = 512,
        overlap: int = 128,
        pooling: str = "mean",
        last_layers: int = 1,
        sentence_vector: bool = False,
        train_parameters: bool = True,
        attention_dropout: Optional[float] = None,
        compile: bool = False,
        gradient_checkpointing: bool = False,
        load_weights: bool = True,
        serialization_dir: Optional[str] = None,
    ) -> None:
        super().__init__()
        if pooling not in _POOLINGS:
            raise ConfigurationError(f"pooling is {pooling!r}; allowed are {_POOLINGS}")
        if attention_dropout is not None and not 0 <= attention_dropout < 1:
            raise ConfigurationError(
                f"attention_dropout is {attention_dropout}; allowed is 0 up to 1"
            )
        source = encoder_source(model_name, serialization_dir)
        tokenizer = load_tokenizer(source)
        before, after = special_pieces(tokenizer)
        if sentence_vector and not before:
            raise ConfigurationError(
                f"sentence_vector is true; encoder {model_name!r} has no special piece before a "
                "text, and allowed is false"
            )
        self._sentence_vector = sentence_vector
        self._size = window - len(before) - len(after)
        if not 0 <= overlap < self._size:
            raise ConfigurationError(
                f"overlap is {overlap}; allowed is 0 to {self._size - 1} with a window of {window}"
            )
        longest = longest_input(source)
        if window > longest:
            raise ConfigurationError(
                f"window is {window}; encoder {model_name!r} reads at most {longest} wordpieces"
            )
        self._overlap = overlap
        self._pooling = pooling
        self.windowed = TenfoldLog(
            logger,
            "%d texts so far, the last one of up to %d wordpieces, did not fit into the encoder's "
            "window of %d and were read in several",
        )
        self._padding_piece = tokenizer.pad_token_id or 0
        self.register_buffer("_before", torch.tensor(before, dtype=torch.long), persistent=False)
        self.register_buffer("_after", torch.tensor(after, dtype=torch.long), persistent=False)

        pretrained = load_weights and not holds_trained_weights(serialization_dir)
        self.transformer: Any = load_transformer(model_name, source, pretrained, attention_dropout)
        num_layers = self.transformer.config.num_hidden_layers
        if not 1 <= last_layers <= num_layers:
            raise ConfigurationError(
                f"last_layers is {last_layers}; allowed is 1 to {num_layers}, the layers of "
                f"{model_name!r}"
            )
        self._last_layers = last_layers
        # Unused, and distributed training stops at parameters without a gradient.
        if getattr(self.transformer, "pooler", None) is not None:
            self.transformer.pooler = None
        if gradient_checkpointing:
            _checkpoint_gradients(self.transformer)
        for parameter in self.transformer.parameters():
            parameter.requires_grad_(train_parameters)
        if compile:
            self.transformer.compile(dynamic=True)

    @overrides
    def get_output_dim(self) -> int:
        return self.transformer.config.hidden_size + self.sentence_dim

    @property
    def sentence_dim(self) -> int:
        """How many of the last numbers of a word's vector are those of its text."""
        return self.transformer.config.hidden_size if self._sentence_vector else 0

    @overrides(check_signature=False)
    def forward(self, wordpieces: Tensor, piece_counts: Tensor) -> Tensor:
        """
        # Parameters

        wordpieces : `torch.LongTensor`
            Shape `(B, W)`, padded with anything.
        piece_counts : `torch.LongTensor`
            Shape `(B, M)`: wordpieces of each word, 0 for padding.

        # Returns

        `torch.FloatTensor`
            Shape `(B, M, E)`, with a sentence vector `(B, M, 2 * E)`; zeros for padding.
        """
        # (B, M): one past each word's last piece
        word_ends = piece_counts.cumsum(1)
        num_pieces = word_ends[:, -1]
        windows = self._lay_out(num_pieces, wordpieces.size(1))
        # (V, E), (V, P, E)
        leading, encoded = self._encode(wordpieces, num_pieces, windows)
        # (B, W, E)
        pieces = self._join(encoded, num_pieces, windows)
        is_word = (piece_counts > 0)[..., None]
        if self._pooling == "first":
            first = (word_ends - piece_counts).clamp(max=pieces.size(1) - 1)
            words = pieces.gather(1, first[..., None].expand(-1, -1, pieces.size(2))) * is_word
        else:
            words = self._pool(pieces, piece_counts, word_ends)
        if not self._sentence_vector:
            return words
        # (B,): the first window of each text
        window = torch.searchsorted(windows.text, torch.arange(words.size(0), device=words.device))
        return torch.cat([words, leading[window, None] * is_word], dim=2)

    def _lay_out(self, num_pieces: Tensor, longest: int) -> Windows:
        """One window a text where all fit; else as many as each needs, the last one at its end."""
        if longest <= self._size:
            texts = torch.arange(num_pieces.size(0), device=num_pieces.device)
            return Windows(texts, torch.zeros_like(texts), longest)
        stride = self._size - self._overlap
        excess = (num_pieces - self._size).clamp(min=0)
        count = 1 + (excess + stride - 1) // stride
        self.windowed.add(int((count > 1).sum()), longest, self._size)
        texts = torch.repeat_interleave(count)
        position = torch.arange(texts.size(0), device=texts.device)
        position = position - (count.cumsum(0) - count)[texts]
        return Windows(texts, torch.minimum(position * stride, excess[texts]), self._size)

    def _encode(
        self, wordpieces: Tensor, num_pieces: Tensor, windows: Windows
    ) -> Tuple[Tensor, Tensor]:
        """
        The vectors of the first piece of each window, a special one unless there is none, `(V, E)`,
        and of its pieces without the special ones, `(V, P, E)`.
        """
        num_windows = windows.text.size(0)
        before, after = self._before.size(0), self._after.size(0)
        column = torch.arange(windows.size, device=wordpieces.device)
        source = (windows.start[:, None] + column).clamp(max=wordpieces.size(1) - 1)
        # (V,)
        filled = (num_pieces[windows.text] - windows.start).clamp(max=windows.size)
        ids = wordpieces.new_full((num_windows, before + windows.size + after), self._padding_piece)
        ids[:, :before] = self._before
        inside = column < filled[:, None]
        ids[:, before : before + windows.size] = torch.where(
            inside, wordpieces[windows.text[:, None], source], self._padding_piece
        )
        # The closing special pieces follow the last piece of each window.
        closing = before + filled[:, None] + torch.arange(after, device=ids.device)
        ids.scatter_(1, closing, self._after.expand(num_windows, -1))
        total = (before + filled + after)[:, None]
        mask = torch.arange(ids.size(1), device=ids.device) < total
        output = self.transformer(
            input_ids=ids, attention_mask=mask.long(), output_hidden_states=self._last_layers > 1
        )
        hidden = output.last_hidden_state
        if self._last_layers > 1:
            hidden = torch.stack(output.hidden_states[-self._last_layers :]).mean(0)
        return hidden[:, 0], hidden[:, before : before + windows.size]

    def _join(self, encoded: Tensor, num_pieces: Tensor, windows: Windows) -> Tensor:
        """Each piece's vector from the window that shows most of what surrounds it: `(B, W, E)`."""
        if windows.text.size(0) == num_pieces.size(0):
            return encoded
        batch_size, longest = num_pieces.size(0), int(num_pieces.max())
        column = torch.arange(windows.size, device=encoded.device)
        # (V, P): the piece of the text in each place of each window
        piece = windows.start[:, None] + column
        filled = (num_pieces[windows.text] - windows.start).clamp(max=windows.size)[:, None]
        # The edge of the text is no loss of context.
        unlimited = longest
        left = torch.where(windows.start[:, None] == 0, unlimited, column)
        ends_text = windows.start[:, None] + filled == num_pieces[windows.text][:, None]
        right = torch.where(ends_text, unlimited, filled - 1 - column)
        context = torch.minimum(left, right)
        inside = column < filled
        # (B * longest,): the best place for each piece, by context first, earlier window first
        place = torch.arange(encoded.size(0) * windows.size, device=encoded.device)
        num_places = place.size(0)
        rank = context.flatten() * num_places + (num_places - 1 - place)
        target = (windows.text[:, None] * longest + piece).flatten()
        inside = inside.flatten()
        best = rank.new_full((batch_size * longest,), -1)
        best.scatter_reduce_(0, target[inside], rank[inside], "amax")
        chosen = num_places - 1 - best.clamp(min=0) % num_places
        joined = encoded.flatten(0, 1).index_select(0, chosen)
        return joined.view(batch_size, longest, -1)

    def _pool(self, pieces: Tensor, piece_counts: Tensor, word_ends: Tensor) -> Tensor:
        """Mean or maximum of each word's pieces: `(B, M, E)`."""
        batch_size, num_words = piece_counts.size()
        position = torch.arange(pieces.size(0) * pieces.size(1), device=pieces.device)
        inside = position.view(batch_size, -1) % pieces.size(1) < word_ends[:, -1:]
        # The pieces of all words one after the other, and where each word begins among them.
        present = position[inside.flatten()]
        counts = piece_counts.flatten()
        words = F.embedding_bag(
            present, pieces.flatten(0, 1), counts.cumsum(0) - counts, mode=self._pooling
        )
        return words.view(batch_size, num_words, -1)


def _checkpoint_gradients(transformer: Any) -> None:
    """By its name in transformers 5, which warns of the other, or in transformers 4."""
    enable = getattr(transformer, "activation_checkpointing_enable", None)
    (enable or transformer.gradient_checkpointing_enable)()
