from pathlib import Path
from typing import Any, Callable, Dict

import pytest

from locate_label_allennlp.data.document import CorpusError
from locate_label_allennlp.report.building import VERSION, build_report
from locate_label_allennlp.report.page import page

CONFIGS = Path(__file__).parents[2] / "fixtures" / "configs"


# What a model of each config has, besides "none" and "type".
STAGES = {
    "tiny.jsonnet": {"seed", "filter", "boundary", "score", "nms"},
    "tiny_biaffine_span.jsonnet": {"nms"},
    "tiny_exhaustive_span.jsonnet": {"seed", "score", "nms"},
    "tiny_proposer_regressor.jsonnet": {"boundary"},
    "tiny_span_level_classifier.jsonnet": {"seed", "score", "nms"},
}


@pytest.mark.parametrize("config", STAGES)
def test_every_model_that_detects_has_a_report(config: str, experiment: Callable[..., Any]) -> None:
    model, batches = experiment(config, {})
    report = build_report(model, batches, "model.tar.gz", "corpus.jsonl")
    micro = report["scores"]["micro"]
    assert micro["gold"] == 13
    stages = [row["stage"] for row in report["missed"]["table"]]
    assert set(stages) == {*STAGES[config], "none", "type"}
    assert (report["offsets"] is not None) == (config == "tiny.jsonnet")
    missed = sum(row["count"] for row in report["missed"]["table"])
    assert missed == micro["gold"] - micro["recalled"]
    shown = page(report)
    assert report["model"]["type"] in shown
    assert ('id="offsets"' in shown) == (config == "tiny.jsonnet")


def test_what_the_report_says_of_model_and_corpus(report: Dict[str, Any]) -> None:
    assert report["version"] == VERSION
    assert report["model"] == {
        "archive": "model.tar.gz",
        "type": "locate_and_label",
        "decoder": "soft_nms",
        "score_threshold": 0.5,
        "type_thresholds": {},
        "calibration": None,
        "types": report["model"]["types"],
    }
    assert set(report["model"]["types"]) == {"ROLE", "PLACE", "ORG"}
    corpus = report["corpus"]
    assert corpus["path"] == "corpus.jsonl"
    assert (corpus["sentences"], corpus["gold"], corpus["discontinuous"]) == (7, 15, 1)


def test_no_sentences(experiment: Callable[..., Any]) -> None:
    with pytest.raises(CorpusError, match=r"^corpus\.jsonl: holds no sentences$"):
        build_report(experiment().model, [], "model.tar.gz", "corpus.jsonl")


def test_no_gold_entities(experiment: Callable[..., Any]) -> None:
    model, batches = experiment(batch_size=1)
    empty = [batch for batch in batches if not (batch["entities"] >= 0).any()]
    assert empty
    with pytest.raises(CorpusError, match=r"^corpus\.jsonl: has no gold entities"):
        build_report(model, empty, "model.tar.gz", "corpus.jsonl")


def test_no_model_is_left_out() -> None:
    configs = {path.name for path in CONFIGS.glob("tiny*.jsonnet")}
    assert configs - STAGES.keys() == {"tiny_mention_typer.jsonnet"}
