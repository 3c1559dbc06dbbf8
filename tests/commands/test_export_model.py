"""The commands that take an archive take the folder of a model, and give the same."""

import json
import pickle
from pathlib import Path
from typing import Any, Callable, Tuple

import pytest
import torch

CORPUS = Path("formats") / "nested.jsonl"


def test_every_command_takes_it(
    fixtures: Path,
    tmp_path: Path,
    tiny_bert: str,
    allennlp: Callable[..., Tuple[int, str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    corpus = fixtures / CORPUS
    monkeypatch.setenv("ENCODER", tiny_bert)
    overrides = json.dumps({"trainer.num_epochs": 40, "model.decoder.score_threshold": 0.2})
    config = fixtures / "configs" / "tiny.jsonnet"
    assert allennlp("train", config, "-s", tmp_path / "out", "-o", overrides)[0] == 0
    archive, model = tmp_path / "out" / "model.tar.gz", tmp_path / "model"
    status, out, err = allennlp("export-model", archive, model, "--language", "en")
    assert status == 0
    assert out.endswith(f"{model}: locate_and_label, 3 types\n")
    assert "the card states no licence; --license does" in err

    def outputs(path: Path, name: str) -> Any:
        raw, found, metrics = (tmp_path / f"{name}.{each}" for each in ("txt", "jsonl", "json"))
        raw.write_text("The keeper of the museum of the port of Tarn left")
        status, out, _ = allennlp("draw-entities", path, raw)
        assert status == 0
        assert allennlp("predict", path, raw, "--output-file", found, "--silent")[0] == 0
        assert allennlp("evaluate", path, corpus, "--output-file", metrics)[0] == 0
        assert allennlp("ner-report", path, corpus, "--output", tmp_path / f"{name}-r")[0] == 0
        report = json.loads((tmp_path / f"{name}-r" / "report.json").read_text())
        predicted = json.loads(found.read_text())
        return (
            out.splitlines()[-5:],
            predicted["entities"],
            json.loads(metrics.read_text()),
            report["scores"],
        )

    expected = outputs(archive, "archive")
    assert expected[1]

    def unpickled(*_: Any, **__: Any) -> Any:
        raise RuntimeError("unpickled")

    monkeypatch.setattr(torch, "load", unpickled)
    monkeypatch.setattr(pickle, "Unpickler", unpickled)
    assert outputs(model, "folder") == expected
