"""The report on a model whose mentions are given."""

import json
from pathlib import Path
from typing import Any, Callable, Dict

import pytest
import torch

from locate_label_allennlp.data.document import CorpusError, Entity
from locate_label_allennlp.report.building import build_mention_report
from locate_label_allennlp.report.mentions import GivenMentions, MentionTrace, mention_traces
from locate_label_allennlp.report.page import page
from locate_label_allennlp.report.traces import Trace


@pytest.fixture(scope="module")
def trained(experiment: Callable[..., Any]) -> Any:
    model, batches = experiment("tiny_mention_typer.jsonnet", {}, with_discontinuous=True)
    # It has learned all of them by heart, and is to make mistakes.
    torch.manual_seed(2)
    for parameter in model.parameters():
        parameter.data += 0.4 * torch.randn_like(parameter)
    return model, batches


@pytest.fixture(scope="module")
def made(trained: Any) -> Dict[str, Any]:
    epochs = [{"epoch": 0, "training_loss": 1.0, "validation_loss": 2.0}]
    model, batches = trained
    report: Dict[str, Any] = build_mention_report(
        model, batches, "model.tar.gz", "a.jsonl", 2, epochs
    )
    return report


def slow(trained: Any) -> Dict[str, int]:
    """Mention by mention, each from the model's own output for its sentence."""
    model, batches = trained
    counts = dict.fromkeys(("right", "wrong", "pieces_right", "pieces_wrong"), 0)
    for batch in batches:
        with torch.no_grad():
            rows = model.candidates(**batch).probabilities
        types = [model.labels[int(row[1:].argmax())] for row in rows]
        given = [
            (sentence, number, int(label))
            for sentence, entities in enumerate(batch["entities"])
            for number, (start, _, label) in enumerate(entities.tolist())
            if start >= 0
        ]
        assert len(given) == len(types)
        for (sentence, number, label), kind in zip(given, types, strict=True):
            fragments = batch["metadata"][sentence].get("fragments", {}).get(number, ())
            is_right = model.labels[label] == kind
            name = "right" if is_right else "wrong"
            counts[f"pieces_{name}" if fragments else name] += len(fragments) or 1
    return counts


def test_accuracy_is_that_of_evaluation(trained: Any, made: Dict[str, Any]) -> None:
    model, batches = trained
    with torch.no_grad():
        for batch in batches:
            model(**batch)
    metrics = model.get_metrics(reset=True)
    assert 0 < metrics["oracle_span_accuracy"] < 1
    assert made["given"]["accuracy"] == pytest.approx(metrics["oracle_span_accuracy"])
    assert made["given"]["f1"] == pytest.approx(metrics["oracle_span_f1"])
    assert made["given"]["mentions"] == made["corpus"]["gold"]


def test_every_count_is_what_a_slow_count_gives(trained: Any, made: Dict[str, Any]) -> None:
    given, counts = made["given"], slow(trained)
    assert given["contiguous"] == {"right": counts["right"], "wrong": counts["wrong"]}
    pieces = {"right": counts["pieces_right"], "wrong": counts["pieces_wrong"]}
    assert given["fragments"] == pieces
    assert sum(pieces.values()) == 2
    wrong = made["wrong"]["entities"]
    assert len(wrong) == given["mentions"] - given["right"] > 0
    assert all(each["type"] != each["found"] for each in wrong)
    assert len(made["probabilities"]["of_gold"]) == given["mentions"]
    assert sum(made["probabilities"]["is_right"]) == given["right"]
    diagonal = sum(row[place] for place, row in enumerate(made["confusion"]["counts"][:-1]))
    assert diagonal == given["right"] == made["scores"]["micro"]["correct"]


def test_precision_and_recall_apart(make_trace: Callable[..., Trace]) -> None:
    split = ((0, 1), (2, 3), (4, 5))
    pairs = [
        *((Entity(n, n + 1, "A"), Entity(n, n + 1, "A")) for n in range(6)),
        *((Entity(n, n + 1, "A"), Entity(n, n + 1, "B")) for n in range(6, 8)),
        (Entity(0, 5, "A", split), Entity(0, 5, "B", split)),
        (Entity(5, 8, "B", ((5, 6), (7, 8))), Entity(5, 8, "B", ((5, 6), (7, 8)))),
    ]
    left_out = Entity(1, 9, "A", ((1, 2), (8, 9)))
    given = GivenMentions()
    given.add(MentionTrace(make_trace([*(gold for gold, _ in pairs), left_out]), pairs))
    told = given.as_json()
    # Of eleven mentions seven; six of eight contiguous ones; two of the seven fragments.
    assert told["accuracy"] == 7 / 11
    assert told["table_2"]["precision"] == 6 / 8
    assert told["table_2"]["recall"] == 6 / (6 + 5)
    assert told["table_2"]["accuracy"] == (6 + 2) / 15
    contiguous = GivenMentions()
    contiguous.add(MentionTrace(make_trace([gold for gold, _ in pairs[:8]]), pairs[:8]))
    told = contiguous.as_json()
    assert told["table_2"]["recall"] == 1
    assert told["table_2"]["precision"] == told["table_2"]["accuracy"] == told["accuracy"]
    assert told["table_2"]["f1"] == pytest.approx(told["f1"])


def test_a_trace_has_the_mentions_as_they_were_given(trained: Any) -> None:
    model, batches = trained
    traced = list(mention_traces(model, batches))
    split = [gold for each in traced for gold, _ in each.mentions if gold.fragments]
    assert split == [Entity(0, 4, "ORG", ((0, 1), (2, 4)))]
    for each in traced:
        assert sorted({gold.key for gold, _ in each.mentions}) == [e.key for e in each.trace.gold]
        for gold, typed in each.mentions:
            assert (gold.span, gold.fragments) == (typed.span, typed.fragments)


def test_its_page(made: Dict[str, Any]) -> None:
    shown = page(made)
    assert f"<dt>Accuracy</dt><dd>{100 * made['given']['accuracy']:.1f}</dd>" in shown
    for name in ("given", "lengths", "wrong", "confusion", "probabilities", "training"):
        assert f'<section id="{name}"' in shown
        assert f'href="#{name}"' in shown
    for name in ("missed", "false", "thresholds", "calibration", "spans", "offsets"):
        assert f'id="{name}"' not in shown
        assert f'href="#{name}"' not in shown
    assert "taken for" in shown
    assert page(json.loads(json.dumps(made))) == shown


def test_without_mentions(trained: Any, fixtures: Path) -> None:
    with pytest.raises(CorpusError, match="holds no sentences"):
        build_mention_report(trained[0], [], "model.tar.gz", "a.jsonl")
