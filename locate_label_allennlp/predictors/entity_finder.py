"""Entities in texts, from Python."""

from collections.abc import Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass, fields
from os import PathLike
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

from allennlp.common import Tqdm
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.common.devices import Device, cuda_device_of
from locate_label_allennlp.common.precision import check_precision
from locate_label_allennlp.data.document import Document
from locate_label_allennlp.decoders.overlap import check_overlap
from locate_label_allennlp.models.nested_ner_model import NestedNerModel
from locate_label_allennlp.predictors.grouping import groups
from locate_label_allennlp.predictors.loading import load_model, predictor_from
from locate_label_allennlp.predictors.nested_ner import NestedNerPredictor, place_of


@dataclass(frozen=True)
class FoundEntity:
    """
    An entity in a text. All ends are exclusive.

    # Parameters

    type : `str`
    text : `str`
        `text[start_char:end_char]` of the text it was found in; of words, these with blanks.
    score : `float`
        Between 0 and 1.
    start_char, end_char : `int`, optional
        In characters (Unicode code points) of the text; `None` where words were given.
    sentence : `int`
        The number of its sentence, from 0.
    start, end : `int`
        In words of its sentence.
    """

    type: str
    text: str
    score: float
    start_char: Optional[int]
    end_char: Optional[int]
    sentence: int
    start: int
    end: int

    def to_dict(self) -> Dict[str, Any]:
        """What it has, by the names of the parameters, as `allennlp predict` writes it."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True)
class Candidate(FoundEntity):
    """
    A span that the model looked at, be it an entity or not. Its `type` is the most probable one,
    and its `score` the probability of that, calibrated where the model is, before a decoder lowers
    it.

    # Parameters

    none : `float`
        The probability that it is no entity.
    probabilities : `Dict[str, float]`
        That of each type.
    is_found : `bool`
        Whether it is among the entities of the text.
    needed : `float`
        What its score has to be above: the threshold of its type or, where this is higher, the
        score with which the type would be as probable as no entity.
    """

    none: float
    probabilities: Dict[str, float]
    is_found: bool
    needed: float


class EntityFinder:
    """
    A trained model as a function of text; see `locate_label_allennlp.load` for the parameters.
    """

    def __init__(
        self,
        model: Union[str, "PathLike[str]"],
        device: Device = None,
        precision: Optional[str] = None,
        threshold: Union[float, Mapping[str, float], None] = None,
        overlap: str = "nested",
        language: Optional[str] = None,
        words: Optional[str] = None,
        overrides: Optional[Dict[str, Any]] = None,
        local_files_only: bool = False,
        trust: bool = False,
    ) -> None:
        check_overlap(overlap)
        if precision is not None:
            check_precision(precision)
        archive: Any = load_model(
            model, cuda_device_of(device), overrides or "", trust, local_files_only
        )
        arguments = {"language": language, "words": words, "overlap": overlap}
        self.predictor: NestedNerPredictor = predictor_from(archive, str(model), arguments)
        self.model = archive.model
        if precision is not None:
            self.model.precision = precision
        if threshold is not None:
            if not isinstance(self.model, NestedNerModel):
                raise ConfigurationError(
                    f"threshold is {threshold!r}; allowed is None for a model that is given its "
                    "mentions"
                )
            self.model.set_threshold(threshold)
        self._name = str(model)
        self._config = archive.config["model"].as_dict(quiet=True)

    @property
    def types(self) -> List[str]:
        """Those of the entities that the model can find."""
        return list(self.model.labels.values())

    @property
    def thresholds(self) -> Dict[str, float]:
        """For each type the score that an entity must be above."""
        return dict(getattr(self.model, "thresholds", {}))

    def __repr__(self) -> str:
        thresholds = self.thresholds
        values = set(thresholds.values())
        shown = [
            f"{kind} > {thresholds[kind]:g}" if len(values) > 1 else kind for kind in self.types
        ]
        threshold = f", all > {values.pop():g}" if len(values) == 1 else ""
        return (
            f"EntityFinder({self._name!r}: {self._config['type']}, "
            f"encoder {_encoder(self._config)}, types {', '.join(shown)}{threshold})"
        )

    def __call__(self, text: str, overlap: Optional[str] = None) -> List[FoundEntity]:
        """
        The entities of a text in the order in which they stand; none in an empty text. `overlap` is
        that of `load` by default.
        """
        return next(self._found([_checked(text)], 1, overlap))

    def pipe(
        self,
        texts: Iterable[str],
        batch_size: Optional[int] = None,
        progress: bool = False,
        overlap: Optional[str] = None,
    ) -> Iterator[List[FoundEntity]]:
        """
        The entities of each text, in the order of the texts, which are taken `batch_size` at a
        time as results are asked for; by default as many as `groups` puts together. Faster than
        one by one. With `progress` a bar counts them on standard error.
        """
        if isinstance(texts, str) or not isinstance(texts, Iterable):
            raise TypeError(
                f"got {_shown(texts)}; allowed are several texts, such as a list of str"
            )
        if batch_size is not None and batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}; allowed is >= 1")
        found = self._found(texts, batch_size, overlap)
        if not progress:
            return found
        total = len(texts) if isinstance(texts, Sized) else None
        return iter(Tqdm.tqdm(found, desc="predicting", unit="texts", total=total))

    def tokens(self, words: Sequence[str], overlap: Optional[str] = None) -> List[FoundEntity]:
        """The entities of a sentence of words."""
        if isinstance(words, str) or not isinstance(words, Sequence):
            raise TypeError(f"got {_shown(words)}; allowed are the words of a sentence, a list")
        if not words:
            return []
        document = self.predictor.document({"tokens": list(words)})
        (found,) = self.predictor.entities([document], overlap=overlap)
        return [_entity(entity) for entity in found]

    def candidates(self, text: str, min_score: float = 0.01) -> List[Candidate]:
        """
        Every span of a text that the model looked at and whose most probable type has more than
        `min_score`, entities and what fell below the threshold or was dropped for another span, in
        the order in which they stand.
        """
        document = self.predictor.document({"text": _checked(text)})
        (judged,) = self.predictor.judged_spans([document], min_score)
        return [
            Candidate(
                type=span.entity.type,
                score=span.entity.score or 0.0,
                **place_of(span.entity.span, number, document),
                none=span.none,
                probabilities=span.probabilities,
                is_found=span.is_found,
                needed=span.needed,
            )
            for number, span in judged
        ]

    def _found(
        self, texts: Iterable[str], batch_size: Optional[int], overlap: Optional[str]
    ) -> Iterator[List[FoundEntity]]:
        for group in groups(self._documents(texts), batch_size):
            documents = [document for _, document in group]
            for entities in self.predictor.entities(documents, overlap=overlap):
                yield [_entity(entity) for entity in entities]

    def _documents(self, texts: Iterable[str]) -> Iterator[Tuple[str, Document]]:
        for number, text in enumerate(texts):
            if not isinstance(text, str):
                raise TypeError(f"text {number} is {_shown(text)}; allowed is a str")
            yield text, self.predictor.document({"text": text})


def _entity(entity: Dict[str, Any]) -> FoundEntity:
    return FoundEntity(**{"start_char": None, "end_char": None, **entity})


def _encoder(config: Any) -> str:
    """The pretrained encoders that a config names; if it names none, the kinds of its vectors."""
    waiting, names, kinds = [config["word_encoder"]], [], []
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if isinstance(value.get("model_name"), str):
                names.append(value["model_name"])
            for embedder in (value.get("token_embedders") or {}).values():
                kinds.append(embedder.get("type", "embedding"))
            waiting += value.values()
    return ", ".join(dict.fromkeys(names or kinds)) or "none"


def _checked(text: str) -> str:
    if not isinstance(text, str):
        raise TypeError(
            f"got {_shown(text)}; allowed is a text (a str), and several of them in pipe(texts)"
        )
    return text


def _shown(value: Any) -> str:
    shown = repr(value)
    return f"{shown if len(shown) <= 60 else shown[:60] + '...'}, a {type(value).__name__}"
