"""What a JSON object of a corpus is by its fields, this project's or those of another tool."""

from itertools import pairwise
from typing import Any, Dict, List, Optional, Sequence, Tuple, TypeVar

from locate_label_allennlp.data.document import CorpusError, Entity
from locate_label_allennlp.data.formats.corpus_format import Place, Tally
from locate_label_allennlp.data.formats.json_entities import (
    TAGS,
    check_no_lookalike,
    checked_entity,
    given_entities,
    listed,
    note_others,
    tagged_entities,
)
from locate_label_allennlp.data.formats.json_items import Item, fail

_T = TypeVar("_T")

# By their order: what stands first decides what an object is.
_KINDS: Dict[str, type] = {
    "tokens": list,
    "sentence": list,
    "sentences": list,
    "document": list,
    "text": str,
    "data": dict,
}

# Fields that may hold entities, beside those that look like it.
_HOLDERS = {"entity_mentions", *(name for name, kind in _KINDS.items() if kind is list)}

_ALLOWED = (
    'a line is a JSON object with a list "tokens", a text "text", a list "sentences" or, from '
    'W2NER, a list "sentence", from Label Studio an object "data"'
)

SENTENCE_START = "sent_start"
"""What says of a token of Prodigy that it begins a sentence."""

_OF_SENTENCE = ("ner",)
_OF_WORDS = ("entities", "entity_mentions")
_OF_TEXT = ("entities", "entity_mentions", "label", "labels", "spans")


def own_form(
    item: Any, tag_names: Optional[Sequence[str]], place: Place, tally: Tally
) -> Optional[Item]:
    """
    # Parameters

    item : `Any`
        One value of a file, in one of the shapes that `JsonlFormat` describes.
    tag_names : `Sequence[str]`, optional
        What Hugging Face's tags mean that are numbers.
    place : `Tuple[str, int]`
    tally : `Tally`

    # Returns

    `Dict[str, Any]`, optional
        With one of `tokens` (and then perhaps `offsets`), `text` (and then perhaps `offsets`: where
        its words stand, and `sent_start`: which of them begin a sentence) or `sentences`, objects
        with `tokens`, (and then perhaps `text`). Its `entities`, or those of its sentences, are
        `Entity` objects; they lack where none are given.
        None for what is to be passed over.
    """
    kinds = item if isinstance(item, dict) else {}
    shape = next((name for name, kind in _KINDS.items() if isinstance(kinds.get(name), kind)), None)
    if shape is None:
        raise CorpusError(_ALLOWED, *place)
    several = [
        name for name, kind in _KINDS.items() if kind is list and isinstance(kinds.get(name), list)
    ]
    if len(several) > 1:
        fail(f"has {several[0]!r} and {several[1]!r}; allowed is one of them", place)
    if shape == "data":
        return _task(item, place, tally)
    if shape in ("sentences", "document"):
        return _document(item, shape, tag_names, place, tally)
    if shape == "tokens" and _has_objects(item["tokens"]):
        offsets, starts = _token_offsets(item, place)
        item = _rest(item) | {"text": item.get("text"), "offsets": offsets, SENTENCE_START: starts}
        shape = "text"
    elif shape == "text":
        item = {name: value for name, value in item.items() if name != "offsets"}
    if shape == "text" and "spans" in item and item.get("answer", "accept") != "accept":
        tally.add("tasks of Prodigy that were not accepted, passed over", place)
        return None
    if shape == "text":
        own = _rest(item) | {"text": item["text"]}
        entities = given_entities(item, _OF_TEXT, place, tally)
    else:
        own = _rest(item) | {"tokens": item[shape]}
        entities = _of_words(item, shape, tag_names, place, tally)
    fields = {"text": _OF_TEXT, "sentence": _OF_SENTENCE}.get(shape, (*_OF_WORDS, TAGS))
    return _with_entities(own, entities, item, fields, place, tally)


def without_entities(item: Any) -> Any:
    """An object, or what else it is, of which no entities are read."""
    if not isinstance(item, dict):
        return item
    kept = {name: value for name, value in item.items() if name in _UNLABELLED}
    if isinstance(kept.get("sentences"), list):
        kept["sentences"] = [without_entities(part) for part in kept["sentences"]]
    return kept


