"""Sentences that share the window in which the contextual encoder reads them."""

from collections import defaultdict

import pytest
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.data import Batch, DataLoader, DatasetReader, Vocabulary
from allennlp.data.dataset_readers import dataset_reader
from allennlp.data.dataset_readers.dataset_reader import WorkerInfo
from allennlp.data.token_indexers import SingleIdTokenIndexer

from locate_label_allennlp.data.dataset_readers import NestedNerReader
from locate_label_allennlp.data.document import Document, Sentence
from locate_label_allennlp.data.fields import ROW
from locate_label_allennlp.data.formats import JsonlFormat
from locate_label_allennlp.data.token_indexers import WindowedTransformerIndexer

SIZE = 40
MARGIN = 4


@pytest.fixture
def corpus(fixtures):
    return str(fixtures / "formats" / "nested.jsonl")


@pytest.fixture
def reader(tiny_bert):
    def reader(**options):
        defaults = {
            "context_indexers": {"encoder": WindowedTransformerIndexer(tiny_bert)},
            "context": "window",
            "min_context_wordpieces": MARGIN,
            "max_context_wordpieces": SIZE,
        }
        return NestedNerReader(**{**defaults, **options})

    return reader


@pytest.fixture
def documents(corpus):
    """The words of the sentences of each document."""
    return [
        [sentence.words for sentence in document.sentences]
        for document in JsonlFormat().read(corpus)
    ]


def source(instance):
    return instance["metadata"]["source"]


def windows(instances):
    """The sentences of each window, and the words it shows."""
    found = defaultdict(list)
    for instance in instances:
        shown = tuple(token.text for token in instance["context"])
        found[instance["context"].key, shown].append(source(instance))
    return {(shown, tuple(sources)) for (_, shown), sources in found.items()}


def test_every_sentence_stands_where_its_centre_says(reader, corpus, documents):
    instances = list(reader().read(corpus))
    words = [words for document in documents for words in document]
    assert [instance["metadata"]["words"] for instance in instances] == words
    for instance in instances:
        start, length = instance["centre"].tensor.tolist()
        shown = tuple(token.text for token in instance["context"])
        assert shown[start : start + length] == instance["metadata"]["words"]


def test_a_window_is_part_of_one_document(reader, corpus, documents):
    texts = [" ".join(word for words in document for word in words) for document in documents]
    instances = list(reader().read(corpus))
    document_of = {source(one): " ".join(one["metadata"]["words"]) for one in instances}
    found = windows(instances)
    assert len(documents) < len(found) < len(instances)
    for shown, sources in found:
        (text,) = [text for text in texts if " ".join(shown) in text]
        assert all(document_of[source] in text for source in sources)
    whole = windows(reader(max_context_wordpieces=500).read(corpus))
    assert sorted(" ".join(shown) for shown, _ in whole) == sorted(texts)


def test_windows_are_as_long_as_allowed(reader, corpus, tiny_bert):
    count = WindowedTransformerIndexer(tiny_bert).piece_counts
    for instance in reader().read(corpus):
        is_alone = len(instance["context"]) == len(instance["metadata"]["words"])
        assert sum(count(instance["context"].tokens)) <= SIZE or is_alone


def test_a_batch_holds_a_window_once(reader, corpus):
    shared = reader()
    instances = list(shared.read(corpus))
    for instance in instances:
        shared.apply_token_indexers(instance)
    batch = Batch(instances)
    batch.index_instances(Vocabulary.from_instances(instances))
    context = batch.as_tensor_dict()["context"]
    keys = [instance["context"].key for instance in instances]
    assert context["encoder"]["wordpieces"].size(0) == len(set(keys)) < len(keys)
    rows = context[ROW][ROW].tolist()
    assert [keys.index(key) for key in keys] == [rows.index(row) for row in rows]


