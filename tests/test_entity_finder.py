from pathlib import Path

import pytest
from allennlp.commands.train import train_model_from_file

import locate_label_allennlp
from locate_label_allennlp.entity_finder import EntityFinder, FoundEntity

TEXTS = [
    "The mayor of Old Tarn met her brother — again.",
    "",
    " \n",
    "Tarn.  It was late.",
    "None here",
]


@pytest.fixture(scope="module")
def finder(fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> EntityFinder:
    folder = tmp_path_factory.mktemp("finder") / "out"
    overrides = {"trainer.num_epochs": 60}
    config = fixtures / "configs" / "tiny.jsonnet"
    train_model_from_file(str(config), str(folder), overrides=overrides)
    return locate_label_allennlp.load(str(folder / "model.tar.gz"), cuda_device=-1)


def test_entities_are_where_they_say(finder: EntityFinder) -> None:
    entities = finder(TEXTS[0])
    assert entities
    assert all(isinstance(entity, FoundEntity) for entity in entities)
    for entity in entities:
        assert TEXTS[0][entity.start_char : entity.end_char] == entity.text
        assert entity.sentence == 0
        assert 0 <= entity.score <= 1
    with pytest.raises(AttributeError):
        entities[0].score = 1.0  # type: ignore[misc]


def test_a_pipe_gives_what_single_calls_give_whatever_its_batches(finder: EntityFinder) -> None:
    alone = [_places(finder(text)) for text in TEXTS]
    assert alone[1] == alone[2] == []
    for batch_size in (1, 2, 64):
        assert [_places(found) for found in finder.pipe(iter(TEXTS), batch_size)] == alone


def test_a_pipe_takes_texts_as_they_are_needed(finder: EntityFinder) -> None:
    taken = []

    def texts():
        for text in TEXTS:
            taken.append(text)
            yield text

    next(finder.pipe(texts(), batch_size=2))
    assert taken == TEXTS[:2]


def _places(entities):
    return [(entity.start_char, entity.end_char, entity.type) for entity in entities]
