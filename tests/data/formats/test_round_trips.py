"""What holds for every format, with random documents and with random bytes."""

from dataclasses import replace

import pytest
from allennlp.common import Params
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from locate_label_allennlp.data.document import CorpusError, Document, Entity, Sentence
from locate_label_allennlp.data.formats import (
    BratFormat,
    ColumnsFormat,
    CorpusFormat,
    DoccanoFormat,
    JsonlFormat,
    LabelStudioFormat,
    ProdigyFormat,
    Splitting,
)

# The temporary folder is the same for all examples of a test, which is what is wanted here.
same_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

WORDS = st.text(min_size=1, max_size=6).filter(str.strip)
LINE_WORDS = WORDS.filter(
    lambda word: not set(word) & set("\t\r\n") and not word.startswith("-DOCSTART-")
)
TYPES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1)


@st.composite
def entities(draw, length, discontinuous):
    bounds = draw(
        st.lists(
            st.integers(0, length), min_size=2, max_size=6 if discontinuous else 2, unique=True
        )
    )
    bounds = sorted(bounds)[: len(bounds) // 2 * 2]
    pairs = tuple(zip(bounds[::2], bounds[1::2], strict=True))
    return Entity(bounds[0], bounds[-1], draw(TYPES), pairs if len(pairs) > 1 else ())


@st.composite
def sentences(draw, words, discontinuous):
    surfaces = draw(st.lists(words, min_size=1, max_size=7))
    found = draw(st.sets(entities(len(surfaces), discontinuous), max_size=5))
    tags = st.lists(LINE_WORDS, min_size=len(surfaces), max_size=len(surfaces))
    return Sentence(
        tuple(surfaces),
        tuple(sorted(found, key=lambda each: (each.start, each.end, each.type, each.fragments))),
        pos=tuple(draw(tags)),
    )


def documents(words=WORDS, discontinuous=True):
    parts = st.lists(sentences(words, discontinuous), min_size=1, max_size=4)
    return st.lists(st.builds(Document, parts.map(tuple)), max_size=3)


@st.composite
def named_documents(draw):
    """With and without names, texts, offsets and sentences."""
    result = []
    for document in draw(documents()):
        doc_id, sent_id = draw(st.none() | st.text()), draw(st.none() | st.text())
        parts = [replace(s, sent_id=sent_id) for s in document.sentences]
        text = None
        if draw(st.booleans()):
            text, placed = draw(st.text(max_size=3)), []
            for part in parts:
                offsets = []
                for word in part.words:
                    offsets.append((len(text), len(text) + len(word)))
                    text += word + draw(st.text(max_size=2))
                placed.append(replace(part, offsets=tuple(offsets)))
            parts = placed
        if draw(st.booleans()):
            parts = [replace(part, pos=None) for part in parts]
        result.append(Document(tuple(parts), doc_id, text))
    return [*result, *(draw(st.sampled_from([[], [Document(())], [Document((), "x", " ")]])))]


def without_source(documents):
    return [
        replace(d, sentences=tuple(replace(s, source="") for s in d.sentences)) for d in documents
    ]


@same_folder
@given(named_documents())
def test_jsonl_keeps_everything(tmp_path, given):
    format = JsonlFormat()
    first, second = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    format.write(given, str(first))
    again = list(format.read(str(first)))
    assert without_source(again) == given
    format.write(again, str(second))
    assert first.read_bytes() == second.read_bytes()


@same_folder
@given(documents(LINE_WORDS, discontinuous=False))
def test_columns_keep_contiguous_entities(tmp_path, given):
    format, path = ColumnsFormat(pos_column=1), str(tmp_path / "out.iob2")
    format.write(given, path)
    assert without_source(format.read(path)) == given


@same_folder
@given(documents().filter(bool))
def test_brat_keeps_mentions(tmp_path, given):
    # Each example needs a folder of its own.
    target = tmp_path / str(len(list(tmp_path.iterdir())))
    format = BratFormat(Splitting(words="whitespace", inside_words="split"))
    format.write(given, str(target))
    found = list(format.read(str(target)))
    assert len(found) == len(given)
    for read, written in zip(found, given, strict=True):
        joined = "\n".join(" ".join(s.words) for s in written.sentences) + "\n"
        assert read.text == joined
        assert {e.type for s in read.sentences for e in s.entities} == {
            e.type for s in written.sentences for e in s.entities
        }


TOOLS = [
    LabelStudioFormat(),
    LabelStudioFormat(results="predictions", text_field="body"),
    DoccanoFormat(),
    ProdigyFormat(),
]


@same_folder
@given(documents(discontinuous=False).filter(bool))
@pytest.mark.parametrize("format", TOOLS, ids=["annotations", "predictions", "doccano", "prodigy"])
def test_annotation_tools_keep_texts_and_entities(tmp_path, format, given):
    path, again = tmp_path / "1.json", tmp_path / "2.json"
    format.write(given, str(path))
    found = list(format.read(str(path)))
    assert [document.text for document in found] == [
        "".join(" ".join(s.words) + "\n" for s in document.sentences) for document in given
    ]
    if isinstance(format, ProdigyFormat):
        expected = [[replace(s, pos=None) for s in document.sentences] for document in given]
        assert [[replace(s, source="", offsets=None) for s in d.sentences] for d in found] == [
            *expected
        ]
    assert by_type(found) == by_type(given)
    if isinstance(format, ProdigyFormat):
        format.write(found, str(again))
        assert path.read_bytes() == again.read_bytes()


def by_type(documents):
    return [{e.type for s in document.sentences for e in s.entities} for document in documents]


FORMATS = [
    {"type": "auto"},
    {"type": "jsonl"},
    {"type": "columns"},
    {"type": "columns", "scheme": "bioes", "bad_lines": "skip", "sentence_end": "."},
    {"type": "columns", "scheme": "bare", "pos_column": 1, "encoding": "gb18030"},
    {"type": "genia_xml"},
    {"type": "spacy"},
    {"type": "brat"},
    {"type": "label_studio"},
    {"type": "label_studio", "results": "predictions", "text_field": "x"},
    {"type": "doccano"},
    {"type": "prodigy"},
]
# Such pieces get further into a reader than random bytes do.
PIECES = [
    b'{"tokens": ["a", "b"], "entities": [',
    b'{"start": 0, "end": 1, "type": "x", "fragments": [[0, 1]]}',
    b'{"text": "a b.", "entities": [',
    b'{"sentences": [{"tokens": ["a"], "offsets": [[0, 1]]',
    b'{"sentence": ["a"], "ner": [{"index": [0], "type": "x"}',
    b'"ltokens": ["a"], "rtokens": [1]',
    b'{"data": {"text": "a b."}, "annotations": [{"result": [',
    b'{"data": {"x": "a b."}, "predictions": [{"result": [',
    b'{"value": {"start": 0, "end": 1, "labels": ["x"]}}',
    b'{"text": "a b.", "label": [[0, 1, "x"]',
    b'{"text": "a b.", "spans": [{"start": 0, "end": 1, "label": "x"}',
    b"]}",
    b"}",
    b"[",
    b"]",
    b", ",
    b"\n",
    b"\t",
    b"a B-x O\n",
    b"b\tI-x\n",
    b". O\n",
    b"-DOCSTART- O O\n",
    b"T1\tx 0 1\ta\n",
    b"T2\tx 0 1;2 3\n",
    b"<?xml version='1.0'?>",
    b"<a>",
    b"</a>",
    b"<sentence>a b",
    b"</sentence>",
    b'<term sem="Protein_x" lex="x">a</term>',
    b'<cons sem="(AND DNA_x DNA_y)" lex="(AND a b)"><frag>a</frag></cons>',
    b"<article>",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\r",
    b"\x1f\x8b\x08",
]
CONTENT = st.binary(max_size=60) | st.lists(
    st.sampled_from(PIECES) | st.binary(max_size=3), max_size=12
).map(b"".join)
NAMES = ["corpus", "corpus.gz", "corpus.zip", "corpus.tar", "corpus.spacy"]


@settings(same_folder, max_examples=60)
@given(CONTENT, st.sampled_from(NAMES), st.booleans())
@pytest.mark.parametrize("format", FORMATS, ids=lambda format: "-".join(map(str, format.values())))
def test_any_bytes_give_documents_or_a_clear_error(tmp_path, format, content, name, collects):
    built = CorpusFormat.from_params(Params(dict(format)))
    path = tmp_path / name
    if format["type"] == "brat":
        path = tmp_path / "x.ann"
        (tmp_path / "x.txt").write_bytes(b"a b.\nc")
    path.write_bytes(content)
    if collects:
        built.on_error = built.on_note = lambda problem: None
    message = None
    try:
        assert all(isinstance(document, Document) for document in built.read(str(path)))
    except CorpusError as error:
        message = str(error)
    assert message is None or (str(path) in message and "\n" not in message)
