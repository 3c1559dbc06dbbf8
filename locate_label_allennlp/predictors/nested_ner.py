"""Entities in raw text, words or documents."""

import json
from itertools import chain
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple, TypeVar

import torch
from allennlp.common.checks import ConfigurationError
from allennlp.common.util import JsonDict, lazy_groups_of
from allennlp.data import Batch, Instance
from allennlp.models import Model
from allennlp.nn.util import move_to_device
from allennlp.predictors import Predictor
from overrides import overrides

from locate_label_allennlp.data.dataset_readers import NestedNerReader
from locate_label_allennlp.data.document import CorpusError, Document, Entity, Sentence
from locate_label_allennlp.data.formats import JsonlFormat
from locate_label_allennlp.data.formats.running_text import Splitting
from locate_label_allennlp.data.samplers.token_budget import least_work_batches, texts_of
from locate_label_allennlp.decoders.overlap import check_overlap, without_overlap
from locate_label_allennlp.models.nested_ner_model import NestedNerModel
from locate_label_allennlp.patches.trust import restricted
from locate_label_allennlp.predictors.judged_spans import JudgedSpan, judged_spans

# Instances made ahead: enough that texts of like length find each other, few enough for the memory.
_AT_ONCE = 2048

# What a batch costs beside its wordpieces, in wordpieces: measured with a small encoder. A GPU that
# has less than a full batch to do waits for the next one.
_BATCH_WORK_ON_CPU = 128

_T = TypeVar("_T")

_ALLOWED = (
    '{"text": "..."}, {"tokens": ["...", ...]}, {"document": [["...", ...], ...]} or '
    '{"sentences": [{"tokens": ["...", ...]}, ...]}'
)


