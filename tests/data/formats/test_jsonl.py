import json
import logging
from dataclasses import replace

import pytest
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.data.document import CorpusError, Document, Entity, Sentence
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
        empty, ones = {"tokens": [], "doc_id": "x"}, {"doc_id": "x", "entities": []}
        documents = read(empty, {"tokens": ["a"], **ones}, empty, {"tokens": ["b"], **ones})
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
        ({"sentences": [1]}, '"sentences" holds objects with a list "tokens"'),
        ({"sentences": [{"tokens": ["a"], "offsets": [[0, 1], [1, 2]]}]}, "2 offsets for 1 words"),
        ({"tokens": ["a", "b"], "offsets": [[0, 2], [1, 2]]}, "offsets go back"),
        ({"tokens": ["a"], "offsets": [[0, "1"]]}, '"offsets" is a list of pairs'),
        ({"text": "b", "sentences": [{"tokens": ["a"], "offsets": [[0, 1]]}]}, "word 'a' has the"),
        ({"text": "a b", "entities": [SPAN | {"end": 4}]}, "lies outside the text"),
        ({"text": "a b", "entities": [SPAN | {"start": 1, "end": 2}]}, "covers no word"),
        ({"tokens": ["a"], "entities": [SPAN | {"fragments": [0, 1]}]}, '"fragments" is a list'),
        ({"tokens": ["a"], "entities": [SPAN | {"fragments": [[0, 1]]}]}, "has the fragments"),
        ({"sentence": ["a"], "ner": [{"index": [], "type": "x"}]}, 'an entity has "index"'),
        ({"sentence": ["a"], "ner": [{"index": [1], "type": "x"}]}, "lies outside its sentence"),
        ({"tokens": ["a"], "doc_id": []}, '"doc_id" is []; allowed is a text'),
        ('{"tokens": ["\\ud800"]}', "half a character"),
        ("[" * 100_000, "is not JSON"),
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


SHIP = "\U0001f6a2"
PORT = "\u0645\u064a\u0646\u0627\u0621 \u062a\u0627\u0631\u0646"
TEXT = f"Old e\u0301 Tarn {SHIP}\u200d{SHIP} slept. {PORT}."


def test_every_shape(fixtures):
    path = str(fixtures / "formats" / "shapes.jsonl")
    sentences, document, text, w2ner = JsonlFormat().read(path)
    assert sentences.sentences[0].entities == (Entity(0, 5, "PLACE", ((0, 1), (4, 5))),)
    assert document.text == "\u6d77\u6e2f\u5b89\u9759\u3002"
    assert document.sentences[0].offsets == ((0, 2), (2, 4), (4, 5))
    assert document.sentences[0].entities == (Entity(0, 1, "PLACE"),)
    assert text.doc_id == "text"
    assert [s.words for s in text.sentences] == [("Old", "and", "New", "Tarn", "slept", ".")]
    assert text.sentences[0].entities == (
        Entity(0, 4, "PLACE", ((0, 1), (3, 4))),
        Entity(2, 4, "PLACE"),
    )
    assert {s.source for s in text.sentences} == {f"{path}:3"}
    assert w2ner.sentences[0].entities == (
        Entity(0, 3, "PLACE", ((0, 1), (2, 3))),
        Entity(1, 3, "PLACE"),
    )


def test_one_list_of_the_authors(fixtures, caplog):
    path = str(fixtures / "formats" / "authors.json")
    with caplog.at_level(logging.WARNING):
        harbour, bank = JsonlFormat().read(path)
    assert [s.words[0] for s in harbour.sentences] == ["The", "Silence"]
    assert [s.words[0] for s in bank.sentences] == ["Money"]
    assert [s.source for s in harbour.sentences] == [f"{path}:1", f"{path}:2"]
    (record,) = caplog.records
    assert record.getMessage() == (
        f"{path}: sentences whose ltokens are not those of the line before, not used: 1"
    )


def test_characters_beyond_the_first_plane(read):
    entities = [
        {"start": 4, "end": 11, "type": "A"},
        {"start": 12, "end": 13, "type": "SHIP"},
        {"start": 23, "end": 33, "type": "PLACE"},
    ]
    (document,) = read({"text": TEXT, "entities": entities})
    assert document.text == TEXT
    for sentence in document.sentences:
        for word, (start, end) in zip(sentence.words, sentence.offsets, strict=True):
            assert TEXT[start:end] == word
    found = {entity.type for s in document.sentences for entity in s.entities}
    assert found == {"A", "SHIP", "PLACE"}


