"""The encoders of the benchmarks: a random one, and the bare one, the measure of speed."""

from collections import Counter
from copy import deepcopy
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence

import torch
import transformers

from locate_label_allennlp.common.precision import at_precision
from locate_label_allennlp.data.document import Document

# Layers, hidden size, heads, intermediate size.
SHAPES = {
    "tiny": (1, 32, 2, 64),
    "minilm": (6, 384, 12, 1536),
    "bert-base": (12, 768, 12, 3072),
    "bert-large": (24, 1024, 16, 4096),
}
_VOCABULARY_SIZE = 30_522
_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def random_encoder(folder: str, shape: str, documents: Sequence[Document]) -> None:
    """
    A BERT with random weights. Its pieces are the corpus's words that occur at least three times
    and, for all others, runs of up to three characters, so that texts have about as many pieces
    as a real vocabulary would give them.
    """
    words = Counter(
        word.lower()
        for document in documents
        for sentence in document.sentences
        for word in sentence.words
    )
    runs = Counter(
        word[start : start + size]
        for word in words
        for start in range(len(word))
        for size in (1, 2, 3)
    )
    # The shortest first: with every single character there, no word is unknown.
    parts = sorted(runs, key=lambda run: (len(run) > 1, -runs[run], run))
    pieces = [*_SPECIAL, *(f"##{part}" for part in parts), *parts]
    pieces += [word for word, count in words.most_common() if count >= 3]
    pieces = list(dict.fromkeys(pieces))[:_VOCABULARY_SIZE]
    pieces += [f"[unused{number}]" for number in range(_VOCABULARY_SIZE - len(pieces))]
    vocabulary = Path(folder) / "vocab.txt"
    vocabulary.write_text("\n".join(pieces), encoding="utf-8")
    transformers.BertTokenizerFast(str(vocabulary), model_max_length=512).save_pretrained(folder)
    layers, hidden, heads, intermediate = SHAPES[shape]
    config = transformers.BertConfig(
        vocab_size=_VOCABULARY_SIZE,
        num_hidden_layers=layers,
        hidden_size=hidden,
        num_attention_heads=heads,
        intermediate_size=intermediate,
    )
    transformers.BertModel(config).save_pretrained(folder)


class BareEncoder(torch.nn.Module):
    """
    The measure of speed: copies of the model's transformer and of its text field embedder (word
    vectors, character LSTM, parts of speech), and nothing else. The transformer reads the tensors
    of wordpieces that it reads inside the model, recorded there; pooling of pieces to words,
    BiLSTM, heads, losses and decoding are left out.

    # Parameters

    model : `NerModel`
    copy : `bool`, optional (default = `True`)
        `False` for the model's own modules instead of copies, where the model is not used again.
    """

    def __init__(self, model: Any, copy: bool = True) -> None:
        super().__init__()
        source = deepcopy(model._word_encoder) if copy else model._word_encoder
        # Under their names in the model, which the optimiser's groups go by.
        self.text_field_embedder = source.text_field_embedder
        self.context_embedder = source.context_embedder
        self._transformer = [transformer_of(self.context_embedder)]
        self._precision = model.precision

    def forward(
        self, calls: Sequence[Dict[str, Any]], tokens: Optional[Dict[str, Any]] = None
    ) -> Dict[str, torch.Tensor]:
        """
        # Parameters

        calls : `Sequence[Dict[str, Any]]`
            Arguments of the transformer, as `recorded_calls` gives them.
        tokens : `TextFieldTensors`, optional
            For the text field embedder; it is left out without them.

        # Returns

        `Dict[str, torch.Tensor]`
            In training the `loss`: the sum over calls and tokens of the mean of the vectors'
            squares.
        """
        with at_precision(self._precision, calls[0]["input_ids"].device):
            vectors = [self._transformer[0](**call).last_hidden_state for call in calls]
            if tokens is not None and self.text_field_embedder is not None:
                vectors.append(self.text_field_embedder(tokens))
        if not self.training:
            return {}
        return {"loss": torch.stack([v.float().square().mean() for v in vectors]).sum()}


def transformer_of(module: torch.nn.Module) -> torch.nn.Module:
    """The one pretrained encoder inside a module."""
    parts = module.modules()
    return next(part for part in parts if isinstance(part, transformers.PreTrainedModel))


def recorded_calls(model: torch.nn.Module, run: Callable[[], Any]) -> List[Dict[str, Any]]:
    """The arguments of each call of the model's transformer in `run`, without gradients."""
    calls: List[Dict[str, Any]] = []
    hook = transformer_of(model).register_forward_pre_hook(
        lambda module, positional, named: calls.append(named), with_kwargs=True
    )
    with torch.no_grad():
        run()
    hook.remove()
    return calls
