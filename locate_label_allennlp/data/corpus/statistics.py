"""What a corpus holds, in numbers."""

from collections import Counter
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Dict, Iterable, Sequence, Tuple
from typing import Counter as CounterOf

import numpy

from locate_label_allennlp.common.length_buckets import LengthBuckets
from locate_label_allennlp.data.document import Document, Sentence
from locate_label_allennlp.nn.relations import crosses, depths, nested

LONGEST_BY_ITSELF = 10


@dataclass
class Longest:
    """The longest sentence or entity: its length in words, its `file:line`, and its text."""

    words: int = 0
    source: str = ""
    text: str = ""


@dataclass
class CorpusStatistics:
    """
    Counts over documents, added one by one. An entity is a distinct `(start, end, type)` of its
    sentence. Discontinuous entities count among `entities`, `types` and `lengths` (their length is
    that of their fragments together), but not in what follows `discontinuous`: they are no spans.

    # Parameters

    documents, sentences, tokens, entities : `int`
    types : `Counter`
        How many entities of each type.
    lengths : `Counter`
        How many entities of each number of words.
    discontinuous : `int`
    inner : `int`
        Entities inside a strictly larger one of the same sentence.
    nested : `int`
        Entities that lie inside another one or contain one, also one with the same words.
    nested_sentences : `int`
        Sentences with a nested entity.
    depths : `Counter`
        How many entities lie at each depth; at depth 1 in no other.
    crossing : `int`
        Pairs of spans that share words while neither contains the other.
    same_span : `int`
        Spans that bear more than one type.
    longest_sentence, longest_entity : `Longest`
    most_entities : `int`
        In one sentence.
    """

    documents: int = 0
    sentences: int = 0
    tokens: int = 0
    entities: int = 0
    types: CounterOf[str] = field(default_factory=Counter)
    lengths: CounterOf[int] = field(default_factory=Counter)
    discontinuous: int = 0
    inner: int = 0
    nested: int = 0
    nested_sentences: int = 0
    depths: CounterOf[int] = field(default_factory=Counter)
    crossing: int = 0
    same_span: int = 0
    longest_sentence: Longest = field(default_factory=Longest)
    longest_entity: Longest = field(default_factory=Longest)
    most_entities: int = 0

    def add(self, document: Document) -> None:
        self.documents += 1
        for sentence in document.sentences:
            self._add_sentence(sentence)

    def _add_sentence(self, sentence: Sentence) -> None:
        self.sentences += 1
        self.tokens += len(sentence.words)
        self.most_entities = max(self.most_entities, len(sentence.entities))
        self.longest_sentence = _longer(self.longest_sentence, sentence.words, sentence.source)
        for entity in sentence.entities:
            fragments = entity.fragments or [entity.span]
            words = [word for start, end in fragments for word in sentence.words[start:end]]
            self.entities += 1
            self.types[entity.type] += 1
            self.lengths[entity.num_words] += 1
            self.longest_entity = _longer(self.longest_entity, words, sentence.source)
        spans = [entity.span for entity in sentence.entities if not entity.fragments]
        self.discontinuous += len(sentence.entities) - len(spans)
        self._add_relations(spans)

    def _add_relations(self, spans: Sequence[Tuple[int, int]]) -> None:
        """Adds the spans of a sentence's contiguous entities."""
        if len(spans) < 2:
            self.depths.update([1] * len(spans))
            return
        is_nested, depth = nested(spans), depths(spans)
        self.inner += int(numpy.count_nonzero(depth > 1))
        self.nested += int(numpy.count_nonzero(is_nested))
        self.nested_sentences += bool(is_nested.any())
        self.depths.update(depth.tolist())
        types = Counter(spans)
        # Each pair is there twice, in either order.
        self.crossing += int(numpy.count_nonzero(crosses(list(types), list(types)))) // 2
        self.same_span += sum(count > 1 for count in types.values())

    @property
    def mean_entity_length(self) -> float:
        """In words; 0 without entities."""
        return share(sum(length * n for length, n in self.lengths.items()), self.entities)

    def by_length(self) -> Dict[str, int]:
        """How many entities have 1, 2, ... 10 and more than 10 words."""
        counts = {str(length): self.lengths[length] for length in range(1, LONGEST_BY_ITSELF + 1)}
        longer = sum(n for length, n in self.lengths.items() if length > LONGEST_BY_ITSELF)
        return {**counts, f">{LONGEST_BY_ITSELF}": longer}

    def by_bucket(self, buckets: LengthBuckets) -> Dict[str, int]:
        """How many entities there are in each bucket of lengths."""
        counts = dict.fromkeys(buckets.names, 0)
        for length, count in self.lengths.items():
            counts[buckets.name_of(length)] += count
        return counts

    def as_json(self, buckets: LengthBuckets) -> Dict[str, Any]:
        """All counts by the names of the parameters; `Counter`s as objects, ratios added."""
        return {
            **asdict(self),
            "types": dict(self.types.most_common()),
            "lengths": dict(sorted(self.lengths.items())),
            "lengths_by_bucket": self.by_bucket(buckets),
            "depths": dict(sorted(self.depths.items())),
            "depth": max(self.depths, default=0),
            "mean_entity_length": self.mean_entity_length,
            "nested_sentence_share": share(self.nested_sentences, self.sentences),
            "inner_share": share(self.inner, self.entities),
        }


def corpus_statistics(documents: Iterable[Document]) -> CorpusStatistics:
    statistics = CorpusStatistics()
    for document in documents:
        statistics.add(document)
    return statistics


def merged(parts: Iterable[CorpusStatistics]) -> CorpusStatistics:
    """The statistics of several corpora together."""
    total = CorpusStatistics()
    for part in parts:
        for each in fields(CorpusStatistics):
            ours, theirs = getattr(total, each.name), getattr(part, each.name)
            if isinstance(ours, Longest):
                setattr(total, each.name, ours if ours.words >= theirs.words else theirs)
            elif each.name == "most_entities":
                setattr(total, each.name, max(ours, theirs))
            else:
                setattr(total, each.name, ours + theirs)
    return total


def share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _longer(longest: Longest, words: Sequence[str], source: str) -> Longest:
    """The longer of the two; of two as long, the one met first."""
    if len(words) <= longest.words:
        return longest
    return Longest(len(words), source, " ".join(words))
