"""Text with mentions by characters, into sentences of words with entities by words."""

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Dict, List, Optional, Sequence, Set, Tuple

from allennlp.common import FromParams
from overrides import overrides

from locate_label_allennlp.data.document import CorpusError, Document, Entity, checked_sentence
from locate_label_allennlp.data.formats.corpus_format import (
    CorpusFormat,
    Place,
    Tally,
    check_choice,
)
from locate_label_allennlp.data.text_splitter import Spans, TextSplitter

Span = Tuple[int, int]


@dataclass(frozen=True)
class Mention:
    """
    An entity by characters, end exclusive.

    # Parameters

    fragments : `Tuple[Tuple[int, int], ...]`
        One for a contiguous mention.
    type : `str`
    line : `int`
        Where it was read, for messages.
    """

    fragments: Tuple[Span, ...]
    type: str
    line: int


class Splitting(FromParams):
    """
    How text is split, and what becomes of entities that do not fit. Nothing is left out: what is
    changed is counted and logged once.

        "splitting": {"language": "ru", "inside_words": "split"}

    # Parameters

    language : `str`, optional (default = `"en"`)
    words : `str`, optional (default = `"spacy"`)
        See `TextSplitter`.
    inside_words : `str`, optional (default = `"widen"`)
        An entity that begins or ends inside a word: `"widen"` it to whole words, `"split"` the word
        (offsets stay exact, but the words then depend on the gold entities: for converting, not
        for scores), or `"error"`.
    across_sentences : `str`, optional (default = `"join"`)
        An entity that lies in two sentences: `"join"` them, or `"error"`.
    """

    def __init__(
        self,
        language: str = "en",
        words: str = "spacy",
        inside_words: str = "widen",
        across_sentences: str = "join",
    ) -> None:
        check_choice("inside_words", inside_words, ("widen", "split", "error"))
        check_choice("across_sentences", across_sentences, ("join", "error"))
        self.text_splitter = TextSplitter(language, words)
        self._inside_words = inside_words
        self._across_sentences = across_sentences

    def document(
        self,
        text: str,
        mentions: Sequence[Mention],
        path: str,
        tally: Tally,
        doc_id: Optional[str] = None,
        sentences: Optional[List[Spans]] = None,
        text_path: Optional[str] = None,
        line: Optional[int] = None,
    ) -> Document:
        """
        # Parameters

        text : `str`
        mentions : `Sequence[Mention]`
        path : `str`
            Where the mentions were read, for messages.
        tally : `Tally`
        doc_id : `str`, optional
        sentences : `List[List[Tuple[int, int]]]`, optional
            Where the words of each sentence stand, if the corpus tells.
        text_path : `str`, optional (default = `path`)
            Where the text was read: the `source` of its sentences.
        line : `int`, optional (default = the line of the text where a sentence begins)
            The line of all of them, if the text is not a file of its own.

        # Returns

        `Document`
            With `text`, and `offsets` in every sentence.
        """
        mentions = [
            replace(mention, fragments=tuple(_trimmed(text, *part) for part in mention.fragments))
            for mention in mentions
            if _is_inside(mention, text, path, tally)
        ]
        sentences = self.text_splitter.spans(text) if sentences is None else sentences
        if self._inside_words == "split":
            sentences = _cut(sentences, mentions, tally)
        words = [span for spans in sentences for span in spans]
        breaks = set(accumulate(len(spans) for spans in sentences[:-1]))
        placed: List[Entity] = []
        others: Dict[Entity, Mention] = {}
        for mention in mentions:
            try:
                entity = self._by_words(mention, words, path, tally)
                breaks -= self._crossed(entity, breaks, (path, mention.line), tally)
            except CorpusError as error:
                tally.report(error)
                continue
            other = others.setdefault(entity, mention)
            if other.fragments == mention.fragments:
                placed.append(entity)
            else:
                shown = " and ".join(repr(_quoted(text, each)) for each in (other, mention))
                what = "mentions of one type widened to the same words, kept as one entity"
                tally.add(what, (path, mention.line), example=f"{mention.type} {shown}")
        bounds = [0, *sorted(breaks), len(words)] if words else [0]
        members = _by_sentence(placed, bounds)
        line_ends = [match.start() for match in re.finditer("\n", text)]
        built = []
        for (first, after), inside in zip(pairwise(bounds), members, strict=True):
            spans = words[first:after]
            number = bisect_left(line_ends, spans[0][0]) + 1 if line is None else line
            surfaces = [text[start:end] for start, end in spans]
            place = (text_path or path, number)
            sentence = checked_sentence(surfaces, inside, *place, on_error=tally.on_error)
            tally.add_twice(len(inside), sentence, place)
            built.append(replace(sentence, offsets=tuple(spans)))
        return Document(tuple(built), doc_id, text)

    def _crossed(self, entity: Entity, breaks: Set[int], place: Place, tally: Tally) -> Set[int]:
        """The sentence ends inside an entity."""
        crossed = breaks & set(range(entity.start + 1, entity.end))
        if crossed and self._across_sentences == "error":
            raise CorpusError(
                f"entity {entity.type!r} lies in two sentences; "
                "allowed with across_sentences 'join'",
                *place,
            )
        what = "sentence ends inside an entity, where the sentences were joined"
        tally.add(what, place, count=len(crossed))
        return crossed

    def _by_words(self, mention: Mention, words: Spans, path: str, tally: Tally) -> Entity:
        """With `start`, `end` and `fragments` counting the words of the document."""
        covered: Spans = []
        is_inside = False
        for start, end in sorted(mention.fragments):
            first = bisect_right(words, start, key=lambda word: word[1])
            after = bisect_left(words, end, key=lambda word: word[0])
            if first >= after:
                raise CorpusError(
                    f"entity {mention.type!r} from character {start} to {end} covers no word",
                    path,
                    mention.line,
                )
            is_inside = is_inside or words[first][0] < start or words[after - 1][1] > end
            if covered and first <= covered[-1][1]:
                covered[-1] = (covered[-1][0], max(after, covered[-1][1]))
            else:
                covered.append((first, after))
        if is_inside and self._inside_words == "error":
            raise CorpusError(
                f"entity {mention.type!r} from character {mention.fragments[0][0]} to "
                f"{mention.fragments[-1][1]} begins or ends inside a word; "
                "allowed with inside_words 'widen' or 'split'",
                path,
                mention.line,
            )
        if is_inside:
            what = "entities that begin or end inside a word, widened to whole words"
            tally.add(what, (path, mention.line))
        fragments = tuple(covered) if len(covered) > 1 else ()
        return Entity(covered[0][0], covered[-1][1], mention.type, fragments)


