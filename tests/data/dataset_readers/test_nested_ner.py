import json
import logging

import pytest
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.data import Batch, DataLoader, DatasetReader, Token, Vocabulary
from allennlp.data.dataset_readers import dataset_reader
from allennlp.data.dataset_readers.dataset_reader import WorkerInfo
from allennlp.data.token_indexers import SingleIdTokenIndexer

from locate_label_allennlp.data.dataset_readers import NestedNerReader
from locate_label_allennlp.data.document import CorpusError, Document, Entity, Sentence
from locate_label_allennlp.data.formats import (
    AutoFormat,
    BratFormat,
    ColumnsFormat,
    GeniaXmlFormat,
    JsonlFormat,
    Splitting,
)
from locate_label_allennlp.data.text_splitter import TextSplitter
from locate_label_allennlp.data.token_indexers import WindowedTransformerIndexer


@pytest.fixture
def corpus(fixtures):
    return str(fixtures / "formats" / "nested.jsonl")


def reader(**options):
    indexers = {"token_indexers": {"words": SingleIdTokenIndexer()}}
    indexers["context_indexers"] = {"words": SingleIdTokenIndexer()}
    return NestedNerReader(**{**indexers, **options})


def texts(instances, field="tokens"):
    return [" ".join(token.text for token in instance[field]) for instance in instances]


SENTENCES = [
    "The mayor of Old Tarn met the pilots .",
    "Silence",
    "The keeper of the museum of the port of Tarn left",
    "Nothing was reported .",
    "Visby",
    "The bank of Visby and the bank of Tarn lent it to the port of Visby",
]


def test_an_instance_a_sentence(corpus):
    instances = list(reader().read(corpus))
    assert texts(instances) == SENTENCES
    first = instances[0]
    assert list(first.fields) == ["tokens", "context", "centre", "entities", "metadata"]
    assert first["entities"].entities == [Entity(0, 5, "ROLE"), Entity(3, 5, "PLACE")]
    assert first["metadata"].metadata == {
        "words": tuple(SENTENCES[0].split()),
        "sent_id": "1",
        "source": f"{corpus}:1",
        "unreachable": [],
    }
    assert [token.pos_ for token in first["tokens"]][:3] == ["DET", "NOUN", "ADP"]
    assert len(instances[1]["entities"]) == 0


@pytest.mark.parametrize("around", [0, 1, 2, 9])
def test_the_neighbours_are_those_of_the_same_document(corpus, around):
    instances = list(reader(context_sentences=around).read(corpus))
    documents = [SENTENCES[:4]] * 4 + [SENTENCES[4:]] * 2
    for place, (instance, document) in enumerate(zip(instances, documents, strict=True)):
        index = place if place < 4 else place - 4
        first = max(0, index - around)
        expected = document[first : index + around + 1]
        assert texts([instance], "context") == [" ".join(expected)]
        start, length = instance["centre"].tensor.tolist()
        assert start == sum(len(before.split()) for before in document[first:index])
        words = [token.text for token in instance["context"]][start : start + length]
        assert words == SENTENCES[place].split()


def test_fields_are_only_those_that_something_reads(corpus):
    (alone, *_) = reader(context_indexers=None).read(corpus)
    assert "context" not in alone.fields
    assert alone["centre"].tensor.tolist() == [0, 9]
    _, _, third, *_ = reader(token_indexers={}).read(corpus)
    assert "tokens" not in third.fields
    assert third["centre"].tensor.tolist() == [1, 11]


def test_prediction_needs_no_entities():
    document = Document((Sentence(("a", "b")), Sentence(("c",), pos=("N",))))
    first, second = reader().document_to_instances(document)
    assert "entities" not in first.fields
    assert texts([second], "context") == ["a b c"]
    assert second["centre"].tensor.tolist() == [2, 1]
    first.index_fields(Vocabulary.from_instances([first]))
    assert Batch([first]).as_tensor_dict()["tokens"]["words"]["tokens"].tolist() == [[2, 3]]
    assert reader().text_to_instance(document.sentences, 1) == second


def test_any_format_by_name(fixtures):
    params = {
        "type": "nested_ner",
        "format": {"type": "columns", "pos_column": 1, "one_document": False},
        "token_indexers": {"words": {"type": "single_id"}},
    }
    built = DatasetReader.from_params(Params(params))
    assert isinstance(built._format, ColumnsFormat)
    instances = list(built.read(str(fixtures / "formats" / "blanks.conll")))
    assert texts(instances) == SENTENCES[:3]