def test_entities_given_twice_are_counted(read, caplog):
    with caplog.at_level(logging.WARNING):
        (document,) = read({"tokens": ["a"], "entities": [SPAN, SPAN, SPAN]})
    assert document.sentences[0].entities == (Entity(0, 1, "x"),)
    (record,) = caplog.records
    assert record.getMessage().endswith("corpus.jsonl: entities given twice, kept once: 2")


def test_errors_can_be_collected(tmp_path):
    path = tmp_path / "corpus.jsonl"
    wrong = {"tokens": ["a", ""], "entities": [SPAN, SPAN, SPAN | {"start": "0"}], "pos": ["N"]}
    path.write_text("\n".join(["{", "1", json.dumps(wrong), '{"tokens": ["b"]}', "[]"]))
    format, errors = JsonlFormat(), []
    format.on_error = errors.append
    documents = list(format.read(str(path)))
    assert [s.words for document in documents for s in document.sentences] == [
        ("a", "\ufffd"),
        ("b",),
    ]
    assert [error.line for error in errors] == [1, 2, 3, 3, 3, 3, 5]


HARBOUR = ("The", "mayor", "of", "Old", "Tarn", "slept", ".")
VISBY = ("Visby", SHIP, "is", "quiet", ".")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("doccano.jsonl", []),
        ("doccano_relations.jsonl", []),
        (
            "label_studio.json",
            [
                "further annotations of one text, not used: 1",
                "results of Label Studio that are no spans, passed over: 1",
            ],
        ),
        ("label_studio_small.json", []),
        ("prodigy.jsonl", ["tasks of Prodigy that were not accepted, passed over: 1"]),
    ],
)
def test_texts_of_annotation_tools(fixtures, name, said, caplog):
    path = str(fixtures / "formats" / name)
    with caplog.at_level(logging.WARNING):
        documents = list(JsonlFormat().read(path))
    assert [d.text for d in documents] == [
        "The mayor of Old Tarn slept.",
        f"Visby {SHIP} is quiet.",
    ]
    assert [[(s.words, s.entities) for s in d.sentences] for d in documents] == [
        [(HARBOUR, (Entity(0, 5, "ROLE"), Entity(3, 5, "PLACE")))],
        [(VISBY, (Entity(0, 1, "PLACE"),))],
    ]
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}: {what}" for what in said
    ]


def test_words_of_prodigy_are_kept(read):
    text = "Old-Tarn slept. \n Not"
    places = [(0, 3), (3, 4), (4, 14), (14, 15), (16, 17), (18, 21)]
    tokens = [{"text": text[start:end], "start": start, "end": end} for start, end in places]
    spans = [{"start": 4, "end": 14, "label": "X"}]
    (document,) = read({"text": text, "tokens": tokens, "spans": spans})
    (sentence,) = document.sentences
    assert sentence.words == ("Old", "-", "Tarn slept", ".", "Not")
    assert sentence.entities == (Entity(2, 3, "X"),)
    assert document.text == text


