import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from allennlp.data import Instance
from allennlp.data.fields import LabelField

from locate_label_allennlp.data.document import CorpusError
from locate_label_allennlp.data.fields import EntitiesField
from locate_label_allennlp.patches.training_data import check_has_entities
from tests.allennlp_command import run_allennlp


def loader(*instances: Instance) -> Any:
    return SimpleNamespace(iter_instances=lambda: iter(instances))


def sentence(*entities: Any, **options: Any) -> Instance:
    return Instance({"entities": EntitiesField(list(entities), **options)})


def test_one_entity_anywhere_is_enough() -> None:
    check_has_entities(loader(sentence(), sentence((0, 1, "X")), sentence()), "x")
    for instances in ([sentence()], [sentence(unreachable=[(0, 1, "X")])] * 2):
        with pytest.raises(CorpusError, match="x: has no entity to train on"):
            check_has_entities(loader(*instances), "x")


def test_readers_of_others_are_let_alone() -> None:
    check_has_entities(loader(Instance({"label": LabelField("a")})), "x")


def test_corpora_without_entities(fixtures: Path, tmp_path: Path) -> None:
    corpus = fixtures / "formats" / "nested.jsonl"
    (tmp_path / "none.jsonl").write_text('{"tokens": ["a", "b"], "entities": []}\n', "utf-8")

    def train(name: str, fails: bool = False, **overrides: Any) -> str:
        config = fixtures / "configs" / "tiny.jsonnet"
        options = ["-s", name, "-o", json.dumps(overrides)]
        return run_allennlp("train", config, *options, cwd=tmp_path, fails=fails)

    for name, validation in {"a": "none.jsonl", "b": str(corpus)}.items():
        paths = {"train_data_path": "none.jsonl", "validation_data_path": validation}
        output = train(name, fails=True, **paths)
        (error,) = (line for line in output.splitlines() if "error" in line.lower())
        assert error.startswith("allennlp: error: none.jsonl: has no entity to train on; allowed")
        assert not (tmp_path / name / "vocabulary").exists()
    for output in (
        train("m", validation_data_path="none.jsonl", trainer={"num_epochs": 1}),
        run_allennlp("evaluate", "m/model.tar.gz", "none.jsonl", cwd=tmp_path),
    ):
        said = [line for line in output.splitlines() if "none.jsonl: holds no" in line]
        assert len(said) == 1
        assert "WARNING" in said[0]