@pytest.fixture
def process(monkeypatch):
    """Makes this process one of several that train together."""

    def process(rank, world):
        monkeypatch.setattr(dataset_reader.util, "is_distributed", lambda: world > 1)
        monkeypatch.setattr(dataset_reader.dist, "get_rank", lambda: rank)
        monkeypatch.setattr(dataset_reader.dist, "get_world_size", lambda: world)

    return process


@pytest.mark.parametrize("world", [1, 2, 3])
@pytest.mark.parametrize("workers", [None, 2])
def test_every_sentence_goes_to_one_process_and_one_worker(corpus, process, world, workers):
    found = []
    for rank in range(world):
        process(rank, world)
        for worker in range(workers or 1):
            shard = reader()
            shard._set_worker_info(WorkerInfo(workers, worker) if workers else None)
            found.append(texts(shard.read(corpus)))
    assert sorted(text for part in found for text in part) == sorted(SENTENCES)
    sizes = [len(part) for part in found]
    assert max(sizes) - min(sizes) <= 1


def test_context_reaches_across_processes(corpus, process):
    process(1, 2)
    instances = list(reader().read(corpus))
    assert texts(instances, "context")[0] == " ".join(SENTENCES[:3])


def test_worker_processes(corpus):
    loader = DataLoader.from_params(
        Params({"batch_size": 2, "num_workers": 2}), reader=reader(), data_path=corpus
    )
    loader.index_with(Vocabulary.from_instances(loader.iter_instances()))
    batches = list(loader)
    words = [" ".join(item["words"]) for batch in batches for item in batch["metadata"]]
    assert sorted(words) == sorted(SENTENCES)
    for batch in batches:
        assert batch["centre"].tolist() == [
            [start, len(item["words"])]
            for (start, _), item in zip(batch["centre"].tolist(), batch["metadata"], strict=True)
        ]


def test_max_instances(corpus):
    assert texts(reader(max_instances=2).read(corpus)) == SENTENCES[:2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"token_indexers": None, "context_indexers": None}, "token_indexers, context_indexers"),
        ({"context_sentences": -1}, "context_sentences is -1; allowed is >= 0"),
    ],
)
def test_impossible_settings_are_refused(options, message):
    with pytest.raises(ConfigurationError, match=message):
        reader(**options)


def test_errors_of_the_file_come_through(tmp_path):
    with pytest.raises(CorpusError, match=r"missing\.jsonl: no such file"):
        list(reader().read(str(tmp_path / "missing.jsonl")))
    path = tmp_path / "corpus.jsonl"
    entity = {"start": 1, "end": 3, "type": "x"}
    path.write_text(json.dumps({"tokens": ["a", "b"], "entities": [entity]}), encoding="utf-8")
    with pytest.raises(CorpusError, match=r"corpus\.jsonl:1: entity 'x' from word 1 to 3"):
        list(reader().read(str(path)))


def test_context_is_cut_to_what_fits_around_the_sentence(corpus, tiny_bert, caplog):
    indexers = {"encoder": WindowedTransformerIndexer(tiny_bert)}

    def contexts(**options):
        instances = NestedNerReader(context_indexers=indexers, context_sentences=2, **options)
        return [
            (
                [token.text for token in instance["context"]],
                instance["centre"].tensor.tolist(),
                list(instance["metadata"]["words"]),
            )
            for instance in instances.read(corpus)
        ]

    limit = 40
    whole, cut = contexts(), contexts(max_context_wordpieces=limit)
    count = indexers["encoder"].piece_counts
    was_cut = 0
    for (all_words, _, _), (words, (start, length), centre) in zip(whole, cut, strict=True):
        assert words[start : start + length] == centre
        assert " ".join(words) in " ".join(all_words)
        was_cut += len(words) < len(all_words)
        num_pieces = sum(count([Token(word) for word in words]))
        assert num_pieces <= limit or words == centre
    assert was_cut
    assert "1 sentences so far were shown less context than asked for" in caplog.text


def test_wordpieces_can_only_be_counted_by_an_indexer_that_has_some():
    with pytest.raises(ConfigurationError, match="max_context_wordpieces needs"):
        reader(max_context_wordpieces=10)


