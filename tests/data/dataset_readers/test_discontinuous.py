"""Mentions in several pieces: said, and never lost from the evaluation."""

import logging
from typing import Iterator

import pytest
from allennlp.common.checks import ConfigurationError
from allennlp.data import Instance, Vocabulary
from allennlp.data.token_indexers import SingleIdTokenIndexer

from locate_label_allennlp.data.dataset_readers import NestedNerReader
from locate_label_allennlp.data.document import CorpusError, Document, Entity, Sentence
from locate_label_allennlp.data.formats import CorpusFormat

WORDS = ("north", "and", "south", "mole", "of", "Fildholm")
ENTITIES = (
    Entity(0, 4, "PLACE", ((0, 1), (3, 4))),
    Entity(2, 4, "PLACE"),
    Entity(5, 6, "TOWN"),
)


class OneSentence(CorpusFormat):
    def read(self, path: str) -> Iterator[Document]:
        yield Document((Sentence(WORDS, ENTITIES, source=f"{path}:1"),))


def read(discontinuous: str) -> Instance:
    reader = NestedNerReader(
        OneSentence(), {"words": SingleIdTokenIndexer()}, discontinuous=discontinuous
    )
    (instance,) = reader.read("here.ann")
    return instance


def test_skip(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        instance = read("skip")
    assert instance["entities"].entities == list(ENTITIES[1:])
    assert instance["metadata"]["unreachable"] == [ENTITIES[0]]
    assert "here.ann: 1 discontinuous entities not learned from" in caplog.text


def test_envelope() -> None:
    instance = read("envelope")
    assert instance["entities"].entities == list(ENTITIES)
    assert instance["metadata"]["unreachable"] == []


def test_fragments(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        instance = read("fragments")
    assert instance["entities"].entities == list(ENTITIES)
    assert instance["metadata"]["fragments"] == {0: ((0, 1), (3, 4))}
    assert instance["metadata"]["unreachable"] == []
    assert "here.ann: 1 discontinuous entities given fragment by fragment" in caplog.text


@pytest.mark.parametrize("discontinuous", ["skip", "envelope"])
def test_pieces_are_given_only_on_demand(discontinuous: str) -> None:
    assert "fragments" not in read(discontinuous)["metadata"]


def test_error() -> None:
    with pytest.raises(CorpusError, match=r"here.ann:1: entity 'PLACE' is discontinuous"):
        read("error")


def test_another_word() -> None:
    with pytest.raises(ConfigurationError, match="'drop'; allowed are"):
        read("drop")


def test_the_vocabulary_knows_the_types_of_what_is_skipped() -> None:
    entities = (Entity(0, 4, "ONLY_IN_PIECES", ((0, 1), (3, 4))),)

    class Pieces(CorpusFormat):
        def read(self, path: str) -> Iterator[Document]:
            yield Document((Sentence(WORDS, entities),))

    reader = NestedNerReader(Pieces(), {"words": SingleIdTokenIndexer()})
    vocab = Vocabulary.from_instances(reader.read("any"))
    assert vocab.get_token_to_index_vocabulary("entity_labels") == {"ONLY_IN_PIECES": 0}
