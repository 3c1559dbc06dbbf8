"""`allennlp tune-thresholds`, and what the archive that it makes does."""

import json
from pathlib import Path
from typing import Any, Callable, Tuple

import pytest
from allennlp.commands.train import train_model
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.models import load_archive

from locate_label_allennlp.data.document import CorpusError
from tests.models.tiny_experiment import Experiment

CORPUS = Path("formats") / "nested.jsonl"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, fixtures: Path) -> Path:
    folder = tmp_path_factory.mktemp("tuned") / "out"
    overrides = json.dumps({"trainer.num_epochs": 30, "model.seed_lengths": [1, 2, 3]})
    config = str(fixtures / "configs" / "tiny.jsonnet")
    train_model(Params.from_file(config, overrides), str(folder))
    return folder / "model.tar.gz"


def tune(run: Callable[..., Any], *arguments: object) -> str:
    status, out, _ = run("tune-thresholds", *arguments)
    assert status == 0
    return str(out)


def test_the_new_archive_scores_what_was_said(
    trained: Path, fixtures: Path, tmp_path: Path, allennlp: Callable[..., Tuple[int, str, str]]
) -> None:
    new, corpus, before = tmp_path / "new.tar.gz", fixtures / CORPUS, trained.read_bytes()
    printed = tune(allennlp, trained, corpus, "--output", new)
    assert trained.read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "new.tar.gz",
        "new.tar.gz.tuning.json",
        "new.tar.gz.tuning.png",
    ]
    told = json.loads((tmp_path / "new.tar.gz.tuning.json").read_text())
    assert told["after"]["f1"] >= told["before"]["f1"]
    assert f"slope {told['calibration']['slope']:.3f}" in printed
    config = load_archive(new).config["model"]
    assert config["calibration"] == told["calibration"]
    assert config["decoder"]["score_threshold"] == told["score_threshold"]
    for archive, part in [(trained, "before"), (new, "after")]:
        metrics = tmp_path / f"{part}.json"
        assert allennlp("evaluate", archive, corpus, "--output-file", metrics)[0] == 0
        found = json.loads(metrics.read_text())
        assert found["micro_f1"] == pytest.approx(told[part]["f1"])
        assert found["micro_precision"] == pytest.approx(told[part]["precision"])


def test_what_is_not_allowed(
    trained: Path, fixtures: Path, tmp_path: Path, allennlp: Callable[..., Tuple[int, str, str]]
) -> None:
    corpus, new = fixtures / CORPUS, tmp_path / "new"
    (tmp_path / "none.jsonl").write_text('{"tokens": ["a"], "entities": []}\n')
    for arguments, message in [
        ((trained, corpus, "--output", trained), "is the archive itself"),
        ((trained.parent, corpus, "--output", new), "is no file; allowed is a model.tar.gz"),
        ((trained, corpus, "--output", new, "--beta", 0), "--beta is 0.0"),
        ((trained, corpus, "--output", new, "--min-precision", 2), "--min-precision is 2.0"),
    ]:
        with pytest.raises(ConfigurationError, match=message):
            allennlp("tune-thresholds", *arguments)
    with pytest.raises(CorpusError, match="has no gold entities"):
        allennlp("tune-thresholds", trained, tmp_path / "none.jsonl", "--output", new)
    assert not new.exists()


def test_thresholds_of_types() -> None:
    plain = Experiment("tiny")
    batch = plain.batch(plain.corpus)
    every = {"type": "none", "score_threshold": 0.0}
    kind = plain.model.labels[0]
    types = {**every, "type_thresholds": {kind: 0.4}}
    some = Experiment("tiny", decoder=types).model.eval()
    all_ = Experiment("tiny", decoder=every).model.eval()
    some.load_state_dict(all_.state_dict())
    kept, found = some(**batch)["entities"], all_(**batch)["entities"]
    assert kept == [[e for e in each if e.type != kind or e.score > 0.4] for each in found]
    with pytest.raises(ConfigurationError, match=r"type_thresholds has \['X'\]; allowed are"):
        Experiment("tiny", decoder={**every, "type_thresholds": {"X": 0.4}})
