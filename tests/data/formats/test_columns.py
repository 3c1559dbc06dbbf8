import logging

import pytest
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from locate_label_allennlp.data.document import CorpusError, Document, Entity, Sentence
from locate_label_allennlp.data.formats import ColumnsFormat, CorpusFormat
from locate_label_allennlp.nn.relations import crosses

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
        ("a\tO\tO\nb\tO\n", {}, ":2: 2 columns where the lines before have 3"),
        ("a\tB-x\nb\tc\tB-x\n", {}, ":2: 3 columns where the lines before have 2"),
        ("a\tB-x\tB-y\nb\tO\nc\tB-x\tO\n", {}, ":3: 3 columns where the lines before have differ"),
        ("a\tB-x\tB-y\nb\tO\nc\n", {}, ":3: 1 columns where the lines before have differing"),
        ("a\tx\ty\nb\tx\n", {"scheme": "bare"}, ":2: 2 columns where the lines before have 3"),
        (
            "a\tB-x\tB-y\nb\tB-x\n",
            {"label_columns": [1]},
            ":2: 2 columns where the lines before have 3",
        ),
        ("a\tN\tB-x\tB-y\nb\n", {"pos_column": 1}, ":2: 1 columns where the lines before have 4"),
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


def test_numbers_and_comments(fixtures):
    path = str(fixtures / "formats" / "unusual.tsv")
    format = ColumnsFormat(number_column=0, word_column=1, comment="#\t", one_document=False)
    assert plain(format.read(path)) == [
        (
            "Die Hafenbehörde Altstedts tagt",
            [Entity(1, 2, "LOCpart"), Entity(1, 3, "ORG"), Entity(2, 3, "LOC")],
        ),
        ("# Ruhe", []),
    ]


def test_without_blank_lines_and_with_bad_ones(fixtures, caplog):
    path = str(fixtures / "formats" / "no_breaks.txt")
    with caplog.at_level(logging.WARNING):
        (document,) = ColumnsFormat(sentence_end=".", bad_lines="skip").read(path)
    assert plain([document]) == [
        ("وصل ربان تارن . .", [Entity(1, 3, "PERS")]),
        ("زار السيد . سالم الميناء .", [Entity(1, 4, "PERS"), Entity(4, 5, "LOC")]),
    ]
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}: lines with an empty word, skipped: 1",
        f"{path}: lines with another number of columns, skipped: 1",
    ]
    with pytest.raises(CorpusError, match=r":12: 3 columns where the lines before have 2"):
        list(ColumnsFormat().read(path))


def test_bare_types_in_another_encoding(fixtures):
    path = str(fixtures / "formats" / "bare_latin1.txt")
    documents = ColumnsFormat(scheme="bare", encoding="iso-8859-1").read(path)
    assert plain(documents) == [
        (
            "O Porto Velho e São Tarn",
            [Entity(1, 3, "LOCAL"), Entity(4, 5, "LOCAL"), Entity(5, 6, "PESSOA")],
        )
    ]
    with pytest.raises(CorpusError, match=r"bare_latin1\.txt:5: is not UTF-8"):
        list(ColumnsFormat(scheme="bare").read(path))


def test_bioes_of_a_file(fixtures, caplog):
    documents = ColumnsFormat(scheme="bioes").read(str(fixtures / "formats" / "bioes.conll"))
    assert plain(documents) == [
        ("The keeper of Tarn left", [Entity(1, 4, "ROLE"), Entity(3, 4, "PLACE")])
    ]
    assert caplog.records == []


def test_chinese_characters(fixtures):
    documents = ColumnsFormat(strip_position_digits=True).read(
        str(fixtures / "formats" / "characters.tsv")
    )
    assert plain(documents) == [("海 港 真 静", [Entity(0, 2, "LOC.NAM")])]


RAGGED = "x\tB-Z\tB-Y\ny\tO\n\n"
"""Two lines that tell of a file that its lines have as many label columns as labels."""


def test_as_many_label_columns_as_labels(fixtures, caplog):
    documents = list(ColumnsFormat().read(str(fixtures / "formats" / "ragged.conll")))
    assert plain(documents) == [
        (
            "The keeper of the museum of Tarn left",
            [Entity(0, 7, "ROLE"), Entity(3, 7, "ORG"), Entity(6, 7, "PLACE")],
        ),
        ("Silence", []),
    ]
    assert caplog.records == []


