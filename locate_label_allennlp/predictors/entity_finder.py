"""Entities in texts, from Python."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from os import PathLike
from typing import Any, Dict, List, Optional, Union

import torch

from locate_label_allennlp.predictors.loading import load_predictor


@dataclass(frozen=True)
class FoundEntity:
    """
    An entity in a text. All ends are exclusive.

    # Parameters

    type : `str`
    text : `str`
        `text[start_char:end_char]` of the text it was found in.
    score : `float`
        Between 0 and 1.
    start_char, end_char : `int`
        In characters (Unicode code points) of the text.
    sentence : `int`
        The number of its sentence, from 0.
    start, end : `int`
        In words of its sentence.
    """

    type: str
    text: str
    score: float
    start_char: int
    end_char: int
    sentence: int
    start: int
    end: int


class EntityFinder:
    """
    A trained model as a function of text; see `locate_label_allennlp.load`.
    """

    def __init__(
        self,
        archive_file: Union[str, "PathLike[str]"],
        cuda_device: Optional[int] = None,
        language: Optional[str] = None,
        words: Optional[str] = None,
        overrides: Optional[Dict[str, Any]] = None,
        trust: bool = False,
    ) -> None:
        if cuda_device is None:
            cuda_device = 0 if torch.cuda.is_available() else -1
        arguments = {"language": language, "words": words}
        self._predictor = load_predictor(
            archive_file, cuda_device, overrides or "", arguments, trust
        )

    def __call__(self, text: str) -> List[FoundEntity]:
        """The entities of a text in the order in which they stand; none in an empty text."""
        if not isinstance(text, str):
            raise TypeError(
                f"got {_shown(text)}; allowed is a text (a str), and several of them in pipe(texts)"
            )
        return next(self._found([text], 1))

    def pipe(self, texts: Iterable[str], batch_size: int = 64) -> Iterator[List[FoundEntity]]:
        """
        The entities of each text, in the order of the texts, which are taken `batch_size` at a
        time as results are asked for. Faster than one by one.
        """
        if isinstance(texts, str) or not isinstance(texts, Iterable):
            raise TypeError(
                f"got {_shown(texts)}; allowed are several texts, such as a list of str"
            )
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}; allowed is >= 1")
        return self._found(texts, batch_size)

    def _found(self, texts: Iterable[str], batch_size: int) -> Iterator[List[FoundEntity]]:
        numbered = enumerate(texts)
        while batch := list(islice(numbered, batch_size)):
            for number, text in batch:
                if not isinstance(text, str):
                    raise TypeError(f"text {number} is {_shown(text)}; allowed is a str")
            outputs = self._predictor.predict_batch_json([{"text": text} for _, text in batch])
            for output in outputs:
                yield [FoundEntity(**entity) for entity in output["entities"]]


def _shown(value: Any) -> str:
    shown = repr(value)
    return f"{shown if len(shown) <= 60 else shown[:60] + '...'}, a {type(value).__name__}"