_UNLABELLED = {*_KINDS, "doc_id", "sent_id", "offsets", "pos"} - {"data"}


def num_unlabelled(item: Item) -> int:
    """How many sentences or texts of an object in `own_form` say nothing of their entities."""
    parts = item.get("sentences", [item])
    return sum("entities" not in part and part.get("tokens") != [] for part in parts)


def _of_words(
    item: Item, shape: str, tag_names: Optional[Sequence[str]], place: Place, tally: Tally
) -> Optional[List[Entity]]:
    entities = given_entities(
        item, _OF_SENTENCE if shape == "sentence" else _OF_WORDS, place, tally
    )
    if entities is None and shape == "tokens" and TAGS in item:
        tags = listed(item, TAGS, place)
        return tagged_entities(tags, len(item["tokens"]), tag_names, place, tally)
    return entities


def _document(
    item: Item, shape: str, tag_names: Optional[Sequence[str]], place: Place, tally: Tally
) -> Item:
    """With `sentences`; entities that a prediction has beside them are theirs."""
    text = item.get("text") if isinstance(item.get("text"), str) else None
    own = _rest(item) | ({} if text is None else {"text": text})
    sentences = [_words_object(part, place) for part in item[shape]]
    if "entities" in item:
        what = "sentences whose entities are not read, but those of their document (predictions)"
        tally.add(what, place, count=sum(bool(part.get("entities")) for part in sentences))
        entities = _by_sentence(item, len(sentences), place, tally)
        if text is not None and not any("offsets" in part for part in sentences):
            offsets = _aligned(text, [part["tokens"] for part in sentences], place)
            sentences = [
                part | {"offsets": spans} for part, spans in zip(sentences, offsets, strict=True)
            ]
        own["sentences"] = [
            _rest(part) | {"tokens": part["tokens"], "entities": members}
            for part, members in zip(sentences, entities, strict=True)
        ]
        return own
    own["sentences"] = [
        _with_entities(
            _rest(part) | {"tokens": part["tokens"]},
            _of_words(part, "tokens", tag_names, place, tally),
            part,
            (*_OF_WORDS, TAGS),
            place,
            tally,
        )
        for part in sentences
    ]
    if all("entities" not in part for part in own["sentences"]):
        check_no_lookalike(item, place)
    note_others(item, (), place, tally)
    return own


def _words_object(part: Any, place: Place) -> Item:
    if isinstance(part, list):
        return {"tokens": part}
    if not isinstance(part, dict) or not isinstance(part.get("tokens"), list):
        fail(f'"sentences" holds objects with a list "tokens"; got {part!r:.80}', place)
    return part


def _by_sentence(item: Item, num_sentences: int, place: Place, tally: Tally) -> List[List[Entity]]:
    """What `predict` found: each entity tells the number of its sentence."""
    members: List[List[Entity]] = [[] for _ in range(num_sentences)]
    for mention in listed(item, "entities", place):
        try:
            number = mention.get("sentence") if isinstance(mention, dict) else None
            if type(number) is not int or not 0 <= number < num_sentences:
                fail(
                    'an entity beside "sentences" has "sentence", the number of its sentence, '
                    f"from 0 and below {num_sentences}; got {mention!r}",
                    place,
                )
            found = given_entities({"entities": [mention]}, ("entities",), place, tally)
            members[number].extend(found or [])
        except CorpusError as error:
            tally.report(error)
    return members


def _aligned(text: str, sentences: List[List[Any]], place: Place) -> List[List[List[int]]]:
    """Where the words of each sentence stand in the text that was split into them."""
    position, offsets = 0, []
    for words in sentences:
        spans = []
        for word in words:
            start = text.find(word, position) if isinstance(word, str) else -1
            if start < 0 or text[position:start].strip():
                fail(f"word {word!r} does not stand in the text behind those before it", place)
            position = start + len(word)
            spans.append([start, position])
        offsets.append(spans)
    return offsets


