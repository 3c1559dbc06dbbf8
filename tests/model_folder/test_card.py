"""The card of a model."""

import json
import shutil
from pathlib import Path
from typing import Any, Dict

import pytest
import yaml
from allennlp.common.checks import ConfigurationError
from allennlp.models import load_archive

from locate_label_allennlp.data.document import CorpusError
from locate_label_allennlp.model_folder.card import Facts, model_card
from locate_label_allennlp.model_folder.export import METRICS, export_model


def parts(card: str) -> Any:
    """The front matter, and the text below each heading."""
    _, front_matter, text = card.split("---\n", 2)
    sections = dict(part.split("\n", 1) for part in text.split("\n## ")[1:])
    return yaml.safe_load(front_matter), sections


def rows(section: str) -> Dict[str, Any]:
    lines = [line for line in section.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {first: rest for first, *rest in cells}


def test_of_an_archive_in_the_folder_of_its_training(exported: Path, fixtures: Path) -> None:
    front_matter, sections = parts((exported / "README.md").read_text("utf-8"))
    (index,) = front_matter.pop("model-index")
    (told,) = index["results"]
    assert told["dataset"]["name"] == "nested.jsonl (development)"
    scores = {each["type"]: each["value"] for each in told["metrics"]}
    shown = rows(sections["Results"])["all entities"][:3]
    assert [f"{100 * scores[name]:.1f}" for name in ("precision", "recall", "f1")] == shown
    assert front_matter == {
        "library_name": "locate-label-allennlp",
        "pipeline_tag": "token-classification",
        "tags": [
            *("locate-label-allennlp", "nested-ner", "named-entity-recognition"),
            "locate_and_label",
        ],
    }
    lines = (fixtures / "formats" / "nested.jsonl").read_text("utf-8").splitlines()
    sentences = [json.loads(line) for line in lines]
    words = sum(len(each["tokens"]) for each in sentences)
    entities = sum(len(each.get("entities", ())) for each in sentences)
    documents = len({each["doc_id"] for each in sentences})
    counts = [f"{number}" for number in (documents, len(sentences), words, entities)]
    corpora = rows(sections["Corpora"])
    assert corpora["training"] == corpora["development"] == ["nested.jsonl", *counts]
    assert "on nested.jsonl (development)." in sections["Results"]
    metrics = json.loads((exported / "config.json").read_text())["trainer"]
    assert rows(sections["Training"])["learning rate"] == [str(metrics["optimizer"]["lr"])]
    assert "small-encoder" in (exported / "README.md").read_text("utf-8")


def test_with_all_that_can_be_said(training: Path, fixtures: Path, tmp_path: Path) -> None:
    facts = Facts("Tarn", "cc-by-4.0", ("de", "nl"), ("org/encoder",))
    corpus = str(fixtures / "formats" / "nested.jsonl")
    archive, _ = export_model(str(training), str(tmp_path / "model"), facts, corpus)
    front_matter, sections = parts((tmp_path / "model" / "README.md").read_text("utf-8"))
    assert front_matter["license"] == "cc-by-4.0"
    assert front_matter["language"] == ["de", "nl"]
    assert front_matter["base_model"] == ["org/encoder"]
    metrics = json.loads((training / METRICS).read_text())
    results = rows(sections["Results"])
    assert results["all entities"][2] == f"{100 * metrics['best_validation_micro_f1']:.1f}"
    types = [name for name in results if name.startswith("type ")]
    assert {name.removeprefix("type ") for name in types} == set(archive.model.labels.values())
    assert int(results["all entities"][3]) == sum(int(results[name][3]) for name in types)
    for name in ("length 1-4 words", "nested entities", "flat sentences", "boundaries"):
        assert len(results[name]) == 6, name
    assert rows(sections["Corpora"])["evaluation"][0] == "nested.jsonl"
    assert front_matter["model-index"][0]["name"] == "Tarn"


def test_thresholds(exported: Path) -> None:
    overrides = {
        "model.calibration": {"slope": 0.5, "shift": -1},
        "model.decoder.type_thresholds": {"PLACE": 0.75},
    }
    archive = load_archive(exported, overrides=json.dumps(overrides))
    _, sections = parts(model_card(archive, Facts("x")))
    types = rows(sections["Entity types"])
    assert types["PLACE"] == ["0.750"]
    assert types["ORG"] == ["0.200"]
    assert "slope 0.500 and shift -1.000" in sections["Entity types"]
    assert (
        "without calibration"
        in parts(model_card(load_archive(exported), Facts("x")))[1]["Entity types"]
    )


def test_an_archive_that_lies_elsewhere_knows_little(training: Path, tmp_path: Path) -> None:
    shutil.copy(training / "model.tar.gz", tmp_path)
    export_model(str(tmp_path / "model.tar.gz"), str(tmp_path / "model"))
    front_matter, sections = parts((tmp_path / "model" / "README.md").read_text("utf-8"))
    assert "None are known" in sections["Results"]
    assert "model-index" not in front_matter
    assert rows(sections["Corpora"])["training"] == ["nested.jsonl", "", "", "", ""]


def test_a_training_that_was_not_validated(training: Path, tmp_path: Path) -> None:
    shutil.copy(training / "model.tar.gz", tmp_path)
    (tmp_path / METRICS).write_text(json.dumps({"training_loss": 1.0}))
    export_model(str(tmp_path / "model.tar.gz"), str(tmp_path / "model"))
    assert "None are known" in (tmp_path / "model" / "README.md").read_text("utf-8")
    for content, message in [("no json", "is no JSON"), ("[1]", "is a list; allowed is a JSON")]:
        (tmp_path / METRICS).write_text(content)
        with pytest.raises(ConfigurationError, match=rf"metrics\.json {message}"):
            export_model(str(tmp_path / "model.tar.gz"), str(tmp_path / "other"))


def test_names_are_no_markup(folder: Path) -> None:
    labels = folder / "vocabulary" / "entity_labels.txt"
    labels.write_text(labels.read_text().replace("ORG", "<b>|[x](http://a)"))
    card = model_card(load_archive(folder), Facts("# name\n---\n<script>", "mit: [\n---"))
    front_matter, sections = parts(card)
    assert front_matter["license"] == "mit: [\n---"
    assert "<script>" not in card.split("---\n", 2)[2]
    assert "\\<b\\>\\|\\[x\\](http://a)" in sections["Entity types"]


def test_a_corpus_without_sentences(training: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises((CorpusError, ConfigurationError), match=r"empty\.jsonl"):
        export_model(str(training), str(tmp_path / "model"), corpus=str(tmp_path / "empty.jsonl"))
    assert not (tmp_path / "model").exists()
