import pytest
import spacy
from spacy.tokens import DocBin, Span

from locate_label_allennlp.data.document import CorpusError, Document, Entity, Sentence
from locate_label_allennlp.data.formats import AutoFormat, JsonlFormat, SpacyFormat

TEXT = "  Old Tarn slept.\n\nThe \U0001f6a2 woke e\u0301mile. "


@pytest.fixture
def write(tmp_path):
    def write(*docs):
        path = str(tmp_path / "corpus.spacy")
        DocBin(docs=docs, store_user_data=True).to_disk(path)
        return path

    return write


def shown(document):
    return [(" ".join(s.words), list(s.entities)) for s in document.sentences]


def test_spans_or_entities(write):
    nlp = spacy.blank("en")
    nested, flat = nlp(TEXT), nlp(TEXT)
    nested.spans["sc"] = [Span(nested, 0, 3, "PLACE"), Span(nested, 2, 3, "TARN")]
    flat.ents = [Span(flat, 1, 3, "PLACE")]
    nested.user_data["doc_id"] = 7
    path = write(nested, flat)
    first, second = SpacyFormat().read(path)
    sentences = ["Old Tarn slept .", "The \U0001f6a2 woke e\u0301mile ."]
    assert shown(first) == [
        (sentences[0], [Entity(0, 2, "PLACE"), Entity(1, 2, "TARN")]),
        (sentences[1], []),
    ]
    assert shown(second) == [(sentences[0], [Entity(0, 2, "PLACE")]), (sentences[1], [])]
    assert (first.doc_id, second.doc_id, first.text) == ("7", None, TEXT)
    assert second.sentences[0].source == f"{path}:2"
    assert [each.text for each in AutoFormat().read(path)] == [TEXT, TEXT]


def test_what_was_written_reads_the_same(fixtures, tmp_path):
    path = str(tmp_path / "out.spacy")
    documents = [
        document
        for document in JsonlFormat().read(str(fixtures / "formats" / "nested.jsonl"))
        if document.sentences
    ]
    SpacyFormat().write(documents, path)
    again = list(SpacyFormat().read(path))
    assert [shown(each) for each in again] == [shown(each) for each in documents]
    assert [each.doc_id for each in again] == [each.doc_id for each in documents]


def test_the_text_is_kept(tmp_path):
    path = str(tmp_path / "out.spacy")
    sentence = Sentence(
        ("Tarn", ".", "Sleep"), (Entity(0, 3, "X"),), offsets=((3, 7), (7, 8), (10, 15))
    )
    SpacyFormat().write([Document((sentence,), text="  \nTarn. \nSleep  ")], path)
    (document,) = SpacyFormat().read(path)
    assert document.text == "  \nTarn. \nSleep  "
    assert document.sentences[0].offsets == sentence.offsets
    assert document.sentences[0].entities == sentence.entities


def test_what_is_no_docbin(tmp_path):
    path = tmp_path / "x.spacy"
    for content in (b"", b"none", DocBin().to_bytes()[:-3]):
        path.write_bytes(content)
        with pytest.raises(CorpusError, match=r"x\.spacy: is no DocBin of spaCy"):
            list(SpacyFormat().read(str(path)))


def test_a_discontinuous_entity_cannot_be_written(tmp_path):
    sentence = Sentence(("a", "b", "c"), (Entity(0, 3, "X", ((0, 1), (2, 3))),))
    with pytest.raises(CorpusError, match="cannot hold a discontinuous entity such as 'X'"):
        SpacyFormat().write([Document((sentence,))], str(tmp_path / "x.spacy"))
    assert list(tmp_path.iterdir()) == []
