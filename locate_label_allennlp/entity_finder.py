"""Entities in texts, from Python."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import List, Optional

import torch
from allennlp.models.archival import load_archive
from allennlp.predictors import Predictor


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
    A trained model as a function of text:

        ner = locate_label_allennlp.load("output/quickstart/model.tar.gz")
        for entity in ner("The director of Relmere University left."):
            print(entity.type, entity.text)

    # Parameters

    archive_file : `str`
        An archive, the folder of a training, or a URL.
    cuda_device : `int`, optional
        The number of the GPU; -1 for the CPU. By default the first GPU where there is one.
    language, words : `str`, optional
        How text is split; see `TextSplitter`. By default as the config of the model says.
    """

    def __init__(
        self,
        archive_file: str,
        cuda_device: Optional[int] = None,
        language: Optional[str] = None,
        words: Optional[str] = None,
    ) -> None:
        if cuda_device is None:
            cuda_device = 0 if torch.cuda.is_available() else -1
        archive = load_archive(archive_file, cuda_device=cuda_device)
        self._predictor = Predictor.from_archive(
            archive, "nested_ner", extra_args={"language": language, "words": words}
        )

    def __call__(self, text: str) -> List[FoundEntity]:
        """The entities of a text in the order in which they stand; none in an empty text."""
        return next(self.pipe([text]))

    def pipe(self, texts: Iterable[str], batch_size: int = 64) -> Iterator[List[FoundEntity]]:
        """
        The entities of each text, in the order of the texts, which are taken `batch_size` at a
        time as results are asked for. Faster than one by one.
        """
        texts = iter(texts)
        while batch := list(islice(texts, batch_size)):
            outputs = self._predictor.predict_batch_json([{"text": text} for text in batch])
            for output in outputs:
                yield [FoundEntity(**entity) for entity in output["entities"]]
