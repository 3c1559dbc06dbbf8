"""JSON lines: one sentence or one document a line."""

import json
from dataclasses import replace
from typing import IO, Any, ClassVar, Dict, Iterable, Iterator, List, Optional, Tuple, Union

from allennlp.common.checks import ConfigurationError
from overrides import overrides

from locate_label_allennlp.data.document import CorpusError, Document, Entity, Sentence
from locate_label_allennlp.data.formats.column_labels import allowed_labels, parsed_label
from locate_label_allennlp.data.formats.corpus_files import CorpusFile
from locate_label_allennlp.data.formats.corpus_format import CorpusFormat, Place, Tally
from locate_label_allennlp.data.formats.json_entities import misspelt_fields
from locate_label_allennlp.data.formats.json_items import (
    Item,
    follows,
    json_items,
    mentions_from,
    optional_text,
    pairs,
    sentence_from,
    with_offsets,
)
from locate_label_allennlp.data.formats.json_shapes import (
    SENTENCE_START,
    cut_at,
    num_unlabelled,
    own_form,
    without_entities,
)
from locate_label_allennlp.data.formats.running_text import RunningTextFormat, Splitting


@CorpusFormat.register("jsonl")
class JsonlFormat(RunningTextFormat):
    """
    One JSON object a line, in one of three shapes that a file may mix. Fields with other names are
    passed over; `start` is counted from 0 and `end` is exclusive.

    **A sentence.** Only `tokens` is needed. `start` and `end` count words, and so do the
    `fragments` of a discontinuous entity. Consecutive lines with the same `doc_id` are one
    document; a line without one is a document of its own.

        {"doc_id": "7", "sent_id": "3",
         "tokens": ["Old", "Tarn", "museum", "closed"], "pos": ["ADJ", "PROPN", "NOUN", "VERB"],
         "entities": [{"start": 0, "end": 3, "type": "ORG"},
                      {"start": 0, "end": 2, "type": "PLACE"}]}

    **A document**: such sentences without `doc_id`, with the text that they were split from and,
    in `offsets`, the characters of the text where each word stands.

        {"doc_id": "7", "text": "Old Tarn slept.\\n",
         "sentences": [{"tokens": ["Old", "Tarn", "slept", "."],
                        "offsets": [[0, 3], [4, 8], [9, 14], [14, 15]],
                        "entities": [{"start": 0, "end": 2, "type": "PLACE"}]}]}

    **A text**, which is split when it is read; `start`, `end` and `fragments` count characters
    (Unicode code points).

        {"text": "Old and New Tarn slept.", "entities": [
            {"start": 0, "end": 16, "type": "PLACE", "fragments": [[0, 3], [12, 16]]}]}

    **Predictions**, as `allennlp predict` writes them: one of these with `entities` that tell their
    `sentence`. Scores are not kept.

    **Others' names** are told by the fields. A file may also be one JSON list of such objects;
    messages then count its items instead of lines.

    - GENIA's JSON lines: `entity_mentions`, `entity_type`.
    - The authors' JSON: sentences whose `ltokens` and `rtokens` agree become one document.
    - W2NER: `sentence`, `ner` with `index`.
    - doccano: `text`, and `label` or `labels` of `[start, end, type]`, or its `entities`.
    - Label Studio: `data` with `text`, `annotations`; or, exported small, `text` and `label`. Of
      several annotations of one text the first is read.
    - Prodigy: `text`, `spans`; `tokens`, if it has them, are the words of one sentence. Tasks that
      were not accepted are passed over.
    - Hugging Face: `tokens`, `ner_tags` (IOB2); see `tag_names`.

    An object without entities is read as such, but not one that seems to have them in a field of
    another name: that is an error.

    **Writing** gives a document a line where a text is known, else a sentence a line. What is
    written reads as the same documents, and writing those gives the same bytes.

    # Parameters

    splitting : `Splitting`, optional (default = `Splitting()`, English by spaCy's rules)
        For objects with a text and no words.
    tag_names : `List[str]`, optional
        What Hugging Face's `ner_tags` mean that are numbers: `["O", "B-PER", "I-PER", ...]`.
    """

    suffixes: ClassVar[Tuple[str, ...]] = (".jsonl", ".jsonlines", ".ndjson", ".json")
    writable: ClassVar[bool] = True

    def __init__(
        self, splitting: Optional[Splitting] = None, tag_names: Optional[List[str]] = None
    ) -> None:
        for name in tag_names or []:
            if parsed_label(name, "iob") is None:
                allowed = allowed_labels("iob")
                raise ConfigurationError(f"tag_names has {name!r}; allowed are {allowed}")
        super().__init__(splitting)
        self._tag_names = tag_names

    @overrides
    def read_file(self, file: CorpusFile, tally: Tally) -> Iterator[Document]:
        current: List[Sentence] = []
        current_id: Optional[str] = None
        previous: Optional[Item] = None
        for number, given in json_items(file, tally):
            place = (file.name, number)
            try:
                item = self.own_form(given, place, tally)
                if item is None:
                    continue
                for _ in range(num_unlabelled(item)):
                    tally.add('sentences or texts without "entities"', (file.name, None))
                for name, meant in misspelt_fields(given):
                    tally.add(f"fields {name!r} passed over; is {meant!r} meant?", place)
                part = self._document(item, place, tally)
                doc_id = optional_text(item, "doc_id", place)
            except CorpusError as error:
                tally.report(error)
                continue
            if part is None:
                continue
            continues = follows(item, previous) if doc_id is None else doc_id == current_id
            continues = continues and isinstance(part, Sentence)
            if current and not continues:
                yield Document(tuple(current), current_id)
                current = []
            if isinstance(part, Document):
                yield replace(part, doc_id=doc_id)
                current_id, previous = None, None
                continue
            if doc_id is None and item.get("ltokens") and not continues:
                what = "sentences whose ltokens are not those of the line before, not used"
                tally.add(what, place)
            current.append(part)
            current_id, previous = doc_id, item
        if current:
            yield Document(tuple(current), current_id)

    def own_form(self, given: Any, place: Place, tally: Tally) -> Optional[Item]:
        """One value of a file as an object of `json_shapes.own_form`; None to pass it over."""
        return own_form(given, self._tag_names, place, tally)

    def document(self, item: Any, source: str) -> Document:
        """
        The document that one object is, which may have any of the shapes of a line; without
        sentences if there are no words, and without its entities. `source` says in errors where it
        is from.
        """
        place, tally = (source, 1), Tally(source)
        own = own_form(without_entities(item), None, place, tally)
        part = None if own is None else self._document(own, place, tally)
        tally.say()
        if isinstance(part, Document):
            return part
        return Document((part,) if part is not None else ())

    def _document(self, item: Item, place: Place, tally: Tally) -> Union[Document, Sentence, None]:
        """The document or sentence that an object is; none for a sentence without words."""
        if "sentences" in item:
            text = item.get("text")
            given = [_sentence(part, text, place, tally) for part in item["sentences"]]
            return Document(tuple(sentence for sentence in given if sentence), text=text)
        if "text" not in item:
            return _sentence(item, None, place, tally)
        words = pairs(item["offsets"], '"offsets"', place) if "offsets" in item else None
        document = self._splitting.document(
            item["text"],
            mentions_from(item, place),
            place[0],
            tally,
            sentences=None if words is None else cut_at(list(words), item[SENTENCE_START]),
            line=place[1],
        )
        if not document.sentences:
            tally.add("texts without words", place)
        return document

    @overrides
    def write_file(self, documents: Iterable[Document], target: IO[bytes]) -> None:
        before: Optional[str] = None
        for document in documents:
            doc_id = document.doc_id
            # Sentences a line, where reading them gives this one document again.
            apart = len(document.sentences) == 1 if doc_id is None else doc_id != before
            if document.text is None and apart and document.sentences:
                for sentence in document.sentences:
                    _write_line(_with_id(doc_id) | _record(sentence), target)
                before = doc_id
            else:
                text = {} if document.text is None else {"text": document.text}
                sentences = [_record(sentence) for sentence in document.sentences]
                _write_line(_with_id(doc_id) | text | {"sentences": sentences}, target)
                before = None


def _sentence(item: Item, text: Optional[str], place: Place, tally: Tally) -> Optional[Sentence]:
    sentence = sentence_from(item, place, tally)
    return None if sentence is None else with_offsets(sentence, item, text, place)


def _write_line(record: Dict[str, Any], target: IO[bytes]) -> None:
    target.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")


def _with_id(doc_id: Optional[str]) -> Dict[str, Any]:
    return {} if doc_id is None else {"doc_id": doc_id}


def _record(sentence: Sentence) -> Dict[str, Any]:
    record: Dict[str, Any] = {}
    if sentence.sent_id is not None:
        record["sent_id"] = sentence.sent_id
    record["tokens"] = sentence.words
    if sentence.offsets is not None:
        record["offsets"] = sentence.offsets
    if sentence.pos is not None:
        record["pos"] = sentence.pos
    record["entities"] = [_entity_record(entity) for entity in sentence.entities]
    return record


def _entity_record(entity: Entity) -> Dict[str, Any]:
    record: Dict[str, Any] = {"start": entity.start, "end": entity.end, "type": entity.type}
    return record | ({"fragments": entity.fragments} if entity.fragments else {})
