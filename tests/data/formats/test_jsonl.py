import json
import logging

import pytest

from locate_label_allennlp.data.document import CorpusError, Entity
from locate_label_allennlp.data.formats import JsonlFormat


@pytest.fixture
def read(tmp_path):
    def read(*lines):
        path = tmp_path / "corpus.jsonl"
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        path.write_text("\n".join(texts), encoding="utf-8")
        return list(JsonlFormat().read(str(path)))

    return read


def test_documents_sentences_entities(fixtures):
    path = str(fixtures / "formats" / "nested.jsonl")
    harbour, bank = JsonlFormat().read(path)
    assert (harbour.doc_id, bank.doc_id) == ("harbour", "bank")
    assert [s.sent_id for s in harbour.sentences] == ["1", "2", "3", "4"]
    assert [s.source for s in bank.sentences] == [f"{path}:5", f"{path}:6"]
    first = harbour.sentences[0]
    assert first.words == ("The", "mayor", "of", "Old", "Tarn", "met", "the", "pilots", ".")
    assert first.entities == (Entity(0, 5, "ROLE"), Entity(3, 5, "PLACE"))
    assert first.pos[-2:] == ("NOUN", "PUNCT")
    assert [len(s.entities) for s in (*harbour.sentences, *bank.sentences)] == [2, 0, 4, 0, 1, 6]


def test_the_names_of_genias_json_lines(fixtures):
    (document,) = JsonlFormat().read(str(fixtures / "formats" / "other_names.jsonl"))
    (sentence,) = document.sentences
    assert sentence.entities == (Entity(0, 5, "ROLE"), Entity(3, 5, "PLACE"))
    assert (sentence.sent_id, sentence.pos, document.doc_id) == ("3", None, "a")


def test_lines_without_a_document_stand_alone(read):
    lines = [{"tokens": ["a"]}, {"tokens": ["b"]}]
    lines += [{"tokens": ["c"], "doc_id": name} for name in ("x", "x", "y", "x")]
    documents = read(*lines, "", {"tokens": ["d"]})
    assert [len(document.sentences) for document in documents] == [1, 1, 2, 1, 1, 1]
    assert [document.doc_id for document in documents] == [None, None, "x", "y", "x", None]


def test_sentences_without_words_are_skipped_counted_and_said_once(read, caplog):
    with caplog.at_level(logging.WARNING):
        empty = {"tokens": [], "doc_id": "x"}
        documents = read(
            empty, {"tokens": ["a"], "doc_id": "x"}, empty, {"tokens": ["b"], "doc_id": "x"}
        )
    assert [[s.words for s in document.sentences] for document in documents] == [[("a",), ("b",)]]
    (record,) = caplog.records
    assert record.getMessage().endswith("corpus.jsonl: sentences without words, skipped: 2")


def test_words_are_kept_as_they_are(read):
    words = ["2\u00a0000", "New Tarn", "\u6f22\u5b57", "c\u2028d", "e\u0301"]
    (document,) = read(json.dumps({"tokens": words}, ensure_ascii=False))
    assert list(document.sentences[0].words) == words


SPAN = {"start": 0, "end": 1, "type": "x"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "is not JSON: "),
        ("[1]", 'a line is a JSON object with a list "tokens"'),
        ({"words": ["a"]}, 'a line is a JSON object with a list "tokens"'),
        ({"tokens": "a b"}, 'a line is a JSON object with a list "tokens"'),
        ({"tokens": ["a", ""]}, "word 1 is ''; a word is a non-empty text"),
        ({"tokens": ["a", None]}, "word 1 is None; a word is a non-empty text"),
        ({"tokens": ["a"], "entities": {}}, '"entities" is a list'),
        ({"tokens": ["a"], "entities": None}, '"entities" is a list'),
        ({"tokens": ["a"], "entities": [[0, 1, "x"]]}, 'an entity has "start", "end" and "type"'),
        ({"tokens": ["a"], "entities": [{"start": 0, "end": 1}]}, "an entity has"),
        ({"tokens": ["a"], "entities": [SPAN | {"start": "0"}]}, '"start" and "end" are whole'),
        ({"tokens": ["a"], "entities": [SPAN | {"end": 1.0}]}, '"start" and "end" are whole'),
        ({"tokens": ["a"], "entities": [SPAN | {"end": True}]}, '"start" and "end" are whole'),
        ({"tokens": ["a"], "entities": [SPAN | {"type": ""}]}, '"type" a text'),
        ({"tokens": ["a"], "entities": [SPAN | {"end": 2}]}, "lies outside its sentence"),
        ({"tokens": ["a"], "entities": [SPAN | {"end": 0}]}, "lies outside its sentence"),
        ({"tokens": ["a"], "pos": ["N", "V"]}, "2 parts of speech for 1 words"),
        ({"tokens": ["a"], "pos": 1}, "parts of speech"),
        ({"tokens": ["a"], "pos": "N"}, "parts of speech"),
        ({"tokens": ["a"], "pos": [None]}, "parts of speech"),
    ],
)
def test_errors_name_file_and_line(read, line, message):
    with pytest.raises(CorpusError) as caught:
        read({"tokens": ["fine"]}, line)
    assert message in str(caught.value).partition("corpus.jsonl:2: ")[2]


def test_an_entity_that_is_wrong_is_shown(read):
    with pytest.raises(CorpusError, match=r"got \{'start': 3\}"):
        read({"tokens": ["a"], "entities": [{"start": 3}]})