@pytest.mark.parametrize(
    ("scheme", "rows", "entities"),
    [
        ("iob", ["B-a", "I-a B-a", "I-a I-a", "I-a"], [(0, 4, "a"), (1, 3, "a")]),
        ("iob", ["B-a B-a", "I-a I-a", "I-a B-a"], [(0, 2, "a"), (0, 3, "a"), (2, 3, "a")]),
        ("iob1", ["I-a", "B-b I-a", "I-b"], [(0, 2, "a"), (1, 3, "b")]),
        (
            "bioes",
            ["B-a", "B-a I-a", "E-a I-a", "S-a E-a"],
            [(0, 4, "a"), (1, 3, "a"), (3, 4, "a")],
        ),
        ("bioes", ["B-a", "E-a B-a", "E-a"], [(0, 2, "a"), (1, 3, "a")]),
        ("bioes", ["B-a S-a", "E-a", "S-a"], [(0, 1, "a"), (0, 2, "a"), (2, 3, "a")]),
    ],
)
def test_labels_in_any_order_belong_to_entities_of_their_type(read, caplog, scheme, rows, entities):
    lines = "".join("w\t" + row.replace(" ", "\t") + "\n" for row in rows)
    ragged = RAGGED.replace("B-", "S-") if scheme == "bioes" else RAGGED
    sentence = sentences(read(ragged + lines, scheme=scheme))[-1]
    assert sentence.entities == tuple(Entity(*entity) for entity in entities)
    assert caplog.records == []


@st.composite
def nested_entities(draw):
    """Those of one type do not cross."""
    kept = []
    bounds = st.lists(st.integers(0, 6), min_size=2, max_size=2, unique=True).map(sorted)
    for (start, end), type in draw(st.sets(st.tuples(bounds.map(tuple), st.sampled_from("ab")))):
        entity = Entity(start, end, type)
        spans = [each.span for each in kept if each.type == type]
        if not crosses([entity.span], spans).any():
            kept.append(entity)
    return kept


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(nested_entities(), st.randoms(use_true_random=False))
def test_any_nested_entities_of_ragged_lines(tmp_path, entities, random):
    rows = []
    for word in range(6):
        labels = [
            f"{'B' if word == entity.start else 'I'}-{entity.type}"
            for entity in entities
            if entity.start <= word < entity.end
        ]
        random.shuffle(labels)
        rows.append("\t".join(["w", *(labels or ["O"])]) + "\n")
    path = tmp_path / "corpus"
    path.write_text(RAGGED + "".join(rows))
    assert set(sentences(ColumnsFormat().read(str(path)))[-1].entities) == set(entities)


def test_a_sentence_ends_outside_of_ragged_entities(read):
    lines = ". B-a B-b\n. I-b\nd O\n. B-b\ne I-b I-c\n. O\nf O\n"
    documents = read(lines, sentence_end=".")
    assert [len(s.words) for s in sentences(documents)] == [2, 4, 1]


@pytest.mark.parametrize(
    ("scheme", "labels", "entities", "mended"),
    [
        ("iob1", "I-x I-x B-x I-y", [(0, 2, "x"), (2, 3, "x"), (3, 4, "y")], 0),
        ("iob", "I-x I-x B-x I-y", [(0, 2, "x"), (2, 3, "x"), (3, 4, "y")], 2),
        ("bioes", "B-x E-x S-x S-y", [(0, 2, "x"), (2, 3, "x"), (3, 4, "y")], 0),
        ("bioes", "B-x I-x L-x U-y", [(0, 3, "x"), (3, 4, "y")], 0),
        ("bioes", "B-x I-x B-y O", [(0, 2, "x"), (2, 3, "y")], 2),
        ("bioes", "E-x I-x E-x B-x", [(0, 1, "x"), (1, 3, "x"), (3, 4, "x")], 3),
        ("bare", "x x y x", [(0, 2, "x"), (2, 3, "y"), (3, 4, "x")], 0),
        ("bare", "B-x B-x O x", [(0, 2, "B-x"), (3, 4, "x")], 0),
    ],
)
def test_schemes(read, caplog, scheme, labels, entities, mended):
    with caplog.at_level(logging.WARNING):
        rows = "\n".join(f"w\t{label}" for label in labels.split())
        (sentence,) = sentences(read(rows, scheme=scheme))
    assert sentence.entities == tuple(Entity(*entity) for entity in entities)
    counts = [record.getMessage().rpartition(": ")[2] for record in caplog.records]
    assert counts == ([str(mended)] if mended else [])


