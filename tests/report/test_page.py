import json
import re
from collections import Counter
from html.parser import HTMLParser
from typing import Any, Callable, Dict, List, Optional, Tuple

import pytest
import torch

from locate_label_allennlp.decoders.score_calibration import ScoreCalibration
from locate_label_allennlp.report.building import build_report
from locate_label_allennlp.report.page import page

VOID = {"meta", "link", "br", "hr", "img", "input"}


class Parsed(HTMLParser):
    """A page's elements, identifiers, links and text; checks that elements are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.ids: List[str] = []
        self.links: List[str] = []
        self.labels: List[str] = []
        self.text = ""
        self._open: List[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        self.tags[tag] += 1
        given = {name: value or "" for name, value in attrs}
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given[name] for name in ("href", "src", "xlink:href") if name in given]
        self.labels += [given["aria-label"]] if given.get("role") == "img" else []
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def text(report: Dict[str, Any]) -> str:
    return page(report)


def test_the_page_needs_nothing_else(text: str) -> None:
    parsed = Parsed(text)
    assert "http" not in text
    assert "@import" not in text
    assert parsed.tags["script"] == 0
    for link in parsed.links:
        assert link.startswith(("#", "data:")), link
    assert {link[1:] for link in parsed.links if link[0] == "#"} <= set(parsed.ids)
    assert set(re.findall(r"url\(#([^)]+)\)", text)) <= set(parsed.ids)
    assert [name for name, count in Counter(parsed.ids).items() if count > 1] == []


def test_every_figure_is_told_in_words(text: str) -> None:
    parsed = Parsed(text)
    assert parsed.tags["figure"] == len(parsed.labels) == parsed.tags["figcaption"] == 7
    assert all(len(label) > 20 for label in parsed.labels)


def test_it_follows_light_and_dark(text: str) -> None:
    assert "prefers-color-scheme: dark" in text
    # Nothing in a figure is black or white but the medians.
    assert "#000" not in text
    assert "#010203" not in text


def test_no_formula_is_left_in_a_figure(text: str) -> None:
    assert "mathdefault" not in text


def test_it_shows_the_numbers(report: Dict[str, Any], text: str) -> None:
    shown = Parsed(text).text
    micro = report["scores"]["micro"]
    for name in ("precision", "recall", "f1"):
        assert f"{100 * micro[name]:.1f}" in shown
    for row in [*report["missed"]["table"], *report["false"]["table"]]:
        assert row["meaning"] in shown
    for label in report["model"]["types"]:
        assert label in shown


def test_the_same_numbers_make_the_same_page(report: Dict[str, Any], text: str) -> None:
    assert page(json.loads(json.dumps(report))) == text


def test_a_model_without_seeds_or_entities_found(experiment: Callable[..., Any]) -> None:
    model, batches = experiment()
    candidates, model.decoder.score_threshold = model.candidates, 1.0
    model.candidates = lambda **batch: candidates(**batch)._replace(seeds=None)
    report = build_report(model, batches, "model.tar.gz", "corpus.jsonl")
    assert report["offsets"] is None
    assert report["corpus"]["found"] == 0
    shown = page(report)
    assert "<dt>Precision</dt><dd>—</dd>" in shown
    assert Parsed(shown).tags["figure"] == 6
    assert 'id="offsets"' not in shown


def row_of_thresholds(shown: str, threshold: str) -> List[str]:
    part = shown[shown.index('id="thresholds"') :]
    row = part[part.index(f'<th scope="row">{threshold}</th>') :]
    return re.findall("<td[^>]*>([^<]*)</td>", row[: row.index("</tr>")])


def test_a_threshold_is_advised_where_it_finds_something(
    experiment: Callable[..., Any],
) -> None:
    model, batches = experiment()
    report = build_report(model, batches, "model.tar.gz", "corpus.jsonl")
    shown = page(report)
    assert "gives the best F1" in shown
    assert "score_threshold" in shown
    best = f"{report['curves']['best']['threshold']:g}"
    assert "best F1" in row_of_thresholds(shown, best)[-1]

    candidates = model.candidates

    def nothing_found(**batch: Any) -> Any:
        some = candidates(**batch)
        return some._replace(probabilities=torch.eye(4)[torch.zeros_like(some.spans.start)])

    model.candidates = nothing_found
    report = build_report(model, batches, "model.tar.gz", "corpus.jsonl")
    assert report["curves"]["best"]["f1"] == 0
    shown = page(report)
    assert "best F1" not in shown
    assert "With none of them is any entity right." in shown
    # What found nothing has no precision.
    assert row_of_thresholds(shown, "0") == ["", "0.0", "0.0", ""]
    assert row_of_thresholds(shown, "0.5")[-1] == "the model&#39;s"


def test_what_the_scores_of_lengths_and_bins_say(report: Dict[str, Any], text: str) -> None:
    shown = " ".join(Parsed(text).text.split())
    assert f"The expected calibration error is {report['calibration']['error']:.3f}" in shown
    assert "it began with those of 1-3 words" in shown
    assert f"The filter kept {100 * report['spans']['kept_share']:.1f} % of the seeds" in shown
    part = text[text.index('id="lengths"') : text.index('id="missed"')]
    bold = re.findall(r'<tr class="bold"><th scope="row">([^<]*)<', part)
    single = list(report["lengths"]["single"])
    assert bold == [name for name in single if name not in ("1", "2", "3")] != []


def test_thresholds_of_types_are_said_and_kept(experiment: Callable[..., Any]) -> None:
    model, batches = experiment(with_discontinuous=True)
    plain = build_report(model, batches, "model.tar.gz", "corpus.jsonl")
    kind = max(plain["model"]["types"], key=lambda each: plain["scores"][f"type/{each}"]["correct"])
    model.set_threshold({kind: 1.0})
    model.calibration = ScoreCalibration(0.8, -0.25)
    other = build_report(model, batches, "model.tar.gz", "corpus.jsonl")
    assert other["scores"][f"type/{kind}"]["predicted"] == 0
    scored = [each for each in other["missed"]["entities"] if each["stage"] == "score"]
    assert any(each["type"] == kind for each in scored)
    nms = [each for each in other["missed"]["entities"] if each["stage"] == "nms"]
    assert not any(each["type"] == kind for each in nms)
    shown = " ".join(Parsed(page(other)).text.split())
    assert (
        f"with score threshold 0.5 ({kind} 1), scores calibrated with slope 0.8 and shift -0.25"
        in shown
    )
    assert "calibrated with" not in Parsed(page(plain)).text.split("F1")[0]
    # What no single threshold gives has a row of its own, and no other is the model's.
    model.set_threshold({kind: 0.1})
    other = build_report(model, batches, "model.tar.gz", "corpus.jsonl")
    micro = other["scores"]["micro"]
    assert micro["predicted"] > 0
    shown_scores = [f"{100 * micro[name]:.1f}" for name in ("precision", "recall")]
    assert row_of_thresholds(page(other), "by type")[:2] == shown_scores
    assert [len(re.findall("the model(?:'|&#39;)s</td>", page(r))) for r in (plain, other)] == [
        1,
        1,
    ]


def test_what_has_no_partner_in_the_confusion(text: str) -> None:
    part = text[text.index('id="confusion"') : text.index('id="thresholds"')]
    assert '<th scope="row">no gold partner</th>' in part
    assert '<th scope="col">no found partner</th>' in part
    assert "paired one with one" in part


def test_a_share_of_nothing_is_left_empty(report: Dict[str, Any]) -> None:
    other = json.loads(json.dumps(report))
    scores = other["scores"]
    scores["type/PLACE"].update(gold=3, predicted=0, precision=0.0, recall=0.0, f1=0.0)
    scores["type/ORG"].update(gold=0, predicted=3, precision=0.0, recall=0.0, f1=0.0)
    shown = page(other)
    for label, expected in (("PLACE", ["", "0.0", "0.0"]), ("ORG", ["0.0", "", "0.0"])):
        row = shown[shown.index(f">{label}</th>") :]
        assert re.findall("<td[^>]*>([^<]*)</td>", row)[:3] == expected


def test_a_model_that_classifies_nothing(experiment: Callable[..., Any]) -> None:
    model, batches = experiment()
    model._filter_threshold = 1.1
    report = build_report(model, batches, "model.tar.gz", "corpus.jsonl")
    assert report["probabilities"]["pca"] is None
    Parsed(page(report))


def test_whatever_stands_in_a_corpus_is_no_html(report: Dict[str, Any]) -> None:
    odd = json.dumps(report).replace("PLACE", "<b>$x^$").replace("Tarn", "<script>")
    shown = Parsed(page(json.loads(odd)))
    assert shown.tags["script"] == 0
    assert "<b>$x^$" in shown.text
    assert "<script>" in shown.text


def test_many_types(report: Dict[str, Any]) -> None:
    names = [f"T{number}" for number in range(30)]
    many = json.loads(json.dumps(report))
    for name in names:
        many["scores"][f"type/{name}"] = many["scores"]["type/PLACE"]
        many["curves"]["points"][f"type/{name}"] = many["curves"]["points"]["type/PLACE"]
    many["probabilities"]["types"] += names
    assert "The 8 most frequent of 33 types." in Parsed(page(many)).text
