"""Two annotations of the same texts, compared."""

from bisect import bisect_right
from collections import defaultdict, deque
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Deque, Dict, Iterable, List, NamedTuple, Optional, Set, Tuple

from locate_label_allennlp.data.corpus.statistics_table import aligned
from locate_label_allennlp.data.document import CorpusError, Document, Entity, EntityKey, Sentence
from locate_label_allennlp.training.metrics.entity_counter import Counts

_SHOWN = 60
"""Characters of a text in messages."""


class Mention(NamedTuple):
    """
    An entity as it is told of.

    # Parameters

    entity : `Entity`
        By the words of its sentence.
    text : `str`
        Its words; between the fragments of a discontinuous one there are dots.
    """

    entity: Entity
    text: str

    def as_json(self) -> Dict[str, Any]:
        return {**self.entity.to_json(), "text": self.text}

    def __str__(self) -> str:
        return f"{self.entity.type} {self.text!r}"


@dataclass
class Difference:
    """
    A sentence in which not all entities are the same.

    # Parameters

    source, other_source : `str`
        `file:line` of the sentence, and of the one of the other corpus in which it begins.
    sentence : `str`
        Its words.
    missing : `List[Mention]`
        What only the first corpus has.
    added : `List[Mention]`
        What only the other one has.
    """

    source: str
    other_source: str
    sentence: str
    missing: List[Mention] = field(default_factory=list)
    added: List[Mention] = field(default_factory=list)

    def as_json(self) -> Dict[str, Any]:
        return {
            "a": self.source,
            "b": self.other_source,
            "sentence": self.sentence,
            "only_a": [mention.as_json() for mention in self.missing],
            "only_b": [mention.as_json() for mention in self.added],
        }

    def lines(self) -> List[str]:
        shown = self.sentence if len(self.sentence) <= 100 else f"{self.sentence[:96]} ..."
        return [
            f"{self.source} | {self.other_source}: {shown}",
            *(f"  - {mention}" for mention in self.missing),
            *(f"  + {mention}" for mention in self.added),
        ]


@dataclass
class Comparison:
    """
    The first corpus counts as gold, the other one as predicted: precision is the share of the
    other's entities that the first one has. F1 is the same either way round.

    # Parameters

    all : `Counts`
    boundaries : `Counts`
        Without types.
    types : `Dict[str, Counts]`
        Those that the first corpus has most of come first.
    differences : `List[Difference]`
        In the order of the first corpus.
    """

    all: Counts
    boundaries: Counts
    types: Dict[str, Counts]
    differences: List[Difference]

    def as_json(self) -> Dict[str, Any]:
        def numbers(counts: Counts) -> Dict[str, float]:
            others = {"a": counts.gold, "b": counts.predicted, "both": counts.correct}
            return {**counts.scores, **others}

        return {
            "all": numbers(self.all),
            "boundaries": numbers(self.boundaries),
            "types": {kind: numbers(counts) for kind, counts in self.types.items()},
            "differences": [difference.as_json() for difference in self.differences],
        }

    def table(self) -> str:
        def row(name: str, counts: Counts) -> List[str]:
            found = (counts.gold, counts.predicted, counts.correct)
            scores = (counts.precision, counts.recall, counts.f1)
            return [name, *(f"{n:,}" for n in found), *(f"{100 * each:.1f}" for each in scores)]

        return aligned(
            [
                ["", "A", "B", "both", "precision", "recall", "F1"],
                row("all", self.all),
                *(row(f"  {kind}", counts) for kind, counts in self.types.items()),
                row("boundaries", self.boundaries),
            ]
        )


def compare(
    first: Iterable[Document], second: Iterable[Document], first_path: str, second_path: str
) -> Comparison:
    """
    Entities are the same if their type is, and the characters that they cover, white space aside:
    how the texts were split into words and sentences makes no difference. Documents belong together
    if their texts are the same, in any order; of several with the same text those with the same
    name, else in their order. Where the corpora are divided into other documents, they are compared
    from beginning to end.

    # Parameters

    first, second : `Iterable[Document]`
    first_path, second_path : `str`
        Where they were read, for messages.

    # Raises

    `CorpusError` that names the first text which one of them lacks.
    """
    texts, others = [_Text.of(each) for each in first], [_Text.of(each) for each in second]
    texts, others = [each for each in texts if each.words], [each for each in others if each.words]
    try:
        pairs = _paired(texts, others, first_path, second_path)
    except CorpusError:
        joined, other = _Text.joined(texts), _Text.joined(others)
        if joined.words != other.words:
            raise
        pairs = [(joined, other)]
    counts: Dict[str, Counts] = defaultdict(Counts)
    every, boundaries = Counts(), Counts()
    differences: List[Difference] = []
    for text, other in pairs:
        mine, theirs = text.mentions(), other.mentions()
        for key in mine:
            every.add_gold(key in theirs)
            counts[key[2]].add_gold(key in theirs)
        for key in theirs:
            every.add_predicted(key in mine)
            counts[key[2]].add_predicted(key in mine)
        places, other_places = _untyped(mine), _untyped(theirs)
        for place in places:
            boundaries.add_gold(place in other_places)
        for place in other_places:
            boundaries.add_predicted(place in places)
        differences += _differences(text, other, mine, theirs)
    order = sorted(counts, key=lambda kind: (-counts[kind].gold, -counts[kind].predicted, kind))
    return Comparison(every, boundaries, {kind: counts[kind] for kind in order}, differences)


