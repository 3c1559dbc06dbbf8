"""Two annotations of the same texts."""

from typing import Any, List, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.data.corpus.comparison import Comparison, compare
from locate_label_allennlp.data.document import CorpusError, Document, Entity, Sentence


def sentence(words: str, *entities: Entity, source: str = "") -> Sentence:
    return Sentence(tuple(words.split()), entities, source=source)


def document(*sentences: Sentence, doc_id: "str | None" = None) -> Document:
    return Document(sentences, doc_id)


def compared(first: List[Document], second: List[Document]) -> Comparison:
    return compare(first, second, "A", "B")


ROLE, PLACE, ORG = Entity(0, 5, "ROLE"), Entity(3, 5, "PLACE"), Entity(3, 5, "ORG")
MAYOR = "The mayor of Old Tarn slept ."


def test_scores_and_differences() -> None:
    first = document(
        sentence(MAYOR, ROLE, PLACE, source="a:1"),
        sentence("Visby .", Entity(0, 1, "PLACE"), source="a:2"),
    )
    second = document(
        sentence(MAYOR, ROLE, ORG, Entity(6, 7, "X"), source="b:1"),
        sentence("Visby .", Entity(0, 1, "PLACE"), source="b:2"),
    )
    result = compared([first], [second])
    assert result.all.numbers == [3, 2, 4, 2]
    assert (result.all.precision, result.all.recall) == (0.5, pytest.approx(2 / 3))
    assert {kind: counts.numbers for kind, counts in result.types.items()} == {
        "PLACE": [2, 1, 1, 1],
        "ROLE": [1, 1, 1, 1],
        "ORG": [0, 0, 1, 0],
        "X": [0, 0, 1, 0],
    }
    assert list(result.types) == ["PLACE", "ROLE", "ORG", "X"]
    assert result.boundaries.numbers == [3, 3, 4, 3]
    (difference,) = result.differences
    assert difference.lines() == [
        f"a:1 | b:1: {MAYOR}",
        "  - PLACE 'Old Tarn'",
        "  + ORG 'Old Tarn'",
        "  + X '.'",
    ]
    assert difference.as_json()["only_b"][1] == {"start": 6, "end": 7, "type": "X", "text": "."}


def test_words_and_sentences_may_be_others() -> None:
    first = document(sentence("Dr.", source="a:1"), sentence("Torvik left .", Entity(0, 1, "PER")))
    second = document(
        sentence("Dr . Torvik left.", Entity(2, 3, "PER"), Entity(0, 3, "PER"), source="b:1")
    )
    result = compared([first], [second])
    assert result.all.numbers == [1, 1, 2, 1]
    (difference,) = result.differences
    assert difference.lines() == ["a:1 | b:1: Dr.", "  + PER 'Dr . Torvik'"]


def test_fragments_count() -> None:
    whole, parts = Entity(0, 4, "PLACE"), Entity(0, 4, "PLACE", ((0, 1), (3, 4)))
    text = "Old and New Tarn"
    result = compared([document(sentence(text, parts))], [document(sentence(text, whole))])
    assert (result.all.correct, result.boundaries.correct) == (0, 0)
    (difference,) = result.differences
    # The order is that of the characters and, of the same ones, of the fragments.
    assert [str(each) for each in difference.missing] == ["PLACE 'Old ... Tarn'"]
    assert compared([document(sentence(text, parts))] * 2, [document(sentence(text, parts))] * 2)
    same = compared([document(sentence(text, parts))], [document(sentence(text, parts))])
    assert same.all.f1 == 1.0
    assert same.differences == []


def test_documents_in_any_order() -> None:
    one, two = sentence("Old Tarn", Entity(0, 2, "X")), sentence("Visby", Entity(0, 1, "Y"))
    # Two with the same text belong together by name, else by order.
    other = sentence("Visby", Entity(0, 1, "Z"))
    first = [document(one), document(two, doc_id="2"), document(other, doc_id="3")]
    second = [document(other, doc_id="3"), document(two, doc_id="2"), document(one)]
    assert compared(first, second).all.f1 == 1.0
    assert compared([document(two), document(other)], [document(two), document(other)]).all.f1 == 1
    # One whose name the other corpus lacks does not take what belongs to the next.
    first = [document(two, doc_id="x"), document(other, doc_id="3")]
    second = [document(other, doc_id="3"), document(two, doc_id="y")]
    assert compared(first, second).all.f1 == compared(second, first).all.f1 == 1.0


def test_other_documents_in_the_same_order() -> None:
    parts = [sentence("Old Tarn", Entity(0, 2, "X")), sentence("Visby", Entity(0, 1, "Y"))]
    assert compared([document(*parts)], [document(part) for part in parts]).all.numbers == [2] * 4
    with pytest.raises(CorpusError):
        compared([document(*parts)], [document(part) for part in reversed(parts)])


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("Old Tarn", "Old Tarm", "a:1: the text 'Old Tarn' is not in B"),
        ("Old Tarn|Visby", "Old Tarn", "a:2: the text 'Visby' is not in B"),
        ("Old Tarn", "Old Tarn|Visby", "b:2: the text 'Visby' is not in A"),
        ("Old Tarn", "Old Tarn|Old Tarn", "b:2: the text 'Old Tarn' is not in A"),
    ],
)
def test_texts_that_do_not_match(first: str, second: str, message: str) -> None:
    corpora = [
        [
            document(sentence(text, source=f"{name}:{number}"))
            for number, text in enumerate(texts.split("|"), start=1)
        ]
        for name, texts in [("a", first), ("b", second)]
    ]
    with pytest.raises(CorpusError) as caught:
        compared(*corpora)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_a_document_that_differs_is_told_where() -> None:
    first = document(sentence("Old Tarn slept", source="a:1"), doc_id="7")
    second = document(sentence("Old", source="b:1"), sentence("Tarm", source="b:2"), doc_id="7")
    with pytest.raises(CorpusError, match="document '7' goes on with 'nslept' where b:2 has 'm'"):
        compared([first], [second])


def test_texts_without_words_are_none() -> None:
    one = document(sentence("Visby", Entity(0, 1, "Y")))
    assert compared([one, Document(())], [one]).all.f1 == 1.0


@st.composite
def annotations(draw: Any) -> Tuple[List[str], List[List[Entity]]]:
    words = draw(st.lists(st.sampled_from(["Old", "Tarn", "a", "."]), min_size=1, max_size=6))

    def entity() -> Entity:
        start = draw(st.integers(0, len(words) - 1))
        return Entity(start, draw(st.integers(start + 1, len(words))), draw(st.sampled_from("XY")))

    return words, [[entity() for _ in range(draw(st.integers(0, 4)))] for _ in range(2)]


@given(annotations())
def test_counts_are_those_of_sets(given: Tuple[List[str], List[List[Entity]]]) -> None:
    words, (mine, theirs) = given
    corpora = [[Document((Sentence(tuple(words), tuple(each)),))] for each in (mine, theirs)]
    result = compared(*corpora)
    both = len(set(mine) & set(theirs))
    assert result.all.numbers == [len(set(mine)), both, len(set(theirs)), both]
    back = compared(*reversed(corpora))
    assert back.all.f1 == pytest.approx(result.all.f1)
    assert sum(len(each.missing) for each in result.differences) == len(set(mine) - set(theirs))
    assert sum(len(each.added) for each in result.differences) == len(set(theirs) - set(mine))
