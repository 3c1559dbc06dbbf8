import pytest
from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.data.text_splitter import TextSplitter

SPLITTER = TextSplitter()


def test_sentences_and_words() -> None:
    document = SPLITTER.split("Dr Torvik left.\n\n  The Relmere sank!")
    assert [sentence.words for sentence in document.sentences] == [
        ("Dr", "Torvik", "left", "."),
        ("The", "Relmere", "sank", "!"),
    ]
    assert document.sentences[1].offsets == ((19, 22), (23, 30), (31, 35), (35, 36))


@given(st.text(max_size=60))
def test_words_are_where_they_are_said_to_be_and_nothing_is_lost(text: str) -> None:
    document = SPLITTER.split(text)
    assert document.text == text
    covered = set()
    for sentence in document.sentences:
        assert sentence.offsets is not None
        for word, (start, end) in zip(sentence.words, sentence.offsets, strict=True):
            assert text[start:end] == word
            covered.update(range(start, end))
    assert all(text[index].isspace() for index in set(range(len(text))) - covered)


@pytest.mark.parametrize("text", ["", " \n\t "])
def test_white_space_has_no_sentences(text: str) -> None:
    assert SPLITTER.split(text).sentences == ()


def test_other_languages() -> None:
    words = TextSplitter("de").split("Das ist z.B. Köln.").sentences[0].words
    assert "z.B." in words