@pytest.mark.parametrize("world", [1, 2, 3])
@pytest.mark.parametrize("workers", [None, 2])
def test_a_window_goes_whole_to_one_process_and_one_worker(
    reader, corpus, world, workers, monkeypatch
):
    monkeypatch.setattr(dataset_reader.util, "is_distributed", lambda: world > 1)
    monkeypatch.setattr(dataset_reader.dist, "get_world_size", lambda: world)
    parts = []
    for rank in range(world):
        monkeypatch.setattr(dataset_reader.dist, "get_rank", lambda rank=rank: rank)
        for worker in range(workers or 1):
            shard = reader()
            shard._set_worker_info(WorkerInfo(workers, worker) if workers else None)
            parts.append(windows(shard.read(corpus)))
    monkeypatch.undo()
    whole = windows(reader().read(corpus))
    assert set().union(*parts) == whole
    assert sum(map(len, parts)) == len(whole)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize(
    "options",
    [
        {"num_workers": 2},
        {"num_workers": 2, "max_instances_in_memory": 4},
        {"num_workers": 0, "max_instances_in_memory": 4},
    ],
    ids=str,
)
def test_worker_processes(reader, corpus, options):
    expected = windows(reader().read(corpus))
    sampler = {"type": "token_budget", "budget": 3 * SIZE}
    loader = DataLoader.from_params(
        Params({"batch_sampler": sampler, **options}), reader=reader(), data_path=corpus
    )
    loader.index_with(Vocabulary.from_instances(loader.iter_instances()))
    for _ in range(2):
        sources = []
        for batch in loader:
            own = [item["source"] for item in batch["metadata"]]
            sources += own
            row = batch["context"][ROW][ROW].tolist() if ROW in batch["context"] else range(99)
            for one, number in zip(own, row, strict=False):
                # In this batch it has the window of those it is read with, and of no others.
                others = {other for other, place in zip(own, row, strict=False) if place == number}
                assert others <= next(set(each) for _, each in expected if one in each)
        assert sorted(sources) == sorted(source for _, each in expected for source in each)


def test_max_instances(reader, corpus, documents):
    words = [words for document in documents for words in document]
    for number in (1, 3, 5):
        found = reader(max_instances=number).read(corpus)
        assert [instance["metadata"]["words"] for instance in found] == words[:number]


def test_documents_of_one_s_own(reader):
    sentences = tuple(Sentence((word,) * 3) for word in ("port", "the", "abc"))
    shared = reader(max_context_wordpieces=14)
    instances = list(shared.document_to_instances(Document(sentences)))
    assert [instance["metadata"]["words"] for instance in instances] == [s.words for s in sentences]
    other = list(shared.document_to_instances(Document(sentences)))
    keys, others = ({one["context"].key for one in each} for each in (instances, other))
    assert len(keys) == 2
    assert not keys & others
    for index, instance in enumerate(instances):
        single = shared.text_to_instance(sentences, index)
        assert single["metadata"].metadata == instance["metadata"].metadata
        assert single["centre"] == instance["centre"]
        assert list(single["context"]) == list(instance["context"])


def test_less_context_than_asked_for_is_said(reader, caplog):
    sentences = tuple(Sentence(("abcdef",) * 3) for _ in range(3))
    short = reader(max_context_wordpieces=20, min_context_wordpieces=6)
    assert len(list(short.document_to_instances(Document(sentences)))) == 3
    assert "1 sentences so far were shown less context than asked for" in caplog.text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"context": "windows"}, r"context is 'windows'; allowed are \('neighbours', 'window'\)"),
        ({"max_context_wordpieces": None}, "max_context_wordpieces is None and"),
        ({"min_context_wordpieces": 20}, "is 40 and min_context_wordpieces 20; allowed is"),
        ({"min_context_wordpieces": -1}, "min_context_wordpieces -1; allowed is"),
        (
            {"context_indexers": {"words": SingleIdTokenIndexer()}},
            "max_context_wordpieces needs a 'windowed_transformer'",
        ),
    ],
)
def test_impossible_settings_are_refused(reader, options, message):
    with pytest.raises(ConfigurationError, match=message):
        reader(**options)


def test_from_a_config(tiny_bert, corpus):
    params = {
        "type": "nested_ner",
        "context_indexers": {"encoder": {"type": "windowed_transformer", "model_name": tiny_bert}},
        "context": "window",
        "min_context_wordpieces": MARGIN,
        "max_context_wordpieces": SIZE,
    }
    built = DatasetReader.from_params(Params(params))
    assert len(windows(built.read(corpus))) > 2


def test_windows_of_another_size_in_training(reader, corpus):
    both = reader(max_training_context_wordpieces=20)
    in_training = contexts(both.read({"training": corpus}))
    assert in_training == contexts(reader(max_context_wordpieces=20).read(corpus))
    assert contexts(both.read(corpus)) == contexts(reader().read(corpus)) != in_training
    # Prediction is no training.
    document = next(iter(JsonlFormat().read(corpus)))
    predicted = contexts(both.document_to_instances(document))
    assert predicted == contexts(reader().document_to_instances(document))


def contexts(instances):
    return [[token.text for token in instance["context"]] for instance in instances]


def test_the_limit_in_training_is_checked_too(reader):
    with pytest.raises(ConfigurationError, match="max_training_context_wordpieces is 8 and min"):
        reader(max_training_context_wordpieces=8)