@pytest.mark.parametrize(
    ("scheme", "label", "allowed"),
    [
        ("bioes", "X-x", "'B-type', 'I-type', 'M-type', 'E-type', 'L-type', 'S-type' and 'U-type'"),
        ("iob1", "E-x", "'O', 'B-type' and 'I-type'"),
        ("bare", "", "'O' and types"),
    ],
)
def test_labels_that_are_none(read, scheme, label, allowed):
    with pytest.raises(CorpusError) as caught:
        read(f"a\t{label}\tO\n", scheme=scheme)
    assert f":1: label {label!r}; allowed are " in str(caught.value)
    assert str(caught.value).endswith(allowed)


def test_errors_can_be_collected(tmp_path):
    path = tmp_path / "corpus.iob2"
    path.write_bytes(b"a\tB-x\nb\tX\nc\xff\tO\nd\n\xc2\xa0\tO\n")
    format = ColumnsFormat()
    errors = []
    format.on_error = errors.append
    (document,) = format.read(str(path))
    assert plain([document]) == [("a b c\ufffd \ufffd", [Entity(0, 1, "x")])]
    assert [error.line for error in errors] == [3, 4, 2, 1]


@pytest.mark.parametrize(
    ("option", "value"),
    [("scheme", "iob3"), ("bad_lines", "no"), ("encoding", "utf-16"), ("encoding", "klingon")],
)
def test_settings_that_are_none(option, value):
    with pytest.raises(ConfigurationError, match=f"{option} is '{value}'; allowed are "):
        ColumnsFormat(**{option: value})


def test_writing(fixtures, tmp_path):
    source, target = fixtures / "formats" / "blanks.conll", tmp_path / "out.conll"
    format = ColumnsFormat(pos_column=1)
    format.write(format.read(str(source)), str(target))
    assert target.read_text(encoding="utf-8").splitlines()[:5] == [
        "-DOCSTART-\t-X-\tO\tO\tO\tO",
        "",
        "The\tDET\tO\tB-ROLE\tO\tO",
        "mayor\tNOUN\tO\tI-ROLE\tO\tO",
        "of\tADP\tO\tI-ROLE\tO\tO",
    ]
    documents = list(format.read(str(target)))
    assert [len(document.sentences) for document in documents] == [2, 1]
    assert plain(documents) == HARBOUR


def test_crossing_entities_and_two_types_need_columns_of_their_own(tmp_path):
    entities = (Entity(0, 2, "A"), Entity(1, 3, "B"), Entity(1, 3, "C"), Entity(3, 4, "A"))
    document = Document((Sentence(("a", "b", "c", "d"), entities),))
    path = tmp_path / "out"
    ColumnsFormat().write([document], str(path))
    assert path.read_text().splitlines()[2] == "a\tB-A\tO\tO"
    assert plain(ColumnsFormat().read(str(path))) == [("a b c d", list(entities))]


@pytest.mark.parametrize(
    ("word", "entity", "options", "message"),
    [
        ("a\tb", Entity(0, 1, "A"), {}, "has a tab or line end"),
        ("a", Entity(0, 1, "A\n"), {}, "has a tab or line end"),
        ("-DOCSTART-s", Entity(0, 1, "A"), {}, "cannot begin a line"),
        ("#a", Entity(0, 1, "A"), {"comment": "#"}, "cannot begin a line"),
        ("a", Entity(0, 3, "A", ((0, 1), (2, 3))), {}, "cannot hold a discontinuous entity"),
        ("\u6d77", Entity(0, 1, "A"), {"encoding": "cp1252"}, "cannot be written: "),
        ("a", Entity(0, 1, "A"), {"word_column": 1}, "are written with word_column 0"),
    ],
)
def test_what_columns_cannot_hold(tmp_path, word, entity, options, message):
    path = tmp_path / "out"
    with pytest.raises(CorpusError, match=message):
        ColumnsFormat(**options).write([Document((Sentence((word, "b", "c"), (entity,)),))], path)
    assert list(tmp_path.iterdir()) == []
