import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from allennlp.commands.train import train_model_from_file

import locate_label_allennlp
from locate_label_allennlp.predictors.entity_finder import EntityFinder, FoundEntity

TEXTS = [
    "The mayor of Old Tarn met her brother — again.",
    "",
    " \n",
    "Tarn.  It was late.",
    "None here",
]


OVERRIDES = {"model.decoder": {"type": "none", "score_threshold": 1.0}}


@pytest.fixture(scope="module")
def archive(fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finder") / "out"
    overrides = {"trainer.num_epochs": 60}
    config = fixtures / "configs" / "tiny.jsonnet"
    train_model_from_file(str(config), str(folder), overrides=overrides)
    return folder / "model.tar.gz"


@pytest.fixture(scope="module")
def finder(archive: Path) -> EntityFinder:
    return locate_label_allennlp.load(archive, cuda_device=-1)


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


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda ner: ner(None), "got None, a NoneType; allowed is a text"),
        (lambda ner: ner(["a"]), r"got \['a'\], a list; allowed is a text .* pipe\(texts\)"),
        (lambda ner: ner.pipe("text"), "got 'text', a str; allowed are several texts"),
        (lambda ner: ner.pipe(3), "got 3, a int; allowed are several texts"),
        (lambda ner: list(ner.pipe(["a", "b", None], 1)), "text 2 is None, a NoneType; allowed is"),
        (lambda ner: ner.pipe([], 0), "batch_size is 0; allowed is >= 1"),
    ],
)
def test_what_is_no_text_is_said_at_once(finder: EntityFinder, call: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        call(finder)


def test_a_fresh_interpreter_needs_no_other_import(archive: Path, tmp_path: Path) -> None:
    code = f"""
import sys
import locate_label_allennlp
ner = locate_label_allennlp.load({str(archive)!r}, -1)
print([entity.text for entity in ner({TEXTS[0]!r})])
strict = locate_label_allennlp.load({str(archive)!r}, overrides=dict({OVERRIDES!r}))
print(strict({TEXTS[0]!r}))
print("allennlp_models" in sys.modules)
help(locate_label_allennlp.load)
"""
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert found.returncode == 0, found.stderr
    entities, none, others, *documented = found.stdout.splitlines()
    assert "Old Tarn" in entities
    assert (none, others) == ("[]", "False")
    signature = "\n".join(documented)
    for name in ("archive_file", "cuda_device", "language", "words", "overrides"):
        assert f"{name}: " in signature
    assert "**" not in signature
    assert "INFO" not in found.stderr
