"""`allennlp predict` as it is typed, and what it says of what is wrong."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest
import torch
from allennlp.common import Params
from allennlp.data import DatasetReader, Vocabulary
from allennlp.models import Model

from tests.allennlp_command import ALLENNLP

ROOT = Path(__file__).parent.parent.parent
CORPUS = ROOT / "fixtures" / "formats" / "brat"

# Runs one command after the other, each in a process of its own that need not import AllenNLP anew.
ONE_BY_ONE = """
import json, os, sys
sys.argv[0] = "allennlp"
from allennlp.__main__ import run
import allennlp.commands
from allennlp.common.plugins import import_plugins
import_plugins()
for number, arguments in enumerate(json.loads(sys.argv[1])):
    child = os.fork()
    if child == 0:
        sys.argv[1:] = arguments
        for stream, name in [(1, "out"), (2, "err")]:
            os.dup2(os.open(f"{number}.{name}", os.O_CREAT | os.O_WRONLY), stream)
        run()
        break
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(status, flush=True)
"""


def environment(tmp_path: Path, **variables: str) -> Dict[str, str]:
    (tmp_path / "temporary").mkdir(exist_ok=True)
    own = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TMPDIR": str(tmp_path / "temporary")}
    return {**os.environ, **own, **variables}


def run(*arguments: Any, cwd: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [ALLENNLP, *map(str, arguments)],
        cwd=cwd,
        env=environment(cwd, **variables),
        capture_output=True,
        text=True,
        timeout=300,
    )


def run_each(cases: List[List[str]], cwd: Path) -> List[Tuple[int, str, str]]:
    """Exit status, output and errors of each command."""
    found = subprocess.run(
        [sys.executable, "-c", ONE_BY_ONE, json.dumps(cases)],
        cwd=cwd,
        env=environment(cwd),
        capture_output=True,
        text=True,
        timeout=1200,
    )
    assert len(found.stdout.split()) == len(cases), found.stderr
    return [
        (int(status), (cwd / f"{number}.out").read_text(), (cwd / f"{number}.err").read_text())
        for number, status in enumerate(found.stdout.split())
    ]


def save(folder: Path, params: Params, vocab: Vocabulary, model: Model) -> Path:
    folder.mkdir()
    params.to_file(str(folder / "config.json"))
    vocab.save_to_files(str(folder / "vocabulary"))
    torch.save(model.state_dict(), folder / "weights.th")
    subprocess.run(["tar", "-czf", "model.tar.gz", *os.listdir(folder)], cwd=folder, check=True)
    return folder / "model.tar.gz"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Untrained, and made to find an entity in every span."""
    params = Params.from_file(str(ROOT / "fixtures" / "configs" / "tiny.jsonnet"))
    params["model"]["filter_threshold"] = 0.0
    params["model"]["decoder"] = {"type": "none", "score_threshold": 0.0}
    reader = DatasetReader.from_params(params["dataset_reader"].duplicate())
    vocab = Vocabulary.from_instances(reader.read(params["train_data_path"]))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model: Any = Model.from_params(params["model"].duplicate(), vocab=vocab)
    model._classifier._output.bias.data[0] = -100.0  # NONE
    return save(tmp_path_factory.mktemp("archive") / "model", params, vocab, model)


@pytest.fixture(scope="module")
def other_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of AllenNLP's own."""
    embedder = {"token_embedders": {"tokens": {"type": "embedding", "embedding_dim": 2}}}
    model = {
        "type": "simple_tagger",
        "text_field_embedder": embedder,
        "encoder": {"type": "pass_through", "input_dim": 2},
    }
    params = Params({"model": model, "dataset_reader": {"type": "sequence_tagging"}})
    vocab = Vocabulary(counter={"tokens": {"a": 1}, "labels": {"O": 1}})
    built = Model.from_params(params["model"].duplicate(), vocab=vocab)
    return save(tmp_path_factory.mktemp("other") / "model", params, vocab, built)