class RunningTextFormat(CorpusFormat):
    """
    A format whose corpora hold running text.

    # Parameters

    splitting : `Splitting`, optional (default = `Splitting()`, English by spaCy's rules)
    """

    def __init__(self, splitting: Optional[Splitting] = None) -> None:
        self._splitting = splitting or Splitting()

    @property
    @overrides
    def text_splitter(self) -> TextSplitter:
        return self._splitting.text_splitter


def _is_inside(mention: Mention, text: str, path: str, tally: Tally) -> bool:
    for start, end in mention.fragments:
        if not 0 <= start < end <= len(text):
            reason = (
                f"entity {mention.type!r} from character {start} to {end} (exclusive) lies outside "
                f"the text; allowed is 0 <= start < end <= {len(text)}"
            )
            tally.report(CorpusError(reason, path, mention.line))
            return False
    return True


def _quoted(text: str, mention: Mention) -> str:
    return " ... ".join(text[start:end] for start, end in mention.fragments)


def _trimmed(text: str, start: int, end: int) -> Span:
    """Without white space at its ends; unaltered if there is nothing else."""
    part = text[start:end]
    if not part.strip():
        return start, end
    return end - len(part.lstrip()), start + len(part.rstrip())


def _cut(sentences: List[Spans], mentions: Sequence[Mention], tally: Tally) -> List[Spans]:
    ends: Set[int] = {end for mention in mentions for part in mention.fragments for end in part}
    ordered = sorted(ends)
    result: List[Spans] = []
    for spans in sentences:
        parts: Spans = []
        for start, end in spans:
            inside = ordered[bisect_right(ordered, start) : bisect_left(ordered, end)]
            tally.add("words split where an entity begins or ends", count=bool(inside))
            parts.extend(pairwise([start, *inside, end]))
        result.append(parts)
    return result


def _by_sentence(entities: Sequence[Entity], bounds: Sequence[int]) -> List[List[Entity]]:
    """With `start`, `end` and `fragments` counting the words of their sentence."""
    members: List[List[Entity]] = [[] for _ in pairwise(bounds)]
    for entity in entities:
        index = bisect_right(bounds, entity.start) - 1
        first = bounds[index]
        fragments = tuple((start - first, end - first) for start, end in entity.fragments)
        members[index].append(
            Entity(entity.start - first, entity.end - first, entity.type, fragments)
        )
    return members
