"""JSON lines: one sentence a line."""

import json
from typing import Any, Dict, Iterator, List

from overrides import overrides

from locate_label_allennlp.data.document import (
    CorpusError,
    Document,
    Entity,
    Sentence,
    checked_sentence,
)
from locate_label_allennlp.data.formats.corpus_format import CorpusFormat, Tally, numbered_lines


@CorpusFormat.register("jsonl")
class JsonlFormat(CorpusFormat):
    """
    One JSON object a line, one sentence an object:

        {"tokens": ["IL", "-", "2", "gene"],
         "entities": [{"start": 0, "end": 4, "type": "DNA"},
                      {"start": 0, "end": 3, "type": "protein"}],
         "pos": ["NN", "HYPH", "CD", "NN"], "doc_id": "PMID:7641692", "sent_id": "3"}

    `start` and `end` count words, `end` is exclusive. Only `tokens` is needed. Consecutive lines
    with the same `doc_id` are one document; a line without one is a document of its own. The
    names of the GENIA JSON lines (`entity_mentions`, `entity_type`) are understood as well, and
    fields with other names are passed over.
    """

    @overrides
    def read(self, path: str) -> Iterator[Document]:
        tally = Tally(path)
        current: List[Sentence] = []
        current_id = None
        for number, line in numbered_lines(path):
            if not line.strip():
                continue
            item = _parsed(line, path, number)
            sentence = _sentence(item, path, number)
            if sentence is None:
                tally.add("sentences without words, skipped")
                continue
            doc_id = item.get("doc_id")
            if current and (doc_id is None or doc_id != current_id):
                yield Document(tuple(current), current_id)
                current = []
            current.append(sentence)
            current_id = doc_id
        if current:
            yield Document(tuple(current), current_id)
        tally.say()


def _parsed(line: str, path: str, number: int) -> Dict[str, Any]:
    try:
        item = json.loads(line)
    except json.JSONDecodeError as error:
        message = f"is not JSON: {error.msg} at column {error.colno}"
        raise CorpusError(message, path, number) from error
    if not isinstance(item, dict) or not isinstance(item.get("tokens"), list):
        raise CorpusError('a line is a JSON object with a list "tokens"', path, number)
    return item


def _sentence(item: Dict[str, Any], path: str, number: int) -> "Sentence | None":
    if not item["tokens"]:
        return None
    mentions = item.get("entities", item.get("entity_mentions", []))
    if not isinstance(mentions, list):
        raise CorpusError('"entities" is a list', path, number)
    entities = [_entity(mention, path, number) for mention in mentions]
    sent_id = item.get("sent_id")
    return checked_sentence(
        item["tokens"],
        entities,
        path,
        number,
        pos=item.get("pos"),
        sent_id=None if sent_id is None else str(sent_id),
    )


def _entity(mention: Any, path: str, number: int) -> Entity:
    try:
        start, end = mention["start"], mention["end"]
        kind = mention["type"] if "type" in mention else mention["entity_type"]
    except (KeyError, TypeError) as error:
        message = f'an entity has "start", "end" and "type"; got {mention!r}'
        raise CorpusError(message, path, number) from error
    if type(start) is not int or type(end) is not int or not isinstance(kind, str) or not kind:
        raise CorpusError(
            f'"start" and "end" are whole numbers and "type" a text; got {mention!r}', path, number
        )
    return Entity(start, end, kind)
