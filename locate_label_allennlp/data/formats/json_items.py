"""What the JSON of corpora holds: sentences and entities, under the names that are in use."""

import json
from dataclasses import replace
from itertools import chain, pairwise
from typing import Any, Callable, Dict, Iterator, List, NoReturn, Optional, Sequence, Tuple

from locate_label_allennlp.data.document import CorpusError, Entity, Sentence, checked_sentence
from locate_label_allennlp.data.formats.corpus_files import CorpusFile
from locate_label_allennlp.data.formats.corpus_format import Place, Tally
from locate_label_allennlp.data.formats.running_text import Mention

Item = Dict[str, Any]
# By their order: what stands first decides what an object is.
KINDS: Dict[str, type] = {"tokens": list, "sentence": list, "sentences": list, "text": str}

ALLOWED = (
    'a line is a JSON object with a list "tokens", a text "text", a list "sentences" or, from '
    'W2NER, a list "sentence"'
)


def json_items(file: CorpusFile, tally: Tally) -> Iterator[Tuple[int, Item]]:
    """
    The objects of a file and their numbers: those of its lines or, if it is one JSON list, those in
    the list, which is read as a whole.
    """
    lines = ((number, line) for number, line in file.lines() if line.strip())
    if tally.on_error is not None:
        lines = (pair for pair in file.lines(on_error=tally.on_error) if pair[1].strip())
    first = next(lines, None)
    if first is None:
        return
    items: Iterator[Tuple[int, Any]]
    if first[1].lstrip().startswith("["):
        # Line ends matter in messages alone; empty lines before the list count there as well.
        content = "\n" * (first[0] - 1) + "\n".join([first[1], *(line for _, line in lines)])
        listed = _parsed(content, file.name, 1)
        items = enumerate(listed, start=1) if isinstance(listed, list) else iter([(1, listed)])
    else:
        items = chain([first], lines)
    for number, item in items:
        try:
            parsed = _parsed(item, file.name, number) if isinstance(item, str) else item
            yield number, checked_item(parsed, (file.name, number))
        except CorpusError as error:
            tally.report(error)


def sentence_from(item: Item, place: Place, tally: Tally) -> Optional[Sentence]:
    """The sentence of an object with `tokens`, or with W2NER's `sentence`; none without words."""
    is_w2ner = "tokens" not in item
    words = item["sentence"] if is_w2ner else item["tokens"]
    if not words:
        tally.add("sentences without words, skipped", place)
        return None
    if is_w2ner:
        entities = _each(_indexed_entity, _listed(item, "ner", place), place, tally)
    else:
        entities = _each(_entity, _mentions(item, place), place, tally)
    sentence = checked_sentence(
        words,
        entities,
        *place,
        pos=item.get("pos"),
        sent_id=optional_text(item, "sent_id", place),
        on_error=tally.on_error,
    )
    tally.add_twice(len(entities), sentence, place)
    return sentence


def with_offsets(sentence: Sentence, item: Item, text: Optional[str], place: Place) -> Sentence:
    """With `offsets`, if the object has them. They agree with the text, if that is known."""
    if "offsets" not in item:
        return sentence
    offsets = _pairs(item["offsets"], '"offsets"', place)
    if len(offsets) != len(sentence.words):
        _fail(f"{len(offsets)} offsets for {len(sentence.words)} words", place)
    bounds = [bound for offset in offsets for bound in offset]
    if bounds[0] < 0 or any(left > right for left, right in pairwise(bounds)):
        _fail("offsets go back; allowed are rising ones", place)
    for word, (start, end) in zip(sentence.words, offsets, strict=True):
        if text is not None and text[start:end] != word:
            _fail(f"word {word!r} has the offsets of {text[start:end]!r} in the text", place)
    return replace(sentence, offsets=offsets)


def mentions_from(item: Item, place: Place, tally: Tally) -> List[Mention]:
    """The entities of an object with `text`, whose `start` and `end` count characters."""
    entities = _each(_entity, _mentions(item, place), place, tally)
    return [
        Mention(entity.fragments or ((entity.start, entity.end),), entity.type, place[1])
        for entity in entities
    ]


def follows(item: Item, previous: Optional[Item]) -> bool:
    """
    Whether two objects in the authors' form are neighbours in one text: `rtokens` of the one begins
    as the words of the other, and `ltokens` of that one ends as the words of the first.
    """
    if previous is None:
        return False
    after, before = previous.get("rtokens"), item.get("ltokens")
    if not isinstance(after, list) or not isinstance(before, list) or not after or not before:
        return False
    words, previous_words = item["tokens"], previous["tokens"]
    ahead, back = min(len(after), len(words)), min(len(before), len(previous_words))
    return bool(after[:ahead] == words[:ahead] and before[-back:] == previous_words[-back:])


