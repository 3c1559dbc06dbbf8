import time
from pathlib import Path

import pytest
import spacy
from allennlp.common.checks import ConfigurationError
from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.data import text_splitter
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


def test_characters() -> None:
    document = TextSplitter(words="characters").split("科技 好\uff01真的\uff1f\n是")
    assert ["".join(sentence.words) for sentence in document.sentences] == [
        "科技好\uff01",
        "真的\uff1f",
        "是",
    ]
    assert all(len(word) == 1 for sentence in document.sentences for word in sentence.words)


def test_white_space_alone() -> None:
    document = TextSplitter(words="whitespace").split("One line. Still it\n\nnext")
    assert [sentence.words for sentence in document.sentences] == [
        ("One", "line.", "Still", "it"),
        ("next",),
    ]


def test_an_installed_pipeline_by_its_folder(tmp_path: Path) -> None:
    pipeline = spacy.blank("en")
    pipeline.add_pipe("sentencizer", config={"punct_chars": [";"]})
    pipeline.to_disk(tmp_path / "mine")
    document = TextSplitter(str(tmp_path / "mine")).split("One. Two; three")
    assert [len(sentence.words) for sentence in document.sentences] == [4, 1]


def test_what_is_allowed() -> None:
    with pytest.raises(ConfigurationError, match=r"language is 'klingon'; allowed is"):
        TextSplitter("klingon").split("nuqneH")
    with pytest.raises(ConfigurationError, match=r"words is 'syllables'; allowed are"):
        TextSplitter(words="syllables")


def test_other_languages() -> None:
    words = TextSplitter("de").split("Das ist z.B. Köln.").sentences[0].words
    assert "z.B." in words


def test_new_words_are_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_splitter, "NEW_WORDS", 50)
    splitter = TextSplitter()
    sizes = []
    for number in range(20):
        words = [f"x{number}y{index}" for index in range(20)]
        (sentence,) = splitter.split(" ".join(words)).sentences
        assert list(sentence.words) == words
        sizes.append(len(splitter._pipeline.vocab))
    assert max(sizes) - min(sizes) < 50 + 20 + 2


@pytest.mark.parametrize("run", ["[", "'s", '("', "x."])
def test_a_run_without_blanks_takes_linear_time(run: str) -> None:
    text = f"The  port {run * 20_000} \n slept."
    start = time.process_time()
    document = TextSplitter().split(text)
    assert time.process_time() - start < 5  # of what took half a minute
    words = [word for sentence in document.sentences for word in sentence.words]
    assert "".join(words) == "".join(text.split())
    assert words[:2] == ["The", "port"]
    assert words[-2:] == ["slept", "."]
    offsets = [span for sentence in document.sentences for span in sentence.offsets or ()]
    assert [text[start:end] for start, end in offsets] == words