def lines(text: str) -> List[Dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_folder_of_texts_is_predicted_document_by_document(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    text = "Dr Torvik\nleft Tarn.\r\n\nShe slept."
    (tmp_path / "in" / "a.txt").write_text(text, newline="")
    (tmp_path / "in" / "deep" / "b.txt").write_text("Old Tarn.")
    written = run("predict", archive, "in", "--output-file", "out.jsonl.gz", cwd=tmp_path)
    assert (written.returncode, written.stdout, written.stderr) == (0, "", "")
    first, second = lines(gzip.decompress((tmp_path / "out.jsonl.gz").read_bytes()).decode())
    assert (first["doc_id"], first["text"], second["doc_id"]) == ("a", text, "deep/b")
    assert first["sentences"] == [["Dr", "Torvik", "left", "Tarn", "."], ["She", "slept", "."]]
    assert {entity["sentence"] for entity in first["entities"]} == {0, 1}
    for entity in first["entities"]:
        assert text[entity["start_char"] : entity["end_char"]] == entity["text"]
    assert not os.listdir(tmp_path / "temporary"), "what was unpacked is gone"

    said = run("predict", archive, "in/deep", cwd=tmp_path, ALLENNLP_LOG_LEVEL="INFO")
    assert said.returncode == 0
    assert "INFO - allennlp.common.plugins - Plugin locate_label_allennlp available" in said.stderr
    assert [item["doc_id"] for item in lines(said.stdout)] == ["b"]


def test_a_corpus_keeps_its_documents(archive: Path, tmp_path: Path) -> None:
    format = {"type": "brat", "splitting": {"words": "whitespace"}}
    overrides = json.dumps({"dataset_reader.format": format})
    found = run(
        *("predict", archive, CORPUS, "--use-dataset-reader", "-o", overrides, "--batch-size", 1),
        cwd=tmp_path,
    )
    assert found.returncode == 0, found.stderr
    documents = lines(found.stdout)
    texts = {
        str(path.relative_to(CORPUS).with_suffix("")): path.read_bytes().decode()
        for path in CORPUS.rglob("*.txt")
        if path.with_suffix(".ann").exists()
    }
    assert {document["doc_id"]: document["text"] for document in documents} == texts
    for document in documents:
        assert document["entities"]
        for sentence in document["sentences"]:
            for word, (start, end) in zip(sentence["tokens"], sentence["offsets"], strict=True):
                assert document["text"][start:end] == word
        for entity in document["entities"]:
            place = slice(entity["start_char"], entity["end_char"])
            assert document["text"][place] == entity["text"]
            words = document["sentences"][entity["sentence"]]["tokens"]
            assert words[entity["start"] : entity["end"]] == entity["text"].split()

    (tmp_path / "predictions.jsonl").write_text(found.stdout)
    converted = run(
        *("corpus", "convert", "predictions.jsonl", "brat", "--to-format", "brat"), cwd=tmp_path
    )
    assert converted.returncode == 0, converted.stderr
    for name, text in texts.items():
        assert (tmp_path / "brat" / f"{name}.txt").read_bytes().decode() == text
        (document,) = (each for each in documents if each["doc_id"] == name)
        annotations = (tmp_path / "brat" / f"{name}.ann").read_text("utf-8")
        assert annotations.count("\n") == len(document["entities"])


def test_a_reader_that_has_seen_enough(archive: Path, tmp_path: Path) -> None:
    line = json.dumps({"tokens": ["Tarn"] * 30}) + "\n"
    (tmp_path / "in.jsonl").write_text(line * 40)
    for command in ("predict", "draw-entities"):
        piped = subprocess.run(
            ["bash", "-c", f"{ALLENNLP} {command} {archive} in.jsonl | head -c 1"],
            cwd=tmp_path,
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert len(piped.stdout) == 1
        assert piped.stderr == ""


def test_what_is_wrong_is_said_in_one_line(
    archive: Path, other_archive: Path, tmp_path: Path
) -> None:
    (tmp_path / "in.txt").write_text("Tarn.\n")
    (tmp_path / "empty").mkdir()
    (tmp_path / "none.jsonl").write_text("")
    (tmp_path / "bad.jsonl").write_text('{"tokens": ["a"]}\n{"tokens": ["b", ""]}\n{}\n')
    (tmp_path / "cut.tar.gz").write_bytes(archive.read_bytes()[:2000])
    (tmp_path / "no.tar.gz").write_text("no archive")
    model, other = str(archive), str(other_archive)
    config = str(archive.parent / "config.json")
    base = ["predict", model, "in.txt"]
    cases: List[Tuple[List[str], str]] = [
        (["predict", model, "nowhere.txt"], "nowhere.txt: no such file"),
        (["predict", model, "empty"], "empty: the folder has no file ending in .txt or"),
        (["predict", "no.pt", "in.txt"], "no.pt cannot be loaded: file no.pt not found; allowed"),
        (["predict", "empty", "in.txt"], "empty cannot be loaded: the folder has no config.json"),
        (["predict", "cut.tar.gz", "in.txt"], "cut.tar.gz cannot be loaded: Compressed file ended"),
        (["predict", "no.tar.gz", "in.txt"], "no.tar.gz cannot be loaded: not a gzip file"),
        ([*base, "-o", "{bad"], "the overrides are no JSON or Jsonnet: "),
        ([*base, "-o", "[1]"], "the overrides are '[1]'; allowed is a JSON object"),
        ([*base, "-o", '{"modle": {}}'], "'modle' is of no key of the config; is 'model' meant?"),
        ([*base, "-o", '{"modle.x": 1}'], "override 'modle.x' is of no key of the config"),
        ([*base, "-o", '{"other": 1}'], "override 'other' is of no key of the config; allowed are"),
        ([*base, "-o", '{"model.no": 1}'], "{'no': 1}; allowed are ["),
        (
            [*base, "-o", '{"model.word_encoder.encoder.hidden_size": 3}'],
            "its weights do not fit its config: Error(s) in loading state_dict for",
        ),
        ([*base, "--cuda-device", "77"], "trainer.cuda_device) is 77; allowed here is"),
        (
            [*base, "--predictor-args", '{"langage": "de"}'],
            "takes no langage; allowed are language",
        ),
        ([*base, "--predictor-args", "{x"], "--predictor-args is '{x'; allowed is a JSON object"),
        ([*base, "--batch-size", "0"], "--batch-size is 0; allowed is >= 1"),
        ([*base, "--output-file", "no/out"], "no/out: cannot be written: there is no folder no"),
        ([*base, "--output-file", "empty"], "empty: cannot be written: it is a folder"),
        ([*base, "--output-file", "./in.txt"], "./in.txt: is both input and output"),
        ([*base, "--lines", "--use-dataset-reader"], "--use-dataset-reader reads corpora"),
        (["predict", model, "-", "--use-dataset-reader"], "does not read standard input"),
        (
            ["predict", other, "in.txt", "--predictor", "nested_ner", "--trust"],
            "the model is 'simple_tagger'",
        ),
        (["draw-entities", other, "in.txt", "--trust"], "the model is 'simple_tagger'; allowed"),
        (["draw-entities", other, "in.txt"], "the archive names 'sequence_tagging' as"),
        ([*base, "--resume"], "--resume goes on with a file: give --output-file"),
        ([*base, "--use-dataset-reader", "--on-error", "skip"], "--on-error skip is of inputs"),
        (["draw-entities", model, "in.txt", "-o", "{bad"], "the overrides are no JSON"),
        (["draw-entities", model, "in.txt", "--html", "no/x.html"], "no/x.html: cannot be written"),
        (["evaluate", "cut.tar.gz", "in.txt"], "cut.tar.gz cannot be loaded"),
        (["evaluate", model, "in.txt", "-o", '{"modle": 1}'], "override 'modle' is of no key"),
        (
            ["train", str(archive.parent / "config.json"), "-s", "t", "-o", "{bad"],
            "the overrides are no",
        ),
        (["train", config, "-s", "t", "-o", '{"modle": 1}'], "override 'modle' is of no key"),
        (
            ["ner-report", model, "in.txt", "--output", "r", "-o", '{"modle": 1}'],
            "override 'modle' is of no key of the config",
        ),
    ]
    bad = ["predict", model, "bad.jsonl", "--output-file", "bad.out"]
    none = ["predict", model, "none.jsonl", "--output-file", "none.out"]
    *failed, (status, _, errors), (fine, _, said) = run_each(
        [*(arguments for arguments, _ in cases), bad, none], tmp_path
    )
    for (arguments, message), (code, output, error) in zip(cases, failed, strict=True):
        assert code == 1, (arguments, error)
        assert message in error, arguments
        assert (output, error.count("\n")) == ("", 1), arguments
        assert error.startswith("allennlp: error: "), arguments
    assert not os.listdir(tmp_path / "temporary")
    assert (tmp_path / "in.txt").read_text() == "Tarn.\n"

    assert status == 1
    assert errors.endswith("bad.jsonl:2: word 1 is ''; a word is a non-empty text\n")
    assert "bad.out.partial has 1 predictions" in errors
    assert not (tmp_path / "bad.out").exists()
    partial = (tmp_path / "bad.out.partial").read_text()
    assert [item["tokens"] for item in lines(partial)] == [["a"]]

    assert fine == 0
    assert said.count("\n") == 1
    assert said.endswith("none.jsonl is empty\n")
    assert (tmp_path / "none.out").read_text() == ""


def test_models_of_other_packages_are_predicted_with_as_before(
    other_archive: Path, tmp_path: Path
) -> None:
    (tmp_path / "plain.py").write_text(
        "from allennlp.predictors import Predictor\nPredictor.register('plain')(Predictor)\n"
    )
    (tmp_path / "corpus").write_text("a###O\ta###O\n")
    options = ["--predictor", "plain", "--include-package", "plain", "--use-dataset-reader"]
    options += ["--trust"]
    found = run("predict", other_archive, "corpus", *options, cwd=tmp_path)
    assert found.returncode == 0, found.stderr
    assert '"tags": ["O", "O"]' in found.stdout
