import pytest

from locate_label_allennlp.data.document import CorpusError, Entity, Sentence, checked_sentence


def test_entities_are_sorted_and_each_is_kept_once():
    given = [Entity(1, 3, "B"), Entity(0, 2, "A"), Entity(1, 3, "A"), Entity(1, 3, "B")]
    sentence = checked_sentence(["a", "b", "c"], given, "x.txt", 7, ["N", "N", "V"], "s1")
    assert sentence == Sentence(
        words=("a", "b", "c"),
        entities=(Entity(0, 2, "A"), Entity(1, 3, "A"), Entity(1, 3, "B")),
        pos=("N", "N", "V"),
        sent_id="s1",
        source="x.txt:7",
    )


@pytest.mark.parametrize("span", [(-1, 1), (0, 0), (2, 1), (0, 3), (5, 6)])
def test_an_entity_outside_its_sentence(span):
    with pytest.raises(CorpusError) as caught:
        checked_sentence(["a", "b"], [Entity(*span, "A")], "x.txt", 7)
    assert str(caught.value) == (
        f"x.txt:7: entity 'A' from word {span[0]} to {span[1]} (exclusive) lies outside its "
        "sentence; allowed is 0 <= start < end <= 2"
    )


@pytest.mark.parametrize("word", ["", " ", "\u00a0", None, 3])
def test_a_word_that_is_none(word):
    with pytest.raises(CorpusError, match=r"^x\.txt:7: word 1 is .*; a word is a non-empty text"):
        checked_sentence(["a", word], [], "x.txt", 7)


def test_parts_of_speech_of_another_number():
    with pytest.raises(CorpusError, match=r"^x\.txt:7: 1 parts of speech for 2 words"):
        checked_sentence(["a", "b"], [], "x.txt", 7, ["N"])


def test_an_error_names_what_is_known():
    assert str(CorpusError("wrong")) == "wrong"
    assert str(CorpusError("wrong", "x.txt")) == "x.txt: wrong"
    assert str(CorpusError("wrong", "x.txt", 3)) == "x.txt:3: wrong"
    assert isinstance(CorpusError("wrong"), ValueError)


def test_an_entity_is_known_by_all_but_its_score():
    gold = Entity(0, 4, "A", ((0, 1), (3, 4)))
    predicted = Entity(0, 4, "A", score=0.75)
    assert gold.key != predicted.key == Entity(0, 4, "A").key
    assert predicted != Entity(0, 4, "A")
    assert (gold.span, gold.num_words, predicted.num_words) == ((0, 4), 2, 4)
    assert Entity(0, 4, "A").with_score(0.75) == predicted
    assert predicted.to_json() == {"start": 0, "end": 4, "type": "A", "score": 0.75}
    assert gold.to_json() == {"start": 0, "end": 4, "type": "A", "fragments": [[0, 1], [3, 4]]}
