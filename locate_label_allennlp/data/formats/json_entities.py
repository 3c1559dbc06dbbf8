"""Entities as the JSON of corpora has them, under the names that are in use."""

from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

from locate_label_allennlp.data.document import CorpusError, Entity
from locate_label_allennlp.data.formats.column_labels import (
    MENDED,
    allowed_labels,
    entities_of,
    parsed_label,
)
from locate_label_allennlp.data.formats.corpus_format import Place, Tally
from locate_label_allennlp.data.formats.json_items import Item, fail, pairs

TAGS = "ner_tags"

_ALLOWED = (
    '"entities" or "entity_mentions", beside "tokens" also "ner_tags", beside "text" also "label", '
    '"labels" or "spans", beside W2NER\'s "sentence" only "ner"'
)

# Names of fields that hold entities somewhere, but not in this format.
_LOOKALIKES = {
    *("annotation", "annotations", "bio", "entity", "entity_spans", "ents", "gold", "iob"),
    *("label", "labels", "mention", "mentions", "named_entities", "ner", "ner_labels", "ner_tags"),
    *("predictions", "result", "results", "span", "spans", "tags"),
}

_MISSPELT = ("entities", "mentions", "annotations")

# By one of each, an object is told to be an entity.
_PLACE_KEYS = frozenset(("start", "start_offset", "index"))
_TYPE_KEYS = frozenset(("type", "entity_type", "label", "labels"))


_FIELDS = (
    *("answer", "annotations", "data", "doc_id", "document", "end", "end_offset", "entities"),
    *("entity_mentions", "entity_type", "fragments", "index", "label", "labels", "ltokens", "ner"),
    *("ner_tags", "offsets", "pos", "rtokens", "sent_id", "sentence", "sentences", "spans"),
    *("start", "start_offset", "tags", "text", "tokens", "type"),
)
"""The names of fields that a format reads."""


def misspelt_fields(item: Any) -> Iterator[Tuple[str, str]]:
    """
    The names in an object, its sentences and their entities that are passed over and are close to
    one that is read, with that one.
    """
    if isinstance(item, dict):
        for name, value in item.items():
            meant = _meant(name)
            if meant is not None and meant not in item:
                yield name, meant
            if name in _HOLDERS and isinstance(value, list):
                for part in value:
                    yield from misspelt_fields(part)


_HOLDERS = ("sentences", "entities", "entity_mentions", "ner", "spans", "label", "labels")


@lru_cache(maxsize=1024)
def _meant(name: str) -> Optional[str]:
    if name in _FIELDS or len(name) > 40:
        return None
    return next(iter(get_close_matches(name.lower(), _FIELDS, n=1, cutoff=0.85)), None)


def given_entities(
    item: Item, fields: Sequence[str], place: Place, tally: Tally
) -> Optional[List[Entity]]:
    """Those of the first of `fields` that an object has; None if it has none of them."""
    name = next((name for name in fields if name in item), None)
    if name is None:
        return None
    parse = _PARSERS.get(name, _named)
    entities: List[Entity] = []
    for mention in listed(item, name, place):
        try:
            entities.extend(parse(mention, place))
        except CorpusError as error:
            tally.report(error)
    return entities


def tagged_entities(
    tags: Sequence[Any],
    num_words: int,
    tag_names: Optional[Sequence[str]],
    place: Place,
    tally: Tally,
) -> List[Entity]:
    """
    Those that a tag a word tells, in IOB2 or IOB1.

    # Parameters

    tags : `Sequence[Union[str, int]]`
    num_words : `int`
    tag_names : `Sequence[str]`, optional
        What tags that are numbers mean.
    place : `Tuple[str, int]`
    tally : `Tally`
    """
    if len(tags) != num_words:
        fail(f"{len(tags)} tags for {num_words} words", place)
    labels = []
    for tag in tags:
        name = _tag_name(tag, tag_names, place)
        label = parsed_label(name, "iob")
        if label is None:
            fail(f"tag {name!r}; allowed are {allowed_labels('iob')}", place)
        labels.append(label)
    return list(entities_of(labels, "iob", lambda index: tally.add(MENDED["iob"], place)))


def note_others(item: Item, fields: Sequence[str], place: Place, tally: Tally) -> None:
    """Counts an object with entities besides those in the first of `fields` that it has."""
    read = next((name for name in fields if name in item), None)
    if any(
        name != read and (_is_full(value) if name in _ENTITY_FIELDS else _holds_entities(value))
        for name, value in item.items()
    ):
        tally.add("sentences or texts with entities in several fields, read from one", place)


_ENTITY_FIELDS = (
    *("entities", "entity_mentions", "label", "labels", "spans", "ner", TAGS, "annotations"),
)


def _is_full(value: Any) -> bool:
    return isinstance(value, list) and any(each not in ("O", 0) for each in value)