def _task(item: Item, place: Place, tally: Tally) -> Item:
    """Label Studio's: a text, and what annotators made of it."""
    text = item["data"].get("text")
    if not isinstance(text, str):
        fail(f'"data" of Label Studio has a text "text"; got {item["data"]!r:.80}', place)
    own = _rest(item) | {"text": text}
    own.pop("entities", None)
    if "doc_id" in item["data"]:
        own.setdefault("doc_id", item["data"]["doc_id"])
    note_others(item["data"], (), place, tally)
    note_others(item, ("annotations",), place, tally)
    given = [
        one
        for one in listed(item, "annotations", place)
        if isinstance(one, dict) and not one.get("was_cancelled")
    ]
    if not given:
        if item.get("predictions"):
            what = "tasks of Label Studio with predictions alone, which are not read"
            tally.add(f"{what}; results 'predictions' of format 'label_studio' reads them", place)
        return own
    tally.add("further annotations of one text, not used", place, count=len(given) - 1)
    if "result" not in given[0]:
        fail(f'an annotation of Label Studio has "result"; got {given[0]!r:.80}', place)
    _check_alone(given[0], "result", place)
    own["entities"] = entities = []
    for result in listed(given[0], "result", place):
        value = result.get("value") if isinstance(result, dict) else None
        if not isinstance(value, dict) or not isinstance(value.get("labels"), list):
            tally.add("results of Label Studio that are no spans, passed over", place)
            continue
        _check_alone(result, "value", place)
        try:
            for kind in value["labels"]:
                entity = checked_entity(value.get("start"), value.get("end"), kind, value, place)
                _check_quoted(entity, value.get("text"), text, place)
                entities.append(entity)
        except CorpusError as error:
            tally.report(error)
    return own


def _check_alone(part: Item, field: str, place: Place) -> None:
    """
    For a part of a task, of which `field` is read: it has no entities elsewhere, such as another
    task, where a bracket between two of them is missing.
    """
    others = {name: each for name, each in part.items() if name != field}
    check_no_lookalike(others, place)
    for name in sorted(others.keys() & _HOLDERS):
        fail(f'"{name}" beside the "{field}" of a task of Label Studio; got {part!r:.80}', place)


def _check_quoted(entity: Entity, quoted: Any, text: str, place: Place) -> None:
    found = text[entity.start : entity.end]
    if isinstance(quoted, str) and quoted.replace("\\n", " ").split() != found.split():
        fail(
            f"entity {entity.type!r} is {quoted!r}, but the text has {found!r} from character "
            f"{entity.start} to {entity.end} (exclusive)",
            place,
        )


def _has_objects(tokens: List[Any]) -> bool:
    return bool(tokens) and all(isinstance(token, dict) for token in tokens)


def _token_offsets(item: Item, place: Place) -> Tuple[List[List[int]], List[int]]:
    """Prodigy's tokens, those of white space left out, and the numbers of what begins sentences."""
    text = item.get("text")
    if not isinstance(text, str):
        fail('objects in "tokens" (Prodigy) need a text "text"', place)
    offsets: List[List[int]] = []
    starts: List[int] = []
    for token in item["tokens"]:
        start, end = token.get("start"), token.get("end")
        if type(start) is not int or type(end) is not int or text[start:end] != token.get("text"):
            fail(f'a token has "text", and "start" and "end" of it in "text"; got {token!r}', place)
        if token.get(SENTENCE_START) is True:
            starts.append(len(offsets))
        if text[start:end].strip():
            offsets.append([start, end])
    return offsets, starts


def cut_at(words: List[_T], starts: Sequence[int]) -> List[List[_T]]:
    """Parts that begin with the words of these numbers, which rise; none is empty."""
    bounds = sorted({0, len(words), *(start for start in starts if start < len(words))})
    return [words[start:end] for start, end in pairwise(bounds)]


def _rest(item: Item) -> Item:
    """Without what tells the shape."""
    return {name: value for name, value in item.items() if name not in _KINDS}


def _with_entities(
    own: Item,
    entities: Optional[List[Entity]],
    item: Item,
    fields: Sequence[str],
    place: Place,
    tally: Tally,
) -> Item:
    if entities is None:
        check_no_lookalike(item, place)
        return own
    note_others(item, fields, place, tally)
    return own | {"entities": entities}
