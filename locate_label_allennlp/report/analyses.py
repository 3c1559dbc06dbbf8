"""The parts of the page that have figures, each below its table."""

from typing import Any, Dict, List

from allennlp.common.util import JsonDict

from locate_label_allennlp.report import plots
from locate_label_allennlp.report.markup import Cell, Row, counted, figure, percent, table
from locate_label_allennlp.report.tables import precision_and_recall

# Those of the thresholds that the table shows, besides the model's and the best.
_SHOWN = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999)


def thresholds(report: JsonDict) -> str:
    """Precision and recall over the thresholds, and the best one if any finds something."""
    curves, own = report["curves"], report["model"]["score_threshold"]
    best = curves["best"]
    remarks = {"the model's": own}
    told = "Each threshold is a decoding of its own. "
    if best["f1"]:
        remarks["best F1"] = best["threshold"]
        told += (
            f"Of those tried, {best['threshold']:g} gives the best F1, {percent(best['f1'])}. To "
            f'use another one: <code>-o \'{{"model.decoder.score_threshold": '
            f"{best['threshold']:g}}}'</code>; choose it on data that are not those you report on."
        )
    else:
        told += "With none of them is any entity right."
    lines: List[Row] = [
        [
            f"{point['threshold']:g}",
            *precision_and_recall(point),
            Cell(percent(point["f1"]), "bar", point["f1"]),
            Cell(_remark(point["threshold"], remarks), "text"),
        ]
        for point in curves["points"]["micro"]
        if point["threshold"] in (*_SHOWN, *remarks.values())
    ]
    types = _frequent_types(report)
    return "\n".join(
        [
            f"<p>{told}</p>",
            table(["threshold", "P", "R", "F1", ""], lines, "Scores by threshold"),
            figure(
                plots.precision_recall_plot(curves, types, own),
                "Precision against recall, a curve for all entities and one for each type",
                "Precision against recall over the thresholds; the dot is the model's own. "
                f"{_others(report, types)}",
            ),
            figure(
                plots.threshold_plot(curves, own),
                "Precision, recall and F1 against the score threshold",
                "All entities; the dotted line is the model's own threshold.",
            ),
        ]
    )


def _remark(threshold: float, remarks: Dict[str, float]) -> str:
    return ", ".join(name for name, value in remarks.items() if value == threshold)


def offsets(report: JsonDict) -> str:
    """How far boundaries were moved; nothing for a model that moves none."""
    found = report["offsets"]
    if found is None:
        return ""
    names = {"all": "all seeds that became entities", "nearest": "the nearest seed of each"}
    lines = [[shown, *map(counted, found[name])] for name, shown in names.items()]
    head = ["words moved, at either boundary", "0", "1", "2", "3", "4 or more"]
    told = (
        "<p>How far the regressor moved the boundaries of the seeds that became found entities. "
        "Two offsets a seed: its start&rsquo;s and its end&rsquo;s.</p>"
    )
    drawn = figure(
        plots.offsets_plot(found),
        "How many seeds were moved by how many words, at the start and at the end",
        "All seeds that became entities, by words moved to the right (negative: to the left).",
    )
    return "\n".join([told, table(head, lines, "Offsets by size"), drawn])


def probabilities(report: JsonDict) -> str:
    """The gold type's probability, the discrepancy, and the principal components."""
    found = report["probabilities"]
    shown = len(found["is_right"])
    told = (
        f"<p>The class probabilities of the {counted(shown)} gold entities whose boundaries a "
        f"candidate has; {counted(found['without_candidate'])} have none. Right and wrong is what "
        "the classifier chose there, whatever the decoder made of it.</p>"
    )
    if not shown:
        return told
    head = ["probability of the gold type", "entities", "5 %", "25 %", "median", "75 %", "95 %"]
    lines = [
        [f"classified {name}", counted(len(found[name]["values"])), *_quantiles(found[name])]
        for name in ("right", "wrong")
    ]
    parts = [
        told,
        table(head, lines, "Quantiles of the probability of the gold type"),
        figure(
            plots.violin_plot(found),
            "Distribution of the gold type's probability, for right and for wrong",
            "The gold type&rsquo;s probability; the white bar is the median.",
        ),
    ]
    types = _frequent_types(report)
    if found["pca"] is not None:
        parts.append(
            figure(
                plots.pca_plot(found, types),
                "Principal components of the class probabilities, coloured by gold type",
                "Class probabilities along the two directions in which they vary most. Triangles "
                f"were classified right, circles wrong. {_others(report, types)}",
            )
        )
    parts.append(
        figure(
            plots.discrepancy_plot(found),
            "Discrepancy between the highest probability and the gold type's",
            "Discrepancy. To the right: how much higher the highest probability is than that of "
            "the gold type. Upwards: the variance of the probabilities over that of the gold "
            "type. Stable are those classified right, up the others.",
        )
    )
    return "\n".join(parts)


def _quantiles(summary: Dict[str, Any]) -> List[str]:
    if summary["quantiles"] is None:
        return [""] * 5
    return [f"{value:.3f}" for value in summary["quantiles"]]


def _frequent_types(report: JsonDict) -> List[str]:
    """The types with most gold entities, as many as have a colour of their own."""
    gold = {
        group.removeprefix("type/"): scores["gold"]
        for group, scores in report["scores"].items()
        if group.startswith("type/")
    }
    present = [label for label in gold if gold[label]]
    return sorted(present, key=lambda label: (-gold[label], label))[: plots.MOST_TYPES]


def _others(report: JsonDict, types: List[str]) -> str:
    left_out = len(report["probabilities"]["types"]) - len(types)
    return f"The {len(types)} most frequent of {len(types) + left_out} types." if left_out else ""