@Predictor.register("nested_ner")
class NestedNerPredictor(Predictor):
    """
    Finds nested entities in

    - `{"text": "..."}`: raw text of any length, split into sentences and words;
    - `{"tokens": [...]}`: the words of one sentence;
    - `{"document": [[...], ...]}`: the words of the sentences of one document;
    - a document of the JSON lines format, with `sentences` and, if it has one, its `text`.

    A line that does not begin with `{` is raw text as it stands. A byte order mark is no part of
    its line.

    What was given comes back with `entities`, ordered as they stand: each has `type`, `score`,
    `text`, `sentence` (its number), and `start` and `end` in words of that sentence; where raw text
    was given, also `start_char` and `end_char`, so that `text[start_char:end_char]` is the entity's
    text, and `sentences`, its words. All ends are exclusive.

    # Parameters

    language : `str`, optional
    words : `str`, optional
        How raw text is split; see `TextSplitter`. By default as the config of the model says.
    budget : `int`, optional (default = `4096`)
        Wordpieces, padding included, that go through the model at once; more are faster on a GPU
        with the memory for them. A text that has more goes alone.
    overlap : `str`, optional (default = `"nested"`)
        What of entities that share words is kept: `"nested"`, all of them; `"flat"`, the best set;
        `"outermost"` or `"innermost"`, the longest or the shortest. See `without_overlap`.
    """

    def __init__(
        self,
        model: Model,
        dataset_reader: NestedNerReader,
        frozen: bool = True,
        language: Optional[str] = None,
        words: Optional[str] = None,
        budget: int = 4096,
        overlap: str = "nested",
    ) -> None:
        super().__init__(model, dataset_reader, frozen)
        self._overlap = check_overlap(overlap)
        if budget < 1:
            raise ConfigurationError(f"budget is {budget}; allowed is >= 1")
        self._budget = budget
        default = dataset_reader.text_splitter
        splitting = language or default.language, words or default.words
        # A language that the archive names stays restricted as the archive is.
        with restricted(unless=language is not None or not default.is_archived):
            self._format = JsonlFormat(Splitting(*splitting))

    def predict(self, text: str) -> JsonDict:
        """The entities of a text."""
        return self.predict_json({"text": text})

    @overrides
    def load_line(self, line: str) -> JsonDict:
        line = line.removeprefix("\ufeff")
        if not line.lstrip().startswith("{"):
            return {"text": line.rstrip("\r\n")}
        try:
            item = json.loads(line)
            # Half a character (a lone surrogate) can be read, but not written.
            json.dumps(item, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise CorpusError(f"an input line is not JSON ({error}): {line[:80]!r}") from error
        return item

    @overrides
    def dump_line(self, outputs: JsonDict) -> str:
        return json.dumps(outputs, ensure_ascii=False) + "\n"

    @overrides
    def predict_json(self, inputs: JsonDict) -> JsonDict:
        return self.predict_batch_json([inputs])[0]

    @overrides
    def predict_batch_json(self, inputs: List[JsonDict]) -> List[JsonDict]:
        return self.predict_documents([(item, self.document(item)) for item in inputs])

    def predict_documents(
        self, inputs: Sequence[Tuple[JsonDict, Document]], with_gold: bool = False
    ) -> List[JsonDict]:
        """
        # Parameters

        inputs : `Sequence[Tuple[Dict[str, Any], Document]]`
            Each as it was given, and its sentences.
        with_gold : `bool`, optional (default = `False`)
            Whether a model that needs them is given the documents' own entities.

        # Returns

        `List[Dict[str, Any]]`
            What was given, with `entities`.
        """
        found = self.entities([document for _, document in inputs], with_gold)
        return [
            {**self.echo(item, document), "entities": entities}
            for (item, document), entities in zip(inputs, found, strict=True)
        ]

    @staticmethod
    def echo(item: JsonDict, document: Document) -> JsonDict:
        """The input as it comes back: for raw text with the words it was split into."""
        if document.text is None or "sentences" in item:
            return item
        return {**item, "sentences": [list(sentence.words) for sentence in document.sentences]}

    @overrides
    def predict_instance(self, instance: Instance) -> JsonDict:
        return self.predict_batch_instance([instance])[0]

    @overrides
    def predict_batch_instance(self, instances: List[Instance]) -> List[JsonDict]:
        """For instances of the dataset reader, a sentence each."""
        outputs = []
        for instance, entities in zip(instances, self._found(instances), strict=True):
            words = instance["metadata"]["words"]  # type: ignore
            document = Document((Sentence(words),))
            outputs.append({"tokens": list(words), "entities": placed(document, iter([entities]))})
        return outputs

    def document(self, item: JsonDict) -> Document:
        """The sentences of an input, in which its entities are counted."""
        if not isinstance(item, dict):
            raise CorpusError(f"an input is {item!r:.80}; allowed is {_ALLOWED}")
        given = {
            name: item[name]
            for name in ("document", "sentences")
            if isinstance(item.get(name), list)
        }
        # Both are an error of the format.
        if len(given) == 1:
            ((name, sentences),) = given.items()
            objects = [{"tokens": part} if isinstance(part, list) else part for part in sentences]
            # Read as a corpus it would be skipped, and those after it get other numbers.
            if any(isinstance(part, dict) and part.get("tokens") == [] for part in objects):
                raise CorpusError(f"an input has a sentence with no words; allowed is {_ALLOWED}")
            item = {**item, name: objects}
        try:
            document = self._format.document(item, "input")
        except UnicodeEncodeError as error:
            raise CorpusError("an input holds half a character (a lone surrogate)") from error
        model: Any = self._model
        refusal = model.refusal(max((len(part.words) for part in document.sentences), default=0))
        if refusal is not None:
            raise CorpusError(refusal)
        return document

    def entities(
        self,
        documents: Sequence[Document],
        with_gold: bool = False,
        overlap: Optional[str] = None,
    ) -> List[List[JsonDict]]:
        """
        Those of each document, as they come back under `entities`. `overlap` is that of the
        predictor by default.
        """
        found = self.found_in_sentences(documents, with_gold, overlap)
        return [placed(document, found) for document in documents]

    def found_in_sentences(
        self,
        documents: Sequence[Document],
        with_gold: bool = False,
        overlap: Optional[str] = None,
    ) -> Iterator[List[Entity]]:
        """The same as the entities of each sentence of all documents, one after the other."""
        overlap = self._overlap if overlap is None else check_overlap(overlap)
        return (
            without_overlap(entities, overlap)
            for entities in self._of_sentences(documents, self._found, with_gold)
        )

    def judged_spans(
        self, documents: Sequence[Document], min_score: float = 0.0
    ) -> List[List[Tuple[int, JudgedSpan]]]:
        """
        What the model looked at in each document, with the numbers of their sentences, where the
        probability of the most probable type is above `min_score`. Those that are found are what
        `entities` gives.

        # Raises

        `ConfigurationError` for a model that is given its mentions.
        """
        spans = self._of_batches(
            documents, lambda model, batch: judged_spans(model, batch, min_score, self._overlap)
        )
        return [
            [(number, span) for number in range(len(document.sentences)) for span in next(spans)]
            for document in documents
        ]

    def scored_spans(self, documents: Sequence[Document]) -> List[List[List[Entity]]]:
        """
        What a decoder chooses the entities from, in each sentence of each document.

        # Raises

        `ConfigurationError` for a model that is given its mentions.
        """
        spans = self._of_batches(
            documents,
            lambda model, batch: model.scored_spans(
                model.candidates(**batch), len(batch["metadata"])
            ),
        )
        return [[next(spans) for _ in document.sentences] for document in documents]

    def _of_batches(
        self,
        documents: Sequence[Document],
        made: Callable[[NestedNerModel, Dict[str, Any]], List[_T]],
    ) -> Iterator[_T]:
        """What is made of the sentences of all documents, from batches on the model's device."""
        model = self._model
        if not isinstance(model, NestedNerModel):
            raise ConfigurationError(
                "the model names the types of mentions that it is given; allowed is one that "
                "looks for entities"
            )

        def of_batch(instances: List[Instance]) -> List[_T]:
            batch = Batch(instances)
            batch.index_instances(model.vocab)
            with torch.inference_mode():
                return made(model, move_to_device(batch.as_tensor_dict(), self.cuda_device))

        return self._of_sentences(documents, lambda group: self._batched(group, of_batch))

    def _of_sentences(
        self,
        documents: Sequence[Document],
        found: Callable[[List[Instance]], List[_T]],
        with_gold: bool = False,
    ) -> Iterator[_T]:
        """What is found in the sentences of all documents, one after the other."""
        reader: Any = self._dataset_reader
        model: Any = self._model
        with_entities = with_gold and model.is_given_mentions
        instances = chain.from_iterable(
            reader.document_to_instances(document, with_entities) for document in documents
        )
        return chain.from_iterable(map(found, lazy_groups_of(instances, _AT_ONCE)))

    def _found(self, instances: List[Instance]) -> List[List[Entity]]:
        """What the model finds in each instance."""

        def found(batch: List[Instance]) -> List[List[Entity]]:
            outputs: Any = self._model.forward_on_instances(batch)
            return [output["entities"] for output in outputs]

        return self._batched(instances, found)

    def _batched(
        self, instances: List[Instance], found: Callable[[List[Instance]], List[_T]]
    ) -> List[_T]:
        """What is found in batches in which texts of like length are together."""
        for instance in instances:
            instance.index_fields(self._model.vocab)
        batch_work = _BATCH_WORK_ON_CPU if self.cuda_device == -1 else self._budget
        results: List[Any] = [None] * len(instances)
        for indices in least_work_batches(texts_of(instances), self._budget, batch_work):
            batch = [instances[index] for index in indices]
            for index, result in zip(indices, found(batch), strict=True):
                results[index] = result
        return results


def place_of(span: Tuple[int, int], number: int, document: Document) -> JsonDict:
    """
    Where a span of words of a sentence stands, and its `text`.

    # Parameters

    span : `Tuple[int, int]`
    number : `int`
        That of its sentence.
    document : `Document`
    """
    sentence, (start, end) = document.sentences[number], span
    place: JsonDict = {"sentence": number, "start": start, "end": end}
    surface = " ".join(sentence.words[start:end])
    if document.text is not None and sentence.offsets is not None:
        first, last = sentence.offsets[start][0], sentence.offsets[end - 1][1]
        surface = document.text[first:last]
        place.update(start_char=first, end_char=last)
    return {"text": surface, **place}


def placed(document: Document, found: Iterator[List[Entity]]) -> List[JsonDict]:
    """The document's entities, told where they stand; takes one list a sentence from `found`."""
    return [
        {
            "type": entity.type,
            "score": entity.score,
            **place_of(entity.span, number, document),
        }
        for number in range(len(document.sentences))
        for entity in next(found)
    ]
