from typing import List, Tuple

from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.common.length_buckets import LengthBuckets
from locate_label_allennlp.data.corpus.statistics import (
    CorpusStatistics,
    Longest,
    corpus_statistics,
    merged,
)
from locate_label_allennlp.data.document import Document, Entity, Sentence


def sentence(text: str, *entities: Tuple[int, int, str], source: str = "x:1") -> Sentence:
    return Sentence(tuple(text.split()), tuple(Entity(*each) for each in entities), source=source)


PORT = sentence(
    "The keeper of the port of Old Tarn", (0, 8, "ROLE"), (3, 8, "PLACE"), (6, 8, "PLACE")
)
CROSSING = sentence("a b c d e", (0, 3, "X"), (2, 5, "Y"), (2, 5, "Z"), source="x:2")
QUIET = sentence("Silence", source="x:3")
PARTS = Sentence(
    ("Old", "and", "New", "Tarn", "left", "at", "last", "on", "a", "day", "in", "May"),
    (Entity(0, 4, "PLACE", ((0, 1), (3, 4))), Entity(2, 4, "PLACE"), Entity(2, 12, "LONG")),
    source="y:9",
)


def test_counts() -> None:
    counted = corpus_statistics([Document((PORT, CROSSING)), Document((QUIET,))])
    assert (counted.documents, counted.sentences, counted.tokens) == (2, 3, 14)
    assert counted.entities == 6
    assert counted.types == {"ROLE": 1, "PLACE": 2, "X": 1, "Y": 1, "Z": 1}
    assert counted.lengths == {8: 1, 5: 1, 2: 1, 3: 3}
    assert (counted.inner, counted.nested, counted.nested_sentences) == (2, 5, 2)
    assert counted.depths == {1: 4, 2: 1, 3: 1}
    assert (counted.crossing, counted.same_span, counted.discontinuous) == (1, 1, 0)
    assert counted.longest_sentence == Longest(8, "x:1", " ".join(PORT.words))
    assert counted.longest_entity == Longest(8, "x:1", " ".join(PORT.words))
    assert counted.most_entities == len(PORT.entities)
    every = [entity for each in (PORT, CROSSING, QUIET) for entity in each.entities]
    words = [entity.end - entity.start for entity in every]
    assert counted.mean_entity_length == sum(words) / len(words)


def test_discontinuous_entities_have_a_length_and_a_type_but_are_not_nested() -> None:
    counted = corpus_statistics([Document((PARTS,))])
    assert (counted.entities, counted.discontinuous) == (3, 1)
    assert counted.lengths == {2: 2, 10: 1}
    assert (counted.inner, counted.crossing) == (1, 0)
    assert counted.types == {"PLACE": 2, "LONG": 1}
    assert counted.mean_entity_length == (2 + 2 + 10) / 3
    alone = corpus_statistics([Document((Sentence(PARTS.words, PARTS.entities[:1]),))])
    assert alone.longest_entity.text == "Old Tarn"


def test_lengths_to_ten_and_above() -> None:
    words = " ".join("w" * 12)
    lengths = [(0, n, "X") for n in range(1, 13)]
    counted = corpus_statistics([Document((sentence(words, *lengths),))])
    assert counted.by_length() == {**{str(n): 1 for n in range(1, 11)}, ">10": 2}
    assert counted.by_bucket(LengthBuckets()) == {"1-4": 4, "5-9": 5, "10+": 3}
    assert counted.by_bucket(LengthBuckets([1, 2, 12])) == {"1": 1, "2-11": 10, "12+": 1}


def test_nothing() -> None:
    counted = corpus_statistics([])
    assert counted == CorpusStatistics()
    json = counted.as_json(LengthBuckets())
    assert (json["depth"], json["inner_share"], json["nested_sentence_share"]) == (0, 0.0, 0.0)
    assert (json["most_entities"], json["mean_entity_length"]) == (0, 0.0)


def test_as_json() -> None:
    json = corpus_statistics([Document((PORT, CROSSING, QUIET))]).as_json(LengthBuckets())
    assert next(iter(json["types"])) == "PLACE"
    assert (json["depth"], json["depths"]) == (3, {1: 4, 2: 1, 3: 1})
    assert json["inner_share"] == 2 / 6
    assert json["nested_sentence_share"] == 2 / 3
    assert (json["most_entities"], json["mean_entity_length"]) == (3, 4.0)
    assert json["lengths_by_bucket"] == {"1-4": 4, "5-9": 2, "10+": 0}
    assert json["longest_sentence"]["source"] == "x:1"


@given(st.lists(st.sampled_from([PORT, CROSSING, QUIET, PARTS]), max_size=6), st.integers(0, 6))
def test_parts_together_are_the_whole(sentences: List[Sentence], cut: int) -> None:
    documents = [Document((each,)) for each in sentences]
    parts = [corpus_statistics(documents[:cut]), corpus_statistics(documents[cut:])]
    assert merged(parts) == corpus_statistics(documents)
