"""What the JSON of corpora holds: objects, and of each its sentences and entities."""

import json
from collections import Counter
from dataclasses import replace
from itertools import chain, pairwise
from typing import Any, Dict, Iterator, List, NoReturn, Optional, Tuple

from locate_label_allennlp.data.document import CorpusError, Sentence, checked_sentence
from locate_label_allennlp.data.formats.corpus_files import CorpusFile
from locate_label_allennlp.data.formats.corpus_format import Place, Tally
from locate_label_allennlp.data.formats.running_text import Mention

Item = Dict[str, Any]


def json_items(file: CorpusFile, tally: Tally) -> Iterator[Tuple[int, Any]]:
    """
    The values of a file and their numbers: those of its lines or, if it is one JSON list, those in
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
            yield number, _parsed(item, file.name, number) if isinstance(item, str) else item
        except CorpusError as error:
            tally.report(error)


def sentence_from(item: Item, place: Place, tally: Tally) -> Optional[Sentence]:
    """The sentence of an object in `own_form` with `tokens`; none without words."""
    if not item["tokens"]:
        tally.add("sentences without words, skipped", place)
        return None
    entities = item.get("entities", [])
    sentence = checked_sentence(
        item["tokens"],
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
    offsets = pairs(item["offsets"], '"offsets"', place)
    if len(offsets) != len(sentence.words):
        fail(f"{len(offsets)} offsets for {len(sentence.words)} words", place)
    bounds = [bound for offset in offsets for bound in offset]
    if bounds[0] < 0 or any(left > right for left, right in pairwise(bounds)):
        fail("offsets go back; allowed are rising ones", place)
    for word, (start, end) in zip(sentence.words, offsets, strict=True):
        if text is not None and text[start:end] != word:
            fail(f"word {word!r} has the offsets of {text[start:end]!r} in the text", place)
    return replace(sentence, offsets=offsets)


def mentions_from(item: Item, place: Place) -> List[Mention]:
    """The entities of an object in `own_form` with `text`, which count characters."""
    return [
        Mention(entity.fragments or ((entity.start, entity.end),), entity.type, place[1])
        for entity in item.get("entities", [])
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
        fail(f'"{name}" is {value!r}; allowed is a text', place)
    return str(value)


def pairs(value: Any, name: str, place: Place) -> Tuple[Tuple[int, int], ...]:
    is_list = isinstance(value, list) and all(isinstance(pair, list) for pair in value)
    if not is_list or any([type(bound) for bound in pair] != [int, int] for pair in value):
        fail(f"{name} is a list of pairs of whole numbers; got {value!r:.80}", place)
    return tuple((start, end) for start, end in value)


def is_json_object(line: str) -> bool:
    try:
        return line.startswith("{") and isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def fail(message: str, place: Place) -> NoReturn:
    raise CorpusError(message, *place)


class _Twice(Exception):
    """A key that an object has twice, of which Python would keep the last."""


def _unique(pairs: List[Tuple[str, Any]]) -> Item:
    item = dict(pairs)
    if len(item) < len(pairs):
        raise _Twice(
            next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        )
    return item


def _parsed(content: str, path: str, number: int) -> Any:
    try:
        value = json.loads(content, object_pairs_hook=_unique)
        if "\\u" in content:
            json.dumps(value, ensure_ascii=False).encode()
    except _Twice as error:
        raise CorpusError(
            f"has the key {error.args[0]!r} twice in one object", path, number
        ) from None
    except json.JSONDecodeError as error:
        line = number + error.lineno - 1
        message = f"is not JSON: {error.msg} at column {error.colno}"
        raise CorpusError(message, path, line) from error
    except UnicodeEncodeError as error:
        raise CorpusError("holds half a character (a lone surrogate)", path, number) from error
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"is not JSON of a corpus: {error}", path, number) from error
    return value
