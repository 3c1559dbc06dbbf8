"""What is said of the types of an archive that a training goes on from."""

import logging
from types import SimpleNamespace
from typing import Any, Callable, List, Tuple

import pytest
from allennlp.data import Instance, Vocabulary

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.data.fields import EntitiesField
from locate_label_allennlp.training.types_of_archive import log_types, remember_labels

Logged = Callable[..., List[Tuple[str, str]]]


def loader(*types: str, unreachable: str = "") -> Any:
    entities = [Entity(0, 1, each) for each in types]
    others = [Entity(0, 1, each) for each in unreachable.split()]
    field = EntitiesField(entities, unreachable=others)
    instances = [Instance({"entities": field})]
    return SimpleNamespace(iter_instances=lambda: iter(instances))


def extended(*types: str) -> Vocabulary:
    """That of an archive with PORT and TOWN, with more types."""
    vocabulary = Vocabulary(non_padded_namespaces=["*labels"])
    vocabulary.add_tokens_to_namespace(["PORT", "TOWN"], "entity_labels")
    remember_labels(vocabulary)
    vocabulary.add_tokens_to_namespace(list(types), "entity_labels")
    return vocabulary


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Logged:
    """Levels and lines of what `log_types` logs."""
    caplog.set_level(logging.INFO, "locate_label_allennlp")

    def logged(*arguments: Any) -> List[Tuple[str, str]]:
        log_types(*arguments)
        return [(line.levelname, line.getMessage()) for line in caplog.records]

    return logged


def test_types_that_stay_and_new_ones(logged: Logged) -> None:
    assert logged(extended("SHIP"), loader("TOWN", "SHIP", unreachable="PORT"), "new") == [
        ("INFO", "types of the archive: PORT, TOWN; new: SHIP")
    ]


@pytest.mark.parametrize("path", ["new", {"training": "new"}])
def test_a_type_that_vanishes_is_a_warning(path: Any, logged: Logged) -> None:
    known, (level, gone) = logged(extended(), loader("TOWN"), path)
    assert known == ("INFO", "types of the archive: TOWN; new: none")
    assert level == "WARNING"
    assert gone.startswith("new: has no entity of PORT, which the archive knows: ")


def test_a_training_that_begins_says_nothing(logged: Logged) -> None:
    vocabulary = Vocabulary()
    vocabulary.add_token_to_namespace("PORT", "entity_labels")
    assert logged(vocabulary, loader("PORT"), "corpus") == []
