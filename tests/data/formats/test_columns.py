import logging

import pytest
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.data.document import CorpusError, Entity
from locate_label_allennlp.data.formats import ColumnsFormat, CorpusFormat

HARBOUR = [
    (
        "The mayor of Old Tarn met the pilots .",
        [Entity(0, 5, "ROLE"), Entity(3, 5, "PLACE")],
    ),
    ("Silence", []),
    (
        "The keeper of the museum of the port of Tarn left",
        [
            Entity(0, 10, "ROLE"),
            Entity(3, 10, "ORG"),
            Entity(6, 10, "PLACE"),
            Entity(9, 10, "PLACE"),
        ],
    ),
]


def sentences(documents):
    return [sentence for document in documents for sentence in document.sentences]


def plain(documents):
    return [(" ".join(s.words), list(s.entities)) for s in sentences(documents)]


@pytest.fixture
def read(tmp_path):
    def read(content, **options):
        path = tmp_path / "corpus.iob2"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return list(ColumnsFormat(**options).read(str(path)))

    return read


@pytest.mark.parametrize("name", ["inner_first.iob2", "outer_first.iob2"])
def test_the_order_of_the_levels_makes_no_difference(fixtures, name):
    path = str(fixtures / "formats" / name)
    documents = list(ColumnsFormat().read(path))
    assert len(documents) == 1
    assert plain(documents) == HARBOUR
    assert [s.source for s in sentences(documents)] == [f"{path}:{line}" for line in (1, 11, 13)]
    assert {s.pos for s in sentences(documents)} == {None}


def test_blanks_parts_of_speech_and_documents(fixtures):
    path = str(fixtures / "formats" / "blanks.conll")
    documents = list(ColumnsFormat(pos_column=1).read(path))
    assert [len(document.sentences) for document in documents] == [2, 1]
    assert plain(documents) == HARBOUR
    assert sentences(documents)[1].pos == ("NOUN",)
    assert sentences(documents)[0].pos[:3] == ("DET", "NOUN", "ADP")


def test_only_the_columns_asked_for(fixtures):
    path = str(fixtures / "formats" / "inner_first.iob2")
    documents = ColumnsFormat(label_columns=[2]).read(path)
    assert [len(s.entities) for s in sentences(documents)] == [1, 0, 1]


def test_sentences_that_do_not_follow_each_other(fixtures):
    path = str(fixtures / "formats" / "inner_first.iob2")
    documents = list(ColumnsFormat(one_document=False).read(path))
    assert [len(document.sentences) for document in documents] == [1, 1, 1]


def test_built_from_a_config(fixtures):
    format = CorpusFormat.from_params(Params({"type": "columns", "pos_column": 1}))
    assert plain(format.read(str(fixtures / "formats" / "blanks.conll"))) == HARBOUR


@pytest.mark.parametrize(
    ("labels", "entities"),
    [
        ("B-x I-x O", [(0, 2, "x")]),
        ("B-x B-x I-x", [(0, 1, "x"), (1, 3, "x")]),
        ("B-x I-x I-x", [(0, 3, "x")]),
        ("O O B-x", [(2, 3, "x")]),
        ("B-a-b I-a-b I-a", [(0, 2, "a-b"), (2, 3, "a")]),
        ("O O O", []),
    ],
)
def test_iob2(read, labels, entities):
    rows = "\n".join(f"w\t{label}" for label in labels.split())
    (sentence,) = sentences(read(rows))
    assert sentence.entities == tuple(Entity(*entity) for entity in entities)


def test_an_inside_without_a_beginning_is_mended_counted_and_said_once(read, caplog):
    with caplog.at_level(logging.WARNING):
        documents = read("a\tI-x\nb\tI-x\nc\tO\nd\tB-y\ne\tI-x\n\nf\tI-y\n")
    found = [s.entities for s in sentences(documents)]
    assert found[0] == (Entity(0, 2, "x"), Entity(3, 4, "y"), Entity(4, 5, "x"))
    assert found[1] == (Entity(0, 1, "y"),)
    (record,) = caplog.records
    assert record.getMessage().endswith(
        "corpus.iob2: entities that begin with 'I-', taken as 'B-': 3"
    )


