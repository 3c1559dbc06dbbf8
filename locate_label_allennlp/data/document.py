"""
What a corpus is made of, whatever file it came from: documents of sentences of words, with
entities over the words of one sentence.

The `end` of a span is exclusive (`words[start:end]`) everywhere but in tensors, where it is
inclusive as AllenNLP has it; `data/fields/entities_field.py` converts both ways.
"""

import unicodedata
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Callable, Dict, List, Optional, Tuple

_LONGEST = 1_000
"""Characters of a message; what it quotes may be of any length."""


class CorpusError(ValueError):
    """Corpus data break their format. Names the file and, if known, the line."""

    def __init__(self, message: str, path: object = None, line: Optional[int] = None) -> None:
        if len(message) > _LONGEST:
            half = _LONGEST // 2
            left_out = len(message) - 2 * half
            message = f"{message[:half]}[{left_out:,} characters]{message[-half:]}"
        where = "" if path is None else f"{path}: " if line is None else f"{path}:{line}: "
        super().__init__(where + message)
        self.reason = message
        self.path = path
        self.line = line


# Takes notice of an error; if it returns, what is wrong is left out, and reading goes on.
ErrorHandler = Callable[[CorpusError], None]


# Start, end, type and fragments.
EntityKey = Tuple[int, int, str, Tuple[Tuple[int, int], ...]]


@dataclass(frozen=True)
class Entity:
    """
    An entity of a sentence, gold or predicted.

    # Parameters

    start, end : `int`
        Its first word, and the one after its last.
    type : `str`
    fragments : `Tuple[Tuple[int, int], ...]`, optional
        Of a discontinuous entity: start and end of each fragment, two or more, in order and with a
        gap between each two; `start` and `end` are then those of the whole. Empty for any other.
    score : `float`, optional
        Of a predicted entity: how sure the model is, from 0 to 1.
    """

    start: int
    end: int
    type: str
    fragments: Tuple[Tuple[int, int], ...] = ()
    score: Optional[float] = None

    @property
    def key(self) -> EntityKey:
        """What makes it the same entity as another one of its sentence: all but the score."""
        return self.start, self.end, self.type, self.fragments

    @property
    def span(self) -> Tuple[int, int]:
        return self.start, self.end

    @property
    def num_words(self) -> int:
        """Its length; of a discontinuous entity that of its fragments together."""
        return sum(end - start for start, end in self.fragments or [self.span])

    def with_score(self, score: float) -> "Entity":
        return Entity(self.start, self.end, self.type, self.fragments, score)

    def to_json(self) -> Dict[str, Any]:
        """By the names of the parameters, without those that it does not have."""
        content: Dict[str, Any] = {"start": self.start, "end": self.end, "type": self.type}
        if self.fragments:
            content["fragments"] = [list(fragment) for fragment in self.fragments]
        if self.score is not None:
            content["score"] = self.score
        return content


@dataclass(frozen=True)
class Sentence:
    """
    # Parameters

    words : `Tuple[str, ...]`
        At least one; none of them empty.
    entities : `Tuple[Entity, ...]`
        Sorted by `(start, end, type, fragments)`, each once.
    pos : `Tuple[str, ...]`, optional
        One part of speech a word.
    offsets : `Tuple[Tuple[int, int], ...]`, optional
        Where each word stands in the document's text, in characters, end exclusive.
    sent_id : `str`, optional
    source : `str`
        `file:line` of where it was read, for messages.
    """

    words: Tuple[str, ...]
    entities: Tuple[Entity, ...] = ()
    pos: Optional[Tuple[str, ...]] = None
    offsets: Optional[Tuple[Tuple[int, int], ...]] = None
    sent_id: Optional[str] = None
    source: str = ""


@dataclass(frozen=True)
class Document:
    """Consecutive sentences of one text. `text` is the unaltered text they were split from."""

    sentences: Tuple[Sentence, ...]
    doc_id: Optional[str] = None
    text: Optional[str] = None


def checked_sentence(
    words: List[str],
    entities: List[Entity],
    path: object,
    line: int,
    pos: Optional[List[str]] = None,
    sent_id: Optional[str] = None,
    on_error: Optional[ErrorHandler] = None,
) -> Sentence:
    """
    A `Sentence` that keeps its promises, or a `CorpusError` that says which one the file breaks.
    Entities are sorted, and one that is there twice is kept once.

    With `on_error`, every broken promise is passed to it, also an entity that is there twice, and
    the sentence is made of the rest: a word that is none becomes U+FFFD.
    """
    handle = on_error or _raise
    words = list(words)
    for index, word in enumerate(words):
        if not isinstance(word, str) or not word.strip():
            reason = f"word {index} is {word!r}; a word is a non-empty text"
            handle(CorpusError(reason, path, line))
            words[index] = "\ufffd"
    if pos is not None and not (isinstance(pos, list) and all(isinstance(tag, str) for tag in pos)):
        reason = f"parts of speech are {pos!r}; allowed is a list of texts"
        handle(CorpusError(reason, path, line))
        pos = None
    if pos is not None and len(pos) != len(words):
        handle(CorpusError(f"{len(pos)} parts of speech for {len(words)} words", path, line))
        pos = None
    sound = []
    for entity in entities:
        mistake = _mistake(entity, len(words))
        if mistake:
            handle(CorpusError(mistake, path, line))
        else:
            sound.append(entity)
    ordered = sorted(set(sound), key=lambda entity: entity.key)
    if on_error is not None:
        for entity, count in Counter(sound).items():
            if count > 1:
                on_error(CorpusError(f"{_described(entity)} is there {count} times", path, line))
    return Sentence(
        words=tuple(words),
        entities=tuple(ordered),
        pos=None if pos is None else tuple(pos),
        sent_id=sent_id,
        source=f"{path}:{line}",
    )


def _raise(error: CorpusError) -> None:
    raise error


def _described(entity: Entity) -> str:
    return f"entity {entity.type!r} from word {entity.start} to {entity.end} (exclusive)"


RESERVED_TYPES = ("@@PADDING@@", "@@UNKNOWN@@", "@@NEWLINE@@")
"""What stands for something else in AllenNLP's vocabularies: entities of such types get lost."""


def _mistake(entity: Entity, length: int) -> Optional[str]:
    """What is wrong with an entity of a sentence of `length` words."""
    if any(unicodedata.category(character) == "Cc" for character in entity.type):
        return f"{_described(entity)}: a type has no line breaks and other control characters"
    if entity.type in RESERVED_TYPES:
        names = ", ".join(RESERVED_TYPES)
        return f"{_described(entity)}: AllenNLP uses {names}; allowed are others"
    if not 0 <= entity.start < entity.end <= length:
        return (
            f"{_described(entity)} lies outside its sentence; "
            f"allowed is 0 <= start < end <= {length}"
        )
    if not entity.fragments:
        return None
    bounds = [bound for fragment in entity.fragments for bound in fragment]
    in_order = all(left < right for left, right in pairwise(bounds))
    whole = (bounds[0], bounds[-1]) == (entity.start, entity.end)
    if len(entity.fragments) >= 2 and in_order and whole:
        return None
    return (
        f"{_described(entity)} has the fragments {list(entity.fragments)}; allowed are two or "
        "more, in order, with a gap between each two, the first beginning and the last ending with "
        "the entity"
    )
