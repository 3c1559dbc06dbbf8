"""The report as one HTML page that needs nothing else: no network, no script."""

from pathlib import Path
from typing import Any, Dict, List, Sequence

from allennlp.common.util import JsonDict
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from locate_label_allennlp.common.drawing import Mark
from locate_label_allennlp.report import plots
from locate_label_allennlp.report.displacy import draw_html
from locate_label_allennlp.tuning.calibration import NUM_BINS

# What the page calls stages and origins.
NAMES = {
    "discontinuous": "In several fragments",
    "seed": "Seeds",
    "filter": "Filter",
    "boundary": "Boundary",
    "none": "No entity",
    "type": "Type",
    "score": "Score",
    "nms": "Decoder",
    "inside": "Inside a gold one",
    "around": "Around a gold one",
    "crossing": "Crossing a gold one",
    "nothing": "Nothing there",
}
_NESTING = {
    "nested_entities": "nested entities",
    "flat_entities": "flat entities",
    "nested_sentences": "sentences with nesting",
    "flat_sentences": "sentences without",
}
_COLOURS = {"": "var(--correct)", "missed": "var(--missed)", "false": "var(--false)"}

# Those of the thresholds that the table shows, besides the model's and the best.
_THRESHOLDS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999)


def page(report: JsonDict) -> str:
    """
    # Parameters

    report : `JsonDict`
        What `build_report` makes; docs/report.md describes it.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(percent=_percent, counted="{:,}".format, named=NAMES.__getitem__)
    environment.globals.update(
        beyond=_beyond,
        by_type=_by_type,
        drawn=_drawn,
        num_bins=NUM_BINS,
        ranges=_ranges,
        share=_share,
    )
    types = _frequent_types(report)
    return environment.get_template("templates/report.html.jinja").render(
        **report,
        # `false` alone is a constant of the template's language.
        report=report,
        colours=_COLOURS,
        score_groups=_score_groups(report["scores"]),
        shown_thresholds=_THRESHOLDS,
        plots={name: Markup(svg) for name, svg in _plots(report, types).items()},
        num_coloured=len(types),
    )


def _percent(share: float) -> str:
    """In hundredths with one decimal, as results of this field are given."""
    return f"{100 * share:.1f}"


def _beyond(group: str, lengths: Sequence[int]) -> bool:
    """Whether the entities of a group of lengths, such as 7 or 20+, have none of `lengths`."""
    shortest = int(group.removesuffix("+"))
    if group.endswith("+"):
        return all(length < shortest for length in lengths)
    return shortest not in lengths


def _ranges(numbers: Sequence[int]) -> str:
    """Rising numbers as 1-5, 7, 9."""
    ends: List[List[int]] = []
    for number in numbers:
        if ends and number == ends[-1][1] + 1:
            ends[-1][1] = number
        else:
            ends.append([number, number])
    return ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in ends)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _drawn(example: Dict[str, Any]) -> Markup:
    """A sentence with its entities; their states as the details of marks."""
    states = {"correct": "", "missed": "missed", "false": "false"}
    marks = [
        Mark(mark["start"], mark["end"], mark["type"], states[mark["state"]])
        for mark in example["marks"]
    ]
    return Markup(draw_html(example["words"], marks, _COLOURS))


def _by_type(rows: Sequence[JsonDict]) -> Dict[str, List[int]]:
    """The counts of all rows by type, the most frequent type first."""
    types = sorted({label for row in rows for label in row["by_type"]})
    counts = {label: [row["by_type"][label] for row in rows] for label in types}
    return dict(sorted(counts.items(), key=lambda item: -sum(item[1])))


def _score_groups(scores: JsonDict) -> Dict[str, Dict[str, JsonDict]]:
    """The scores of each group by its name, under the heading of the table that it stands below."""

    def with_prefix(prefix: str) -> Dict[str, JsonDict]:
        groups = [group for group in scores if group.startswith(prefix)]
        return {group.removeprefix(prefix): scores[group] for group in groups}

    by_type = sorted(with_prefix("type/").items(), key=lambda item: -item[1]["gold"])
    return {
        "By nesting": {name: scores[group] for group, name in _NESTING.items()},
        "By length in words": with_prefix("length/"),
        "By type": dict(by_type),
    }


def _frequent_types(report: JsonDict) -> List[str]:
    """The types with most gold entities, as many as have a colour of their own."""
    gold = {
        group.removeprefix("type/"): scores["gold"]
        for group, scores in report["scores"].items()
        if group.startswith("type/")
    }
    present = [label for label in gold if gold[label]]
    return sorted(present, key=lambda label: (-gold[label], label))[: plots.MOST_TYPES]


def _plots(report: JsonDict, types: Sequence[str]) -> Dict[str, str]:
    """The drawings of what the report has."""
    probabilities = report["probabilities"]
    svgs: Dict[str, str] = {}
    if "curves" in report:
        curves, model = report["curves"], report["model"]
        own = {
            model["type_thresholds"].get(kind, model["score_threshold"]) for kind in model["types"]
        }
        svgs["precision_recall"] = plots.precision_recall_plot(
            curves, types, report["scores"]["micro"]
        )
        svgs["threshold"] = plots.threshold_plot(curves, sorted(own))
    if "calibration" in report and report["calibration"]["bins"]:
        svgs["reliability"] = plots.reliability_plot(report["calibration"])
    if report["training"]:
        svgs["losses"] = plots.losses_plot(report["training"])
    if report.get("offsets") is not None:
        svgs["offsets"] = plots.offsets_plot(report["offsets"])
    if probabilities["is_right"]:
        svgs["violin"] = plots.violin_plot(probabilities, types)
        svgs["discrepancy"] = plots.discrepancy_plot(probabilities)
        if probabilities["pca"] is not None:
            svgs["pca"] = plots.pca_plot(probabilities, types)
    return svgs
