"""The report as one HTML page that needs nothing else: no network, no script."""

from html import escape
from typing import Any, Dict, List

from allennlp.common.util import JsonDict

from locate_label_allennlp.common.drawing import Mark
from locate_label_allennlp.report import analyses, tables
from locate_label_allennlp.report.displacy import draw_html
from locate_label_allennlp.report.markup import counted, percent, section
from locate_label_allennlp.report.style import STYLE

COLOURS = {"": "var(--correct)", "missed": "var(--missed)", "false": "var(--false)"}


def page(report: JsonDict) -> str:
    """
    # Parameters

    report : `JsonDict`
        What `build_report` makes; docs/report.md describes it.
    """
    parts = {
        "scores": ("Scores", tables.scores_table(report["scores"])),
        "missed": ("Missed entities", _missed(report)),
        "false": ("False entities", _false(report)),
        "confusion": ("Confusion", tables.confusion_table(report["confusion"])),
        "thresholds": ("Thresholds", analyses.thresholds(report)),
        "offsets": ("Offsets", analyses.offsets(report)),
        "probabilities": ("Probabilities", analyses.probabilities(report)),
    }
    shown = {name: part for name, part in parts.items() if part[1]}
    links = "".join(f'<li><a href="#{name}">{part[0]}</a></li>' for name, part in shown.items())
    sections = "\n".join(section(name, *part) for name, part in shown.items())
    model, corpus = report["model"], report["corpus"]
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>Nested entities in {escape(corpus["path"])}</title>
<style>{STYLE}</style>
</head>
<body>
<header>
<h1>Nested entities: found, missed, false</h1>
<p class="soft path"><code>{escape(model["type"])}</code> from {escape(model["archive"])},
decoder <code>{escape(model["decoder"])}</code> with score threshold {model["score_threshold"]:g},
on {escape(corpus["path"])}: {counted(corpus["sentences"])} sentences,
{counted(corpus["words"])} words.</p>
{_tiles(report)}
<nav aria-label="Contents"><ul>{links}</ul></nav>
</header>
<main>
{sections}
</main>
</body>
</html>
"""


def _tiles(report: JsonDict) -> str:
    micro = report["scores"]["micro"]
    precision, recall = tables.precision_and_recall(micro)
    tiles = {
        "F1": percent(micro["f1"]),
        "Precision": precision or "—",
        "Recall": recall,
        "Gold": counted(micro["gold"]),
        "Found": counted(micro["predicted"]),
        "Missed": counted(len(report["missed"]["entities"])),
        "False": counted(len(report["false"]["entities"])),
    }
    shown = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in tiles.items())
    return f'<dl class="tiles">{shown}</dl>'


def _missed(report: JsonDict) -> str:
    missed = report["missed"]
    return "\n".join(
        [
            "<p>Where on its way through the model each gold entity was lost that was not found. "
            "An entity is counted at the last stage that it came to.</p>",
            tables.kinds_table(missed["table"], "stage", report["scores"]["micro"]["gold"], "gold"),
            tables.kinds_by_type(missed["table"], "stage"),
            _examples(missed["examples"], missed["table"], "stage"),
        ]
    )


def _false(report: JsonDict) -> str:
    false = report["false"]
    found = report["scores"]["micro"]["predicted"]
    return "\n".join(
        [
            "<p>What each found entity that is not gold comes from, by the gold entity of its "
            "sentence that it overlaps most.</p>",
            tables.kinds_table(false["table"], "origin", found, "found"),
            tables.kinds_by_type(false["table"], "origin"),
            _examples(false["examples"], false["table"], "origin"),
        ]
    )


def _examples(
    examples: Dict[str, List[Dict[str, Any]]], rows: List[Dict[str, Any]], key: str
) -> str:
    """A part to unfold for each stage or origin."""
    parts = []
    for row in rows:
        chosen = examples[row[key]]
        if chosen:
            drawn = "\n".join(_example(example) for example in chosen)
            parts.append(
                f"<details><summary><b>{escape(tables.NAMES[row[key]])}</b> "
                f'<span class="soft">{len(chosen)} of {counted(row["count"])}</span></summary>'
                f"\n{drawn}\n</details>"
            )
    if not parts:
        return ""
    keys = {"found": "", "missed": "missed", "false": "false"}
    legend = " ".join(
        f'<span class="key" style="background: {COLOURS[detail]}">{name}</span>'
        for name, detail in keys.items()
    )
    return "\n".join([f"<h3>Examples</h3>\n<p>{legend}</p>", *parts])


def _example(example: Dict[str, Any]) -> str:
    notes = [example["detail"]] if example.get("detail") else []
    if "score" in example:
        notes.append(f"score {example['score']:.3f}")
    if example.get("nearest"):
        nearest = example["nearest"]
        notes.append(f"gold: {nearest['type']} “{nearest['text']}”")
    notes.append(example["source"])
    marks = [
        Mark(
            mark["start"],
            mark["end"],
            mark["type"],
            "" if mark["state"] == "correct" else mark["state"],
        )
        for mark in example["marks"]
    ]
    return (
        f'<div class="example"><p><b>{escape(example["type"])}</b> “{escape(example["text"])}”</p>'
        f'<p class="soft path">{escape("; ".join(notes))}</p>'
        f"{draw_html(example['words'], marks, COLOURS)}</div>"
    )
