import logging

import pytest

from locate_label_allennlp.data.document import CorpusError
from locate_label_allennlp.data.formats import AutoFormat, CorpusFormat, GeniaXmlFormat, Splitting


def surfaces(document):
    return [
        [
            (
                entity.type,
                *(
                    document.text[s.offsets[start][0] : s.offsets[end - 1][1]]
                    for start, end in entity.fragments or [(entity.start, entity.end)]
                ),
            )
            for entity in s.entities
        ]
        for s in document.sentences
    ]


def test_terms_in_terms_and_coordinations(fixtures, caplog):
    path = str(fixtures / "formats" / "genia.xml")
    with caplog.at_level(logging.WARNING):
        (document,) = GeniaXmlFormat().read(path)
    assert document.doc_id == "1"
    assert document.text.splitlines() == [
        "The TRN-2 promoter & sleep.",
        "We saw T1 and T2 cells of a T1 or T2 lines.",
    ]
    assert surfaces(document) == [
        [("protein", "TRN-2"), ("DNA", "TRN-2 promoter")],
        [("cell_type", "T1", "cells"), ("cell_type", "T2 cells"), ("cell_line", "T2 lines")],
    ]
    (record,) = caplog.records
    assert record.getMessage() == (
        f"{path}: terms of coordinations whose fragments are not told, left out: 1"
    )


def test_what_the_benchmark_leaves_out(fixtures):
    path = str(fixtures / "formats" / "genia.xml")
    (document,) = GeniaXmlFormat(coordinations=False).read(path)
    assert [len(s.entities) for s in document.sentences] == [2, 0]
    (document,) = GeniaXmlFormat(coordinations=False, benchmark_terms=False).read(path)
    assert surfaces(document)[1] == [("protein", "T1")]


def test_the_term_corpus(fixtures):
    path = str(fixtures / "formats" / "genia_terms.xml")
    first, second = AutoFormat().read(path)
    assert (first.doc_id, second.doc_id) == ("MEDLINE:1", "MEDLINE:2")
    assert surfaces(first) == [
        [("protein", "TRN-2"), ("DNA", "TRN-2 promoter"), ("cell_type", "resting cells")]
    ]
    assert second.sentences[0].words == ("Nothing", ".")


def test_words_are_split_where_terms_end(tmp_path):
    path = tmp_path / "x.xml"
    path.write_text(
        '<a><sentence><term sem="Protein_x" lex="x">TRN2</term>dependent</sentence></a>'
    )
    (document,) = GeniaXmlFormat(splitting=Splitting(inside_words="split")).read(str(path))
    assert document.sentences[0].words == ("TRN2", "dependent")
    (document,) = GeniaXmlFormat().read(str(path))
    assert surfaces(document) == [[("protein", "TRN2dependent")]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<a>\n<b></a>", "x.xml:2: is not XML (mismatched tag)"),
        ("", "x.xml:1: is not XML (no element found)"),
        ("<a/>", "x.xml: has no element 'sentence'"),
        ("<a><sentence><sentence/></sentence></a>", "x.xml:1: element 'sentence' lies in a"),
        ('<?xml version="1.0" encoding="klingon"?><a/>', "x.xml"),
        (
            '<!DOCTYPE a SYSTEM "a.dtd">\n<a><sentence>&alpha;</sentence></a>',
            "x.xml:2: character reference &alpha; is not known",
        ),
    ],
)
def test_errors_name_file_and_line(tmp_path, content, message):
    path = tmp_path / "x.xml"
    path.write_text(content)
    with pytest.raises(CorpusError) as caught:
        list(GeniaXmlFormat().read(str(path)))
    assert str(caught.value).startswith(f"{tmp_path}/{message}")


def test_it_cannot_be_written(tmp_path):
    with pytest.raises(CorpusError) as caught:
        GeniaXmlFormat().write([], str(tmp_path / "x.xml"))
    assert str(caught.value) == (
        "format 'genia_xml' cannot be written; allowed are auto, brat, columns, doccano, jsonl, "
        "label_studio, prodigy, spacy"
    )
    assert "genia_xml" in CorpusFormat.list_available()
