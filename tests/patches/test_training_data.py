import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from allennlp.data import Instance
from allennlp.data.fields import LabelField

from locate_label_allennlp.data.document import CorpusError
from locate_label_allennlp.data.fields import EntitiesField
from locate_label_allennlp.patches.training_data import check_has_entities

ALLENNLP = str(Path(sys.executable).with_name("allennlp"))


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

    def run(*arguments: Any) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [ALLENNLP, *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )

    def train(name: str, **overrides: Any) -> "subprocess.CompletedProcess[str]":
        config = fixtures / "configs" / "tiny.jsonnet"
        return run("train", config, "-s", name, "-o", json.dumps(overrides))

    for name, validation in {"a": "none.jsonl", "b": str(corpus)}.items():
        done = train(name, train_data_path="none.jsonl", validation_data_path=validation)
        assert done.returncode == 1
        (error,) = (line for line in done.stdout.splitlines() if "error" in line.lower())
        assert error.startswith("allennlp: error: none.jsonl: has no entity to train on; allowed")
        assert not (tmp_path / name / "vocabulary").exists()
    for done in (
        train("m", validation_data_path="none.jsonl", trainer={"num_epochs": 1}),
        run("evaluate", "m/model.tar.gz", "none.jsonl"),
    ):
        assert done.returncode == 0
        said = [line for line in done.stdout.splitlines() if "none.jsonl: holds no" in line]
        assert len(said) == 1
        assert "WARNING" in said[0]