def optional_text(item: Item, name: str, place: Place) -> Optional[str]:
    """A text or a number, as text."""
    value = item.get(name)
    if value is None:
        return None
    if isinstance(value, (dict, list)):
        _fail(f'"{name}" is {value!r}; allowed is a text', place)
    return str(value)


def sentence_objects(item: Item, place: Place) -> Sequence[Item]:
    """Those of an object with `sentences`."""
    sentences = _listed(item, "sentences", place)
    for sentence in sentences:
        if not isinstance(sentence, dict) or not isinstance(sentence.get("tokens"), list):
            _fail(f'"sentences" holds objects with a list "tokens"; got {sentence!r:.80}', place)
    return sentences


def _parsed(content: str, path: str, number: int) -> Any:
    try:
        value = json.loads(content)
        if "\\u" in content:
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        line = number + error.lineno - 1
        message = f"is not JSON: {error.msg} at column {error.colno}"
        raise CorpusError(message, path, line) from error
    except UnicodeEncodeError as error:
        raise CorpusError("holds half a character (a lone surrogate)", path, number) from error
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"is not JSON of a corpus: {error}", path, number) from error
    return value


def checked_item(item: Any, place: Place) -> Item:
    """With one of the fields of `KINDS` alone, of the right type (and with a document's text)."""
    kinds = item if isinstance(item, dict) else {}
    named = [name for name, kind in KINDS.items() if isinstance(kinds.get(name), kind)]
    if not named:
        raise CorpusError(ALLOWED, *place)
    keep = {named[0], "text"} if named[0] == "sentences" else {named[0]}
    return {name: value for name, value in item.items() if name in keep or name not in KINDS}


def _each(
    parse: Callable[[Any, Place], Entity], given: List[Any], place: Place, tally: Tally
) -> List[Entity]:
    entities = []
    for mention in given:
        try:
            entities.append(parse(mention, place))
        except CorpusError as error:
            tally.report(error)
    return entities


def _mentions(item: Item, place: Place) -> List[Any]:
    return _listed(item, "entities" if "entities" in item else "entity_mentions", place)


def _listed(item: Item, name: str, place: Place) -> List[Any]:
    value = item.get(name, [])
    if not isinstance(value, list):
        _fail(f'"{name}" is a list', place)
    return value


def _entity(mention: Any, place: Place) -> Entity:
    try:
        start, end = mention["start"], mention["end"]
        kind = mention["type"] if "type" in mention else mention["entity_type"]
    except (KeyError, TypeError, IndexError):
        _fail(f'an entity has "start", "end" and "type"; got {mention!r}', place)
    if type(start) is not int or type(end) is not int or not isinstance(kind, str) or not kind:
        _fail(f'"start" and "end" are whole numbers and "type" a text; got {mention!r}', place)
    fragments = _pairs(mention.get("fragments", []), '"fragments"', place)
    return Entity(start, end, kind, fragments)


def _indexed_entity(mention: Any, place: Place) -> Entity:
    """W2NER's: the positions of all its words."""
    index = mention.get("index") if isinstance(mention, dict) else None
    kind = mention.get("type") if isinstance(mention, dict) else None
    whole = isinstance(index, list) and all(type(position) is int for position in index)
    if not whole or not index or not isinstance(kind, str) or not kind:
        _fail(f'an entity has "index", whole numbers, and "type"; got {mention!r}', place)
    fragments: List[Tuple[int, int]] = []
    for position in sorted(set(index)):
        if fragments and fragments[-1][1] == position:
            fragments[-1] = (fragments[-1][0], position + 1)
        else:
            fragments.append((position, position + 1))
    pieces = tuple(fragments) if len(fragments) > 1 else ()
    return Entity(fragments[0][0], fragments[-1][1], kind, pieces)


def _pairs(value: Any, name: str, place: Place) -> Tuple[Tuple[int, int], ...]:
    is_list = isinstance(value, list) and all(isinstance(pair, list) for pair in value)
    if not is_list or any([type(bound) for bound in pair] != [int, int] for pair in value):
        _fail(f"{name} is a list of pairs of whole numbers; got {value!r:.80}", place)
    return tuple((start, end) for start, end in value)


def _fail(message: str, place: Place) -> NoReturn:
    raise CorpusError(message, *place)
