"""What all models have in common: words in, a loss and entities out."""

import math
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar, Dict, List, Optional, Union

import numpy
import torch
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.data import Instance, TextFieldTensors, Vocabulary
from allennlp.models import Model
from allennlp.models.model import _DEFAULT_WEIGHTS
from allennlp.training.metrics import Average
from overrides import overrides
from torch import Tensor

from locate_label_allennlp.common.precision import at_precision, check_precision
from locate_label_allennlp.common.weights import read_weights
from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.data.fields import entities_of_spans
from locate_label_allennlp.models.detection import Candidates, Detection, GoldEntities
from locate_label_allennlp.models.long_sentences import detect_in_windows
from locate_label_allennlp.modules.word_encoder import WordEncoder
from locate_label_allennlp.nn.encoded_words import EncodedWords

# Of the first version, 0.1.0, archives have no such mark.
_MARK = "_archive_version"


class NerModel(Model):
    """
    Words become vectors; a subclass makes of these, in `detect`, losses and candidates, and counts
    what becomes of the candidates.

    # Parameters

    vocab : `Vocabulary`
    word_encoder : `WordEncoder`
    label_namespace : `str`, optional (default = `"entity_labels"`)
    precision : `str`, optional (default = `"auto"`)
        `"fp32"`, `"bf16"` or `"fp16"`: how the layers of the model calculate, in training and
        prediction; losses, probabilities and span geometry are in float32 always. `"auto"` is bf16
        on a GPU or CPU that has it, fp16 on another GPU, fp32 on another CPU. Training in fp16
        needs the trainer `mixed_precision`.
    max_words : `int`, optional (default = `None`)
        Sentences of more words are refused; `None`: there is no limit. Models whose memory grows
        with the square of the words have one by default.
    window_overlap : `int`, optional (default = `None`)
        With it, such sentences are refused in training alone. Else a model sees windows of
        `max_words` words, of which neighbours share so many, at most half of them; an entity that
        is more than one word longer than that may be missed where windows meet.
    """

    default_predictor = "nested_ner"

    is_given_mentions: ClassVar[bool] = False
    """Whether it has to be given the mentions of a text, in prediction too."""

    def __init__(
        self,
        vocab: Vocabulary,
        word_encoder: WordEncoder,
        label_namespace: str = "entity_labels",
        precision: str = "auto",
        max_words: Optional[int] = None,
        window_overlap: Optional[int] = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(vocab, **kwargs)
        self._word_encoder = word_encoder
        self.precision = check_precision(precision)
        if max_words is not None and max_words < 1:
            raise ConfigurationError(f"max_words is {max_words}; allowed is >= 1, or null")
        if window_overlap is not None:
            if max_words is None or self.is_given_mentions:
                raise ConfigurationError(
                    f"window_overlap is {window_overlap}; allowed is null for a model that has no "
                    "max_words or is given its mentions"
                )
            if not 0 <= window_overlap <= max_words // 2:
                raise ConfigurationError(
                    f"window_overlap is {window_overlap}; allowed is 0 to half of max_words, "
                    f"{max_words // 2}"
                )
        self._max_words = max_words
        self._window_overlap = window_overlap
        self.labels: Dict[int, str] = vocab.get_index_to_token_vocabulary(label_namespace)
        self._num_known_types = len(self.labels)
        self._loss_weights: Dict[str, float] = {}
        self._losses: Dict[str, Average] = {}
        # Among the weights of an archive it says that this version made it.
        self.register_buffer(_MARK, torch.tensor(2))

    @property
    def num_types(self) -> int:
        """`C`, without NONE."""
        return len(self.labels)

    def detect(self, words: EncodedWords, gold: Optional[GoldEntities]) -> Detection:
        """
        The model itself, and the only method that a model which detects entities has to give.

        # Parameters

        words : `EncodedWords`
        gold : `GoldEntities`, optional
            Always given in training.

        # Returns

        `Detection`
            Losses if there are gold entities, candidates if the model is not in training mode.
        """
        raise NotImplementedError

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
        # Parameters

        centre : `torch.LongTensor`
            Shape `(B, 2)`: the sentence's first word in `context`, and its number of words.
        metadata : `List[Dict[str, Any]]`
            `words`, `source` and `unreachable` of each sentence; see the reader `nested_ner`.
        tokens : `TextFieldTensors`, optional
        context : `TextFieldTensors`, optional
        entities : `torch.LongTensor`, optional
            Shape `(B, E, 3)`: start, inclusive end, label; rows of -1 are padding.

        # Returns

        `Dict[str, Any]`
            `loss` where there are gold entities; outside training also `entities`: for each
            sentence a list of `Entity` with scores.
        """
        gold = None
        if entities is not None:
            gold = gold_entities(entities, metadata)
        losses, candidates = self._detect(gold, centre, metadata, tokens, context)
        output: Dict[str, Any] = {}
        if gold is not None:
            output["loss"] = self.total_loss(losses, metadata)
        if candidates is not None:
            decoded = self.decode(candidates, len(metadata))
            if gold is not None:
                self._count(decoded, candidates, gold)
            output["entities"] = decoded
        return output

    def _detect(
        self,
        gold: Optional[GoldEntities],
        centre: Tensor,
        metadata: List[Dict[str, Any]],
        tokens: Optional[TextFieldTensors] = None,
        context: Optional[TextFieldTensors] = None,
    ) -> Detection:
        """`detect`, from the tensors of a batch; see `forward` for the parameters."""
        max_words = max(len(sentence["words"]) for sentence in metadata)
        refusal = self.refusal(max_words)
        if refusal is not None:
            source = next(s["source"] for s in metadata if len(s["words"]) == max_words)
            raise ConfigurationError(f"{source}: {refusal}" if source else refusal)
        with at_precision(self.precision, centre.device):
            # (B, N, D)
            vectors = self._word_encoder(centre, max_words, tokens, context)
            words = EncodedWords(vectors, centre[:, 1])
            if self._max_words is None or max_words <= self._max_words:
                return self.detect(words, gold)
            overlap = self._window_overlap or 0
            return detect_in_windows(self.detect, words, gold, self._max_words, overlap)

    def refusal(self, num_words: int) -> Optional[str]:
        """Why a sentence of so many words is not taken; None if it is."""
        if self._max_words is None or num_words <= self._max_words:
            return None
        if self._window_overlap is not None and not self.training:
            return None
        return (
            f"a sentence of {num_words:,} words, and the model takes memory by their square; "
            f"allowed are {self._max_words:,} (model.max_words; null: no limit), and in prediction "
            "more with model.window_overlap"
        )

    def finite(self, scores: Tensor) -> Tensor:
        """
        The same scores.

        # Raises

        `FloatingPointError`
            If one is no finite number: below every threshold, it would be told as nothing found.
        """
        if not bool(scores.isfinite().all()):
            raise FloatingPointError(
                f"the model's scores are not finite (precision {self.precision!r}): its weights "
                "are broken, or the precision is too low for them; try precision fp32"
            )
        return scores

    def scored_spans(self, candidates: Candidates, num_sentences: int) -> List[List[Entity]]:
        """
        The candidates of each sentence with their most probable type and its probability,
        `calibrated`, without those whose most probable type is NONE (section 2.6 of Shen et al.,
        2021).

        # Raises

        `FloatingPointError` for probabilities that are not `finite`.
        """
        probabilities = self.finite(candidates.probabilities)
        # (K,)
        score, label = probabilities.max(dim=1)
        # (K',) of K; an index rather than a mask, for which the device would be waited each time.
        typed = (label > 0).nonzero().squeeze(1)
        return entities_of_spans(
            candidates.spans.select(typed),
            label[typed] - 1,
            self.labels,
            num_sentences,
            self.calibrated(score[typed]),
        )

    def calibrated(self, scores: Tensor) -> Tensor:
        """The scores of entities whose types have these probabilities; both `(K,)`."""
        return scores

    def decode(self, candidates: Candidates, num_sentences: int) -> List[List[Entity]]:
        """The entities of each sentence: all scored spans, unless a subclass chooses among them."""
        return self.scored_spans(candidates, num_sentences)

    def _count(
        self, decoded: List[List[Entity]], candidates: Candidates, gold: GoldEntities
    ) -> None:
        """Gives the metric predictions and gold."""
        raise NotImplementedError

    def total_loss(self, losses: Dict[str, Tensor], metadata: List[Dict[str, Any]]) -> Tensor:
        """
        The sum of the parts, each weighted by `_loss_weights` where its name is found there; all
        are reported as metrics under their names.

        # Raises

        `FloatingPointError`
            If the sum is no finite number; names the sentences.
        """
        weighted = [self._loss_weights.get(name, 1.0) * loss for name, loss in losses.items()]
        total = torch.stack(weighted).sum()
        # One copy from the device for all of them.
        values = torch.stack([*losses.values(), total]).detach().tolist()
        parts = dict(zip(losses, values, strict=False))
        for name, value in parts.items():
            self._losses.setdefault(name, Average())(value)
        if not math.isfinite(values[-1]):
            sources = [sentence["source"] for sentence in metadata]
            raise FloatingPointError(
                f"the loss is {values[-1]} ({parts}) on the sentences {sources}; a lower learning "
                "rate is what helps most often"
            )
        return total

    @overrides
    def extend_embedder_vocab(
        self, embedding_sources_mapping: Optional[Dict[str, str]] = None
    ) -> None:
        """
        # Raises

        `ConfigurationError` if the vocabulary has types that the model was not built for.
        """
        types = list(self.labels.values())
        known, new = types[: self._num_known_types], types[self._num_known_types :]
        if new:
            raise ConfigurationError(
                f"the data have the types {new}, which the model of the archive does not know; "
                f"allowed are {known}, or training with training_config/fine_tune.jsonnet, which "
                "adds types"
            )
        super().extend_embedder_vocab(embedding_sources_mapping or {})

    @overrides
    def get_metrics(self, reset: bool = False) -> Dict[str, float]:
        return {name: float(loss.get_metric(reset)) for name, loss in self._losses.items()}

    @overrides
    def forward_on_instances(self, instances: List[Instance]) -> List[Dict[str, numpy.ndarray]]:
        with torch.inference_mode():
            return super().forward_on_instances(instances)

    @classmethod
    @overrides
    def _load(
        cls,
        config: Params,
        serialization_dir: Union[str, PathLike],
        weights_file: Optional[Union[str, PathLike]] = None,
        cuda_device: int = -1,
    ) -> "Model":
        """
        # Raises

        `ConfigurationError`
            If the archive was made by a version whose models had other parts.
        """
        weights = Path(weights_file or Path(serialization_dir) / _DEFAULT_WEIGHTS)
        if weights.exists() and not _is_marked(weights):
            raise ConfigurationError(
                "this archive was made by version 0.1.0 of locate_label_allennlp, and only version "
                "0.1.0 can read it; install that, or train the model anew"
            )
        return super()._load(config, serialization_dir, weights_file, cuda_device)


def _is_marked(weights: Path) -> bool:
    return _MARK in read_weights(weights)


def gold_entities(entities: Tensor, metadata: List[Dict[str, Any]]) -> GoldEntities:
    """Those of a batch; see `NerModel.forward`."""
    return GoldEntities(
        entities,
        [sentence.get("fragments", {}) for sentence in metadata],
        [sentence["unreachable"] for sentence in metadata],
    )
