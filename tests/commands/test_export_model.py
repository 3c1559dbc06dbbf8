"""The commands that take an archive take the folder of a model, and give the same."""

import json
import os
import pickle
import signal
from pathlib import Path
from typing import Any, Callable, Tuple

import pytest
import torch

from locate_label_allennlp.model_folder import export

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


def test_sigterm_leaves_nothing(
    fixtures: Path,
    tmp_path: Path,
    allennlp: Callable[..., Tuple[int, str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = fixtures / "configs" / "tiny_mention_typer.jsonnet"
    assert allennlp("train", config, "-s", tmp_path / "out")[0] == 0
    before = signal.getsignal(signal.SIGTERM)
    arguments = ("export-model", tmp_path / "out", tmp_path / "model")
    with monkeypatch.context() as context:
        context.setattr(export, "model_card", lambda *_: os.kill(os.getpid(), signal.SIGTERM))
        try:
            assert allennlp(*arguments)[0] == 128 + signal.SIGTERM
        finally:
            signal.signal(signal.SIGTERM, before)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    # A model that is given its mentions has other scores.
    try:
        assert allennlp(*arguments, "--evaluate", fixtures / CORPUS)[0] == 0
    finally:
        signal.signal(signal.SIGTERM, before)
    card = (tmp_path / "model" / "README.md").read_text("utf-8")
    assert "of the given mentions have the right type" in card
    assert "| precision |" not in card