@dataclass
class _Text:
    """
    # Parameters

    words : `str`
        All words without white space, by whose characters entities are compared.
    sentences : `List[Sentence]`
    starts : `List[int]`
        Where each begins among these characters.
    doc_id : `str`, optional
    """

    words: str
    sentences: List[Sentence]
    starts: List[int]
    doc_id: Optional[str] = None

    @staticmethod
    def of(document: Document) -> "_Text":
        parts = ["".join(map(_solid, sentence.words)) for sentence in document.sentences]
        starts = list(accumulate(map(len, parts), initial=0))[:-1]
        return _Text("".join(parts), list(document.sentences), starts, document.doc_id)

    @staticmethod
    def joined(texts: List["_Text"]) -> "_Text":
        whole = _Text("".join(text.words for text in texts), [], [])
        before = 0
        for text in texts:
            whole.sentences += text.sentences
            whole.starts += [before + start for start in text.starts]
            before += len(text.words)
        return whole

    @property
    def source(self) -> str:
        return self.sentences[0].source

    def sentence_at(self, character: int) -> Sentence:
        return self.sentences[bisect_right(self.starts, character) - 1]

    def mentions(self) -> Dict[EntityKey, Mention]:
        """The entities by what makes them the same as others: characters and type."""
        found = {}
        for begin, sentence in zip(self.starts, self.sentences, strict=True):
            lengths = (len(_solid(word)) for word in sentence.words)
            bounds = list(accumulate(lengths, initial=begin))
            for entity in sentence.entities:
                parts = entity.fragments or (entity.span,)
                text = " ... ".join(" ".join(sentence.words[slice(*part)]) for part in parts)
                places = tuple((bounds[start], bounds[end]) for start, end in entity.fragments)
                key = (bounds[entity.start], bounds[entity.end], entity.type, places)
                found[key] = Mention(entity, text)
        return found


def _solid(word: str) -> str:
    return "".join(word.split())


def _paired(
    texts: List[_Text], others: List[_Text], path: str, other_path: str
) -> List[Tuple[_Text, _Text]]:
    waiting: Dict[Tuple[str, Optional[str]], Deque[_Text]] = defaultdict(deque)
    for other in others:
        waiting[other.words, other.doc_id].append(other)
    named = [waiting[text.words, text.doc_id] for text in texts]
    found = [same.popleft() if same else None for same in named]
    # Those of the same name belong together before any others do.
    taken = {id(other) for other in found}
    rest: Dict[str, Deque[_Text]] = defaultdict(deque)
    for other in others:
        if id(other) not in taken:
            rest[other.words].append(other)
    pairs = []
    for text, same_name in zip(texts, found, strict=True):
        if same_name is None and not rest[text.words]:
            raise _unmatched(text, others, other_path)
        pairs.append((text, same_name or rest[text.words].popleft()))
    left = {id(other) for same in rest.values() for other in same}
    for other in others:
        if id(other) in left:
            raise _unmatched(other, texts, path)
    return pairs


def _unmatched(text: _Text, others: List[_Text], other_path: str) -> CorpusError:
    shown = " ".join(text.sentences[0].words)
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
    reason = f"{text.source}: the text {shown!r} is not in {other_path}"
    for other in others:
        if text.doc_id is not None and other.doc_id == text.doc_id:
            pairs = enumerate(zip(text.words, other.words, strict=False))
            shorter = min(len(text.words), len(other.words))
            at = next((index for index, (a, b) in pairs if a != b), shorter)
            one, two = (each.words[at : at + 20] or "the end" for each in (text, other))
            reason += (
                f" as often; document {text.doc_id!r} goes on with {one!r} where "
                f"{other.sentence_at(at).source} has {two!r}"
            )
            break
    return CorpusError(f"{reason}; allowed are two annotations of the same texts")


def _untyped(keys: Iterable[EntityKey]) -> Set[Tuple[Any, ...]]:
    return {(start, end, fragments) for start, end, _, fragments in keys}


def _differences(
    text: _Text,
    other: _Text,
    mine: Dict[EntityKey, Mention],
    theirs: Dict[EntityKey, Mention],
) -> List[Difference]:
    found: Dict[int, Difference] = {}
    for key in sorted(mine.keys() ^ theirs.keys()):
        number = bisect_right(text.starts, key[0]) - 1
        sentence = text.sentences[number]
        other_source = other.sentence_at(text.starts[number]).source
        difference = found.setdefault(
            number, Difference(sentence.source, other_source, " ".join(sentence.words))
        )
        if key in mine:
            difference.missing.append(mine[key])
        else:
            difference.added.append(theirs[key])
    return [found[number] for number in sorted(found)]