def test_tags_of_hugging_face(fixtures, read):
    folder = fixtures / "formats"
    names = ["O", "B-PLACE", "I-PLACE"]
    for documents in (
        JsonlFormat().read(str(folder / "hugging_face.jsonl")),
        JsonlFormat(tag_names=names).read(str(folder / "hugging_face_numbers.jsonl")),
    ):
        assert [(s.words, s.entities) for d in documents for s in d.sentences] == [
            (HARBOUR, (Entity(3, 5, "PLACE"),)),
            (VISBY, (Entity(0, 1, "PLACE"),)),
        ]
    with pytest.raises(CorpusError, match=r'numbers.jsonl:1: .*"tag_names": \["O", "B-PER"'):
        list(JsonlFormat().read(str(folder / "hugging_face_numbers.jsonl")))
    with pytest.raises(CorpusError, match="tag 2; tag_names has names for 0 to 1"):
        list(JsonlFormat(tag_names=names[:2]).read(str(folder / "hugging_face_numbers.jsonl")))
    with pytest.raises(ConfigurationError, match="tag_names has 'PLACE'; allowed are 'O', 'B-type"):
        JsonlFormat(tag_names=["O", "PLACE"])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"tokens": ["a"], "entites": [SPAN]}, "'entites' looks like entities"),
        ({"tokens": ["a"], "mentionz": [SPAN]}, "'mentionz' looks like entities"),
        ({"tokens": ["a"], "labels": ["O"]}, "'labels' looks like entities"),
        ({"text": "a", "annotations": [SPAN]}, "'annotations' looks like entities"),
        ({"sentence": ["a"], "entities": [SPAN]}, "'entities' looks like entities"),
        ({"sentences": [{"tokens": ["a"], "Mentions": []}]}, "'Mentions' looks like entities"),
        ({"sentences": [["a"]], "ner": [[]]}, "'ner' looks like entities"),
        ({"text": "a", "label": ["x"]}, "an entity is [start, end, type] (doccano) or has"),
        ({"text": "a", "label": "x"}, '"label" is a list'),
        ({"data": {"x": "a"}}, '"data" of Label Studio has a text "text"'),
        (
            {"tokens": [{"text": "b", "start": 0, "end": 1}], "text": "a"},
            'a token has "text", and "start" and "end" of it',
        ),
        ({"tokens": [{"text": "b"}]}, 'objects in "tokens" (Prodigy) need a text'),
        ({"tokens": ["a"], "ner_tags": []}, "0 tags for 1 words"),
        ({"tokens": ["a"], "ner_tags": ["X"]}, "tag 'X'; allowed are 'O', 'B-type' and 'I-type'"),
        ({"tokens": ["a"], "ner_tags": [None]}, "tag None; allowed are texts and numbers"),
    ],
)
def test_what_has_entities_of_another_form_is_an_error(read, line, message):
    with pytest.raises(CorpusError) as caught:
        read({"tokens": ["fine"]}, line)
    assert message in str(caught.value).partition("corpus.jsonl:2: ")[2]
    if "looks like" in message:
        assert "but format 'jsonl' reads them from \"entities\" or" in str(caught.value)


def test_a_quoted_text_has_to_be_at_its_place(read):
    value = {"start": 0, "end": 3, "text": "Tarn", "labels": ["X"]}
    task = {"data": {"text": "Old Tarn"}, "annotations": [{"result": [{"value": value}]}]}
    with pytest.raises(CorpusError, match="entity 'X' is 'Tarn', but the text has 'Old' from"):
        read(task)


def test_other_fields_are_passed_over(read):
    (document,) = read({"tokens": ["a"], "pos_tags": [1], "labels": "x", "graph": {}})
    assert document.sentences[0].entities == ()


def test_what_says_nothing_of_entities_is_noted_and_logged(tmp_path, caplog):
    path = tmp_path / "corpus.jsonl"
    lines = [
        {"tokens": ["a"]},
        {"text": "b"},
        {"tokens": ["c"], "entities": []},
        {"sentences": [{"tokens": ["d"]}, {"tokens": ["e"], "entities": []}]},
        {"data": {"text": "f"}, "annotations": []},
    ]
    path.write_text("\n".join(map(json.dumps, lines)))
    format, notes = JsonlFormat(), []
    with caplog.at_level(logging.WARNING):
        list(format.read(str(path)))
    (record,) = caplog.records
    assert record.getMessage().endswith('sentences or texts without "entities": 4')
    format.on_note = notes.append
    list(format.read(str(path)))
    assert [str(note) for note in notes] == [f'{path}: sentences or texts without "entities"'] * 4


def test_one_object_for_a_predictor_has_no_entities():
    format = JsonlFormat()
    for item in (
        {"text": "Old Tarn", "label": "news"},
        {"tokens": ["Old", "Tarn"], "entities": ["x"], "labels": []},
        {"sentences": [{"tokens": ["Old", "Tarn"], "entities": [SPAN], "ner": []}], "ner": []},
    ):
        (sentence,) = format.document(item, "input").sentences
        assert (sentence.words, sentence.entities) == (("Old", "Tarn"), ())


