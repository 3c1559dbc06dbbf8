from typing import Iterator, Tuple

import pytest

from locate_label_allennlp.data.document import Document, Sentence
from locate_label_allennlp.predictors.grouping import SENTENCES_AT_ONCE, groups

Pair = Tuple[int, Document]


def pairs(*num_sentences: int) -> Iterator[Pair]:
    for index, number in enumerate(num_sentences):
        yield index, Document((Sentence(("a",)),) * number)


def test_a_group_has_enough_sentences_or_the_size_that_is_asked_for() -> None:
    few, many = SENTENCES_AT_ONCE - 1, SENTENCES_AT_ONCE
    sizes = [len(group) for group in groups(pairs(few, 1, many, few, 2 * many, 1))]
    assert sizes == [2, 1, 2, 1]
    assert [len(group) for group in groups(pairs(many, 1, 1), 2)] == [2, 1]
    # Texts without words count, or there would be no end of them.
    assert [len(group) for group in groups(pairs(*[0] * (many + 1)))] == [many, 1]


def test_what_comes_before_an_error_is_given_first() -> None:
    def broken() -> Iterator[Pair]:
        yield from pairs(1, 1)
        raise TypeError("no text")

    given = groups(broken())
    assert len(next(given)) == 2
    with pytest.raises(TypeError, match="no text"):
        next(given)