def test_a_sound_file_is_read_in_silence(fixtures, caplog):
    list(ColumnsFormat().read(str(fixtures / "formats" / "inner_first.iob2")))
    assert caplog.records == []


def test_byte_order_mark_and_windows_line_ends(read):
    documents = read(b"\xef\xbb\xbfTarn\tB-PLACE\r\nleft\tO\r\n\r\nQuiet\tO\r\n")
    assert plain(documents) == [("Tarn left", [Entity(0, 1, "PLACE")]), ("Quiet", [])]


def test_other_white_space_belongs_to_words(read):
    (sentence,) = sentences(read("2\u00a0000 O\na\u3000b B-x\nc\u2028d I-x\n"))
    assert sentence.words == ("2\u00a0000", "a\u3000b", "c\u2028d")


def test_blanks_belong_to_words_where_there_are_tabs(read):
    (sentence,) = sentences(read("New Tarn\tB-PLACE\t\nleft\tO\n"))
    assert sentence.words == ("New Tarn", "left")
    assert sentence.entities == (Entity(0, 1, "PLACE"),)


def test_many_empty_lines_and_none_at_the_end(read):
    assert plain(read("\n\n \na\tO\n\n\t\n\nb\tB-x")) == [("a", []), ("b", [Entity(0, 1, "x")])]
    assert read("") == []
    assert read("-DOCSTART-\tO\n\n-DOCSTART-\tO\n") == []


def test_the_same_entity_in_two_columns_counts_once(read):
    (sentence,) = sentences(read("a\tB-x\tB-x\nb\tO\tO\n"))
    assert sentence.entities == (Entity(0, 1, "x"),)


def test_position_digits(read):
    (sentence,) = sentences(read("海0\tB-x\n港1\tI-x\n90\tO\n", strip_position_digits=True))
    assert sentence.words == ("海", "港", "9")
    with pytest.raises(CorpusError, match=r"iob2:2: word '港' does not end in a position digit"):
        read("海0\tB-x\n港\tI-x\n", strip_position_digits=True)


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("a\tO\n\nb\tO\tO\n", {}, ":3: 3 columns where the lines before have 2"),
        ("a\tO\nb\n", {}, ":2: 1 columns where the lines before have 2"),
        ("a\tO\n", {"label_columns": [3]}, ":1: 2 columns, but the format is told to use 4"),
        ("a\tO\n", {"pos_column": 2}, ":1: 2 columns, but the format is told to use 3"),
        ("a\tO\nb\tS-x\n", {}, ":2: label 'S-x'; allowed are 'O', 'B-type' and 'I-type'"),
        ("a\tO\n\n\nb\tB-\n", {}, ":4: label 'B-'; allowed are"),
        ("a\tB\n", {}, ":1: label 'B'; allowed are"),
        ("a\to\n", {}, ":1: label 'o'; allowed are"),
        ("a  O\n", {}, ":1: label ''; allowed are"),
        ("a\tO\n\u00a0\tO\n", {}, ":1: word 1 is '\\xa0'; a word is a non-empty text"),
        ("\tO\n", {}, ":1: word 0 is ''; a word is a non-empty text"),
    ],
)
def test_errors_name_file_and_line(read, content, options, message):
    with pytest.raises(CorpusError) as caught:
        read(content, **options)
    assert f"corpus.iob2{message}" in str(caught.value)


@pytest.mark.parametrize("option", ["word_column", "pos_column"])
def test_columns_are_counted_from_0(option):
    with pytest.raises(ConfigurationError, match=f"{option} is -1; columns are counted from 0"):
        ColumnsFormat(**{option: -1})