def _holds_entities(value: Any) -> bool:
    """Whether a field holds, by its shape, entities of one of the forms that are in use."""
    return isinstance(value, list) and any(map(_is_entity, value))


def _is_entity(value: Any) -> bool:
    if isinstance(value, list):
        return [type(part) for part in value] == [int, int, str]
    return (
        isinstance(value, dict)
        and not _PLACE_KEYS.isdisjoint(value)
        and not _TYPE_KEYS.isdisjoint(value)
    )


def check_no_lookalike(item: Item, place: Place) -> None:
    """An error for an object without entities that has them in a field of another name."""
    for name, value in item.items():
        plain = name.lower()
        if _holds_entities(value) or (
            isinstance(value, (list, dict))
            and (plain in _LOOKALIKES or get_close_matches(plain, _MISSPELT, cutoff=0.75))
        ):
            fail(
                f"{name!r} looks like entities, but format 'jsonl' reads them from {_ALLOWED}; "
                'give "entities": [] where there are none',
                place,
            )


def listed(item: Item, name: str, place: Place) -> List[Any]:
    value = item.get(name, [])
    if not isinstance(value, list):
        fail(f'"{name}" is a list', place)
    return value


def checked_entity(start: Any, end: Any, kind: Any, given: Any, place: Place) -> Entity:
    """An entity without fragments; `given` is what it was read from."""
    if type(start) is not int or type(end) is not int or not isinstance(kind, str) or not kind:
        fail(f'"start" and "end" are whole numbers and "type" a text; got {given!r}', place)
    return Entity(start, end, kind)


def _named(mention: Any, place: Place) -> List[Entity]:
    """With the names of this project, of GENIA, of Prodigy or of doccano's relations."""
    values = []
    for names in _NAMES:
        name = next((name for name in names if isinstance(mention, dict) and name in mention), None)
        if name is None:
            fail(f'an entity has "start", "end" and "type"; got {mention!r}', place)
        values.append(mention[name])
    start, end, kind = values
    entity = checked_entity(start, end, kind, mention, place)
    fragments = pairs(mention.get("fragments", []), '"fragments"', place)
    return [Entity(entity.start, entity.end, entity.type, fragments)]


_NAMES: Tuple[Tuple[str, ...], ...] = (
    ("start", "start_offset"),
    ("end", "end_offset"),
    ("type", "entity_type", "label"),
)


def _labelled(mention: Any, place: Place) -> List[Entity]:
    """doccano's `[start, end, type]`, or one of Label Studio's."""
    if isinstance(mention, list) and len(mention) == 3:
        start, end, kind = mention
        return [checked_entity(start, end, kind, mention, place)]
    if not isinstance(mention, dict) or not isinstance(mention.get("labels"), list):
        fail(
            "an entity is [start, end, type] (doccano) or has "
            f'"start", "end" and "labels" (Label Studio); got {mention!r}',
            place,
        )
    start, end = mention.get("start"), mention.get("end")
    return [checked_entity(start, end, kind, mention, place) for kind in mention["labels"]]


def _indexed(mention: Any, place: Place) -> List[Entity]:
    """W2NER's: the positions of all its words."""
    index = mention.get("index") if isinstance(mention, dict) else None
    kind = mention.get("type") if isinstance(mention, dict) else None
    whole = isinstance(index, list) and all(type(position) is int for position in index)
    if not whole or not index or not isinstance(kind, str) or not kind:
        fail(f'an entity has "index", whole numbers, and "type"; got {mention!r}', place)
    fragments: List[Tuple[int, int]] = []
    for position in sorted(set(index)):
        if fragments and fragments[-1][1] == position:
            fragments[-1] = (fragments[-1][0], position + 1)
        else:
            fragments.append((position, position + 1))
    parts = tuple(fragments) if len(fragments) > 1 else ()
    return [Entity(fragments[0][0], fragments[-1][1], kind, parts)]


_PARSERS: Dict[str, Callable[[Any, Place], List[Entity]]] = {
    "ner": _indexed,
    "label": _labelled,
    "labels": _labelled,
}


def _tag_name(tag: Any, tag_names: Optional[Sequence[str]], place: Place) -> str:
    if isinstance(tag, str):
        return tag
    if type(tag) is not int:
        fail(f"tag {tag!r}; allowed are texts and numbers", place)
    if tag_names is None:
        fail(
            f"tag {tag} is a number; the format needs the names of the tags, in their order: "
            '{"type": "jsonl", "tag_names": ["O", "B-PER", "I-PER", ...]}',
            place,
        )
    if not 0 <= tag < len(tag_names):
        fail(f"tag {tag}; tag_names has names for 0 to {len(tag_names) - 1}", place)
    return tag_names[tag]