def test_predictions(fixtures):
    path = str(fixtures / "formats" / "predictions.jsonl")
    raw, words, document, corpus, empty = JsonlFormat().read(path)
    names = [each.doc_id for each in (raw, words, document, corpus, empty)]
    assert names == ["raw", "words", "document", "corpus", "empty"]
    assert raw.text == "Old  Tarn slept.\nThe keeper of Visby woke."
    assert raw.sentences[0].offsets == ((0, 3), (5, 9), (10, 15), (15, 16))
    assert [s.entities for s in raw.sentences] == [
        (Entity(0, 2, "PLACE"),),
        (Entity(0, 4, "ROLE"), Entity(3, 4, "PLACE")),
    ]
    assert words.sentences[0].entities == (Entity(0, 1, "PLACE"),)
    assert [s.entities for s in document.sentences] == [(), (Entity(0, 1, "PLACE"),)]
    # What was found is read, not what was there before.
    assert [s.entities for s in corpus.sentences] == [(), (Entity(0, 1, "PLACE"),)]
    assert [s.sent_id for s in corpus.sentences] == ["1", "2"]
    assert corpus.sentences[0].pos == ("PROPN", "VERB", "PUNCT")
    assert corpus.sentences[1].offsets == ((13, 17), (18, 22), (22, 23))
    assert (empty.sentences, empty.text) == ((), " ")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"sentences": [["a"]], "entities": [SPAN]}, 'an entity beside "sentences" has "sentence"'),
        ({"document": [["a"]], "entities": [SPAN | {"sentence": 1}]}, "from 0 and below 1; got"),
        ({"sentences": [["a"]], "entities": [{"sentence": 0}]}, 'an entity has "start", "end"'),
        ({"text": "a c", "sentences": [["a", "b"]], "entities": []}, "word 'b' does not stand in"),
        ({"text": "a c b", "sentences": [["a", "b"]], "entities": []}, "word 'b' does not stand"),
    ],
)
def test_predictions_that_are_none(read, line, message):
    with pytest.raises(CorpusError) as caught:
        read(line)
    assert message in str(caught.value).partition("corpus.jsonl:1: ")[2]


def test_what_was_written_reads_the_same_and_writes_the_same(fixtures, tmp_path):
    for name in (
        "nested.jsonl",
        "shapes.jsonl",
        "other_names.jsonl",
        "authors.json",
        "predictions.jsonl",
    ):
        format = JsonlFormat()
        documents = list(format.read(str(fixtures / "formats" / name)))
        first, second = str(tmp_path / "1.jsonl"), str(tmp_path / "2.jsonl")
        format.write(documents, first)
        again = list(format.read(first))
        format.write(again, second)
        assert bare(again) == bare(documents)
        assert (tmp_path / "1.jsonl").read_bytes() == (tmp_path / "2.jsonl").read_bytes()


def bare(documents):
    return [
        replace(d, sentences=tuple(replace(s, source="") for s in d.sentences)) for d in documents
    ]


def test_what_is_written_is_small_and_readable(tmp_path):
    entity = Entity(0, 1, "PLACE")
    tarn = Sentence(("T\u00e4rn",), (entity,), sent_id="1")
    path = tmp_path / "out.jsonl"
    documents = [
        Document((tarn, tarn), "a"),
        Document((tarn,), "a"),
        Document((replace(tarn, offsets=((0, 4),)),), text="T\u00e4rn\n"),
        Document((tarn,)),
        Document((tarn, tarn)),
        Document((), "empty"),
    ]
    JsonlFormat().write(documents, str(path))
    sentence = (
        '"sent_id": "1", "tokens": ["T\u00e4rn"], '
        '"entities": [{"start": 0, "end": 1, "type": "PLACE"}]}'
    )
    assert path.read_text(encoding="utf-8").splitlines() == [
        '{"doc_id": "a", ' + sentence,
        '{"doc_id": "a", ' + sentence,
        '{"doc_id": "a", "sentences": [{' + sentence + "]}",
        '{"text": "T\u00e4rn\\n", "sentences": [{'
        + sentence.replace('"entities"', '"offsets": [[0, 4]], "entities"')
        + "]}",
        "{" + sentence,
        '{"sentences": [{' + sentence + ", {" + sentence + "]}",
        '{"doc_id": "empty", "sentences": []}',
    ]
    assert bare(JsonlFormat().read(str(path))) == documents
