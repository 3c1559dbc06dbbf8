"""Statistics, metric and report count nested entities of the same corpus alike."""

import json
from pathlib import Path

import pytest
from allennlp.data import Vocabulary
from hypothesis import given, settings
from hypothesis import strategies as st

from locate_label_allennlp.common.length_buckets import LengthBuckets
from locate_label_allennlp.data.corpus.files import read_corpus
from locate_label_allennlp.data.corpus.statistics import corpus_statistics
from locate_label_allennlp.data.document import Document, Entity, Sentence
from locate_label_allennlp.data.formats import JsonlFormat
from locate_label_allennlp.report.scores import Scores
from locate_label_allennlp.report.traces import Trace
from locate_label_allennlp.training.metrics import NestedSpanF1

WORDS = tuple(f"w{number}" for number in range(16))

CONTIGUOUS = st.builds(
    lambda start, length, type_: Entity(start, min(start + length, 16), type_),
    st.integers(0, 12),
    st.sampled_from([1, 1, 2, 4, 5, 9, 10, 14]),
    st.sampled_from("AB"),
)
DISCONTINUOUS = st.builds(
    lambda start, gap: Entity(
        start, start + gap + 2, "A", ((start, start + 1), (start + gap + 1, start + gap + 2))
    ),
    st.integers(0, 8),
    st.integers(1, 5),
)
CORPORA = st.lists(st.sets(CONTIGUOUS | DISCONTINUOUS, max_size=5), max_size=4)


def check(sentences):
    statistics = corpus_statistics(Document((sentence,)) for sentence in sentences)
    gold = [list(sentence.entities) for sentence in sentences]
    vocab = Vocabulary()
    for type_ in sorted({entity.type for entities in gold for entity in entities}):
        vocab.add_token_to_namespace(type_, "entity_labels")
    metric = NestedSpanF1(vocab, verbose=True)
    metric([[] for _ in gold], gold)
    metrics = metric.get_metric()
    scores = Scores(metric.counter)
    for entities in gold:
        scores.add(Trace(WORDS, "x:1", entities, None, None, [], []))
    report = scores.as_json()

    for group, number in {
        "nested_entities": statistics.nested,
        "flat_entities": statistics.entities - statistics.nested,
        **{f"length/{name}": n for name, n in statistics.by_bucket(LengthBuckets()).items()},
        **{f"type/{name}": number for name, number in statistics.types.items()},
    }.items():
        assert metrics[f"{group}/gold"] == report[group]["gold"] == number, group
    nested = [
        sentence for sentence in sentences if corpus_statistics([Document((sentence,))]).nested
    ]
    assert statistics.nested_sentences == len(nested)
    in_nested = sum(len(sentence.entities) for sentence in nested)
    assert metrics["nested_sentences/gold"] == report["nested_sentences"]["gold"] == in_nested
    return statistics


@settings(deadline=None)
@given(CORPORA)
def test_any_corpus(corpus):
    check([Sentence(WORDS, tuple(entities)) for entities in corpus])


@pytest.mark.parametrize(
    ("entities", "nested"),
    [
        ([(0, 5, "A"), (1, 3, "B")], 2),
        ([(0, 5, "A"), (0, 5, "B")], 2),  # two types on the same words
        ([(0, 5, "A"), (3, 8, "B")], 0),  # crossing
        ([(0, 5, "A"), (5, 8, "B")], 0),
    ],
)
def test_by_hand(entities, nested):
    statistics = check([Sentence(WORDS, tuple(Entity(*entity) for entity in entities))])
    assert (statistics.nested, statistics.nested_sentences) == (nested, bool(nested))


def test_a_discontinuous_entity_is_not_nested():
    entities = (Entity(0, 5, "A", ((0, 1), (4, 5))), Entity(0, 6, "A"), Entity(4, 5, "B"))
    assert check([Sentence(WORDS, entities)]).nested == 2


def test_the_quickstart():
    path = Path(__file__).parents[3] / "fixtures" / "quickstart" / "dev.jsonl"
    documents = list(read_corpus(JsonlFormat(), str(path)))
    statistics = check([sentence for document in documents for sentence in document.sentences])
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert statistics.entities == sum(len(line.get("entities", [])) for line in lines)
    assert 0 < statistics.nested < statistics.entities
