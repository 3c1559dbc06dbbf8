import logging

import pytest
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from hypothesis import given, settings
from hypothesis import strategies as st

from locate_label_allennlp.data.document import CorpusError, Entity
from locate_label_allennlp.data.formats.corpus_format import Tally
from locate_label_allennlp.data.formats.running_text import Mention, Splitting

TEXT = "Old Tarn slept. The keeper-elect woke."


def build(text, *mentions, **options):
    given = [
        Mention(tuple(fragments), kind, line)
        for line, (kind, *fragments) in enumerate(mentions, start=1)
    ]
    tally = Tally("x.ann")
    document = Splitting(**options).document(text, given, "x.ann", tally)
    tally.say()
    return document


def shown(document):
    return [(" ".join(s.words), list(s.entities)) for s in document.sentences]


def test_words_and_offsets_are_those_of_the_text():
    document = build(TEXT, ("PLACE", (0, 8)), ("ROLE", (16, 32)))
    assert shown(document) == [
        ("Old Tarn slept .", [Entity(0, 2, "PLACE")]),
        ("The keeper - elect woke .", [Entity(0, 4, "ROLE")]),
    ]
    assert [s.source for s in document.sentences] == ["x.ann:1", "x.ann:1"]
    assert document.text == TEXT


@pytest.mark.parametrize(
    ("words", "sentences"),
    [
        ("whitespace", [["\u6d77", "\u6e2f\u3002\u5b89", "\u9759!"], ["Tarn"]]),
        (
            "characters",
            [["\u6d77", "\u6e2f", "\u3002"], ["\u5b89", "\u9759", "!"], ["T", "a", "r", "n"]],
        ),
    ],
)
def test_other_ways_to_split(words, sentences):
    text = "\u6d77 \u6e2f\u3002\u5b89 \u9759!\n\n \nTarn"
    document = build(text, words=words)
    assert [list(s.words) for s in document.sentences] == sentences
    assert document.sentences[-1].source == "x.ann:4"


def test_an_entity_inside_a_word(caplog):
    mentions = [("A", (1, 6)), ("B", (4, 8))]
    with caplog.at_level(logging.WARNING):
        document = build(TEXT, *mentions)
        assert document.sentences[0].entities == (Entity(0, 2, "A"), Entity(1, 2, "B"))
        document = build(TEXT, *mentions, inside_words="split")
    assert document.sentences[0].words == ("O", "ld", "Ta", "rn", "slept", ".")
    assert document.sentences[0].entities == (Entity(1, 3, "A"), Entity(2, 4, "B"))
    assert [record.getMessage() for record in caplog.records] == [
        "x.ann: entities that begin or end inside a word, widened to whole words: 1",
        "x.ann: words split where an entity begins or ends: 2",
    ]
    with pytest.raises(CorpusError, match=r"x\.ann:1: entity 'A' from character 1 to 6 begins or"):
        build(TEXT, *mentions, inside_words="error")


def test_two_mentions_on_the_same_words_are_one_entity_and_no_mistake(caplog):
    mentions = [("A", (0, 2)), ("A", (2, 3)), ("B", (2, 3)), ("C", (0, 1), (4, 6)), ("C", (1, 8))]
    with caplog.at_level(logging.WARNING):
        document = build(TEXT, *mentions)
    assert document.sentences[0].entities == (
        *(Entity(0, 1, kind) for kind in "AB"),
        Entity(0, 2, "C"),
    )
    what = "mentions of one type widened to the same words, kept as one entity"
    assert caplog.records[-1].getMessage() == f"x.ann: {what}: 2"
    errors, notes = [], []
    given = [Mention(((0, 3),), "A", 1), Mention(((0, 2),), "A", 2), Mention(((0, 3),), "A", 3)]
    Splitting().document(TEXT, given, "x.ann", Tally("x.ann", errors.append, notes.append))
    assert str(notes[-1]) == f"x.ann:2: {what}: A 'Old' and 'Ol'"
    # The third is the first once more.
    assert [error.reason for error in errors] == [
        "entity 'A' from word 0 to 1 (exclusive) is there 2 times"
    ]


def test_an_entity_in_two_sentences(caplog):
    text = "One. Two. Three. Four."
    with caplog.at_level(logging.WARNING):
        document = build(text, ("A", (5, 8)), ("B", (5, 15)))
    assert shown(document) == [
        ("One .", []),
        ("Two . Three .", [Entity(0, 1, "A"), Entity(0, 3, "B")]),
        ("Four .", []),
    ]
    (record,) = caplog.records
    assert record.getMessage().endswith("where the sentences were joined: 1")
    with pytest.raises(CorpusError, match=r"x\.ann:1: entity 'B' lies in two sentences"):
        build(text, ("B", (5, 15)), across_sentences="error")


def test_fragments():
    document = build("Old and New Tarn", ("A", (12, 16), (0, 3)), ("B", (8, 11), (12, 16)))
    assert document.sentences[0].entities == (
        Entity(0, 4, "A", ((0, 1), (3, 4))),
        Entity(2, 4, "B"),
    )


def test_white_space_at_the_ends_is_no_part_of_an_entity():
    assert build(TEXT, ("A", (3, 9))).sentences[0].entities == (Entity(1, 2, "A"),)


@pytest.mark.parametrize("span", [(0, 0), (-1, 3), (5, 4), (30, len(TEXT) + 1), (3, 4)])
def test_an_entity_without_words_or_outside_the_text(span):
    with pytest.raises(CorpusError, match=r"^x\.ann:1: entity 'A' from character"):
        build(TEXT, ("A", span))


def test_text_without_words():
    assert build("").sentences == build(" \n\t").sentences == ()


def test_settings():
    splitting = Splitting.from_params(Params({"language": "de", "inside_words": "split"}))
    assert splitting.text_splitter.spans("Sieh da.") == [[(0, 4), (5, 7), (7, 8)]]
    for name in ("words", "inside_words", "across_sentences"):
        with pytest.raises(ConfigurationError, match=f"{name} is 'x'; allowed are "):
            Splitting(**{name: "x"})


@settings(max_examples=40)
@given(st.text(), st.data())
@pytest.mark.parametrize("words", ["spacy", "whitespace", "characters"])
def test_offsets_reproduce_words_and_entities(words, text, data):
    spans = st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))
    mentions = [
        ("A", span) for span in data.draw(st.lists(spans, max_size=4)) if text[slice(*span)].strip()
    ]
    document = build(text, *mentions, words=words, inside_words="split")
    found = set()
    for sentence in document.sentences:
        for word, (start, end) in zip(sentence.words, sentence.offsets, strict=True):
            assert text[start:end] == word
        for entity in sentence.entities:
            span = sentence.offsets[entity.start][0], sentence.offsets[entity.end - 1][1]
            found.add(text[slice(*span)])
    assert found == {text[slice(*span)].strip() for _, span in mentions}