def test_a_corpus_without_sentences_is_an_error(tmp_path):
    path = tmp_path / "empty.jsonl"
    path.write_text('\n{"tokens": []}\n', "utf-8")
    with pytest.raises(CorpusError, match=r"empty\.jsonl: holds no sentences"):
        list(reader().read(str(path)))


def test_a_corpus_without_entities_is_said(tmp_path, caplog):
    path = tmp_path / "none.jsonl"
    path.write_text('{"tokens": ["a"], "entities": []}\n' * 2, "utf-8")
    with caplog.at_level(logging.WARNING):
        assert len(list(reader().read(str(path)))) == 2
        (record,) = caplog.records
        assert record.getMessage() == f"{path}: holds no entities"
        with path.open("a") as file:
            file.write('{"tokens": ["c"], "entities": [{"start": 0, "end": 1, "type": "X"}]}\n')
        list(reader().read(str(path)))
    assert len(caplog.records) == 1


@pytest.fixture
def port_town(tmp_path):
    """The path of twenty documents of one sentence each."""
    path = tmp_path / "town.jsonl"
    lines = [json.dumps({"tokens": ["Harbour", str(number)]}) for number in range(20)]
    path.write_text("\n".join(lines), "utf-8")
    return str(path)


def test_several_corpora_are_read_one_after_the_other(corpus, port_town):
    both = texts(reader().read([port_town, corpus]))
    assert both == texts(reader().read(port_town)) + SENTENCES
    assert texts(reader().read({"training": [port_town, corpus]})) == both


def test_a_part_of_the_corpus_is_held_out(port_town):
    divided = reader(held_out=0.2)
    training = texts(divided.read({"training": port_town}))
    held_out = texts(divided.read({"held_out": port_town}))
    assert (len(training), len(held_out)) == (16, 4)
    assert sorted(training + held_out) == sorted(texts(reader().read(port_town)))
    # The same ones in another process, and all of them where the corpus itself is asked for.
    assert texts(reader(held_out=0.2).read({"held_out": port_town})) == held_out
    assert len(list(divided.read(port_town))) == 20
    assert texts(reader().read({"training": port_town})) == texts(reader().read(port_town))


def test_each_of_several_corpora_has_a_part_held_out(corpus, port_town):
    held_out = texts(reader(held_out=0.2).read({"held_out": [port_town, corpus]}))
    assert set(held_out[:4]) <= set(texts(reader().read(port_town)))
    assert set(held_out[4:]) <= set(SENTENCES)
    assert len(held_out) > 4


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ({"train": "a"}, r"the keys \['train'\]; allowed is one of 'training' and 'held_out'"),
        ({"training": "a", "held_out": "a"}, r"the keys \['held_out', 'training'\]"),
        ([], r"a data path is \[\]; allowed is a path or a list of paths"),
        ({"training": [1]}, r"a data path is \[1\]"),
        (None, "a data path is None"),
    ],
)
def test_data_paths_that_are_none(path, message):
    with pytest.raises(ConfigurationError, match=message):
        list(reader().read(path))


def test_nothing_is_held_out_unless_a_share_is_given(corpus):
    with pytest.raises(ConfigurationError, match="the reader's held_out is 0; allowed is a share"):
        list(reader().read({"held_out": corpus}))
    with pytest.raises(ConfigurationError, match="held_out is 1; allowed is 0 to less than 1"):
        reader(held_out=1)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ("en", "spacy")),
        ({"format": ColumnsFormat()}, ("en", "spacy")),
        ({"format": BratFormat(Splitting("ru", "whitespace"))}, ("ru", "whitespace")),
        ({"format": JsonlFormat(Splitting("de"))}, ("de", "spacy")),
        ({"format": GeniaXmlFormat(splitting=Splitting("xx"))}, ("xx", "spacy")),
        ({"format": AutoFormat(Splitting("ru"))}, ("ru", "spacy")),
        (
            {"format": BratFormat(Splitting("ru")), "text_splitter": TextSplitter("de")},
            ("de", "spacy"),
        ),
    ],
)
def test_raw_text_is_split_as_the_corpus_unless_said_otherwise(options, expected):
    splitter = reader(**options).text_splitter
    assert (splitter.language, splitter.words) == expected
