import time

import pytest

from locate_label_allennlp.data.document import CorpusError
from locate_label_allennlp.data.formats.ldc_source import IN_A_TAG, LEFT_OUT, source_text


def read(raw, left_out=(), counts_tags=False, counts_references=True):
    return source_text(raw, "x.sgm", left_out, counts_tags, counts_references)


def test_tags_and_references():
    raw = '<P>A &amp; B</P><P x="1">C</P>'
    text = read(raw)
    assert text.text == "A & B C "
    assert text.counted == "A &amp; BC"
    assert [text.text[slice(*part)].strip() for part in text.stretches] == ["A & B", "", "C", ""]
    assert text.text[slice(*text.found(0, 9))] == "A & B"
    assert text.text[slice(*text.found(9, 10))] == "C"
    # A mention that begins and ends inside a reference has its character.
    assert text.text[slice(*text.found(3, 5))] == "&"
    text = read(raw, counts_references=False)
    assert (text.counted, text.text[slice(*text.found(0, 5))]) == ("A & BC", "A & B")
    text = read(raw, counts_tags=True)
    assert text.counted == raw
    assert text.text[slice(*text.found(3, 12))] == "A & B"
    assert text.found(0, 2) == (IN_A_TAG, IN_A_TAG)


def test_what_is_left_out():
    text = read("<q>a\n<Q>b</Q>\nc</q>d <Q/>e", left_out=["Q"])
    assert text.counted == "a\nb\ncd e"
    assert text.text.split() == ["d", "e"]
    assert text.text.count("\n") == 2
    assert text.found(0, 1) == (LEFT_OUT, LEFT_OUT)
    # One boundary is enough.
    assert text.found(4, 6) == (LEFT_OUT, LEFT_OUT)
    assert read("a<Q>b</Q>", left_out=["Q"]).found(0, 2) == (LEFT_OUT, LEFT_OUT)
    with pytest.raises(CorpusError, match=r"x\.sgm:2: element 'Q', which is left out, does not"):
        read("a\n<Q>b", left_out=["Q"])


def test_what_ends_a_sentence():
    text = read("One\ntwo\n \n three <a href='x'>four</a> five<br/>six")
    parts = [text.text[slice(*part)].split() for part in text.stretches]
    assert [part for part in parts if part] == [["One", "two"], ["three", "four", "five"], ["six"]]


def test_what_is_no_tag():
    text = read("2 < 3 & 4 > 3 &nope; <3")
    assert text.text == text.counted == "2 < 3 & 4 > 3 &nope; <3"


def test_many_beginnings_of_tags_take_no_time():
    start = time.process_time()
    read("<a" * 100_000 + "&a" * 100_000)
    assert time.process_time() - start < 2
