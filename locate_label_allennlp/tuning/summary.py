"""What was chosen for a model, in words and as a figure."""

import json
from typing import Any

from locate_label_allennlp.common.whole_files import whole_file
from locate_label_allennlp.tuning.thresholds import FEWEST
from locate_label_allennlp.tuning.tuning import Scores, Tuned


def write_tuning(tuned: Tuned, path: str) -> None:
    """
    Writes `PATH.json`, all that is known of it, and `PATH.png`: precision and recall by threshold,
    and the reliability of the scores.
    """
    with whole_file(f"{path}.json") as file:
        file.write(json.dumps(tuned.as_json(), indent=2).encode())
    with whole_file(f"{path}.png") as file:
        _draw(tuned, file)


def scores_table(tuned: Tuned) -> str:
    """The scores before and after, in percent."""

    def row(name: str, scores: Scores) -> str:
        numbers = (scores.precision, scores.recall, scores.f1, scores.objective)
        shown = " ".join(f"{100 * number:9.1f}" for number in numbers)
        return f"{name:8} {shown} {scores.calibration_error:17.3f}"

    columns = " ".join(f"{name:>9}" for name in ("precision", "recall", "F1", "objective"))
    head = f"{'':8} {columns} {'calibration error':>17}"
    return "\n".join([head, row("before", tuned.before), row("after", tuned.after)])


def chosen(tuned: Tuned) -> str:
    """Calibration and thresholds, and which types are too rare for one of their own."""
    scores = "scores as they are"
    if tuned.calibration is not None:
        slope, shift = tuned.calibration.slope, tuned.calibration.shift
        scores = f"calibration with slope {slope:.3f} and shift {shift:+.3f}"
    rare = [kind for kind, count in tuned.gold.items() if count < FEWEST]
    few = f"fewer than {FEWEST} entities are {', '.join(rare)}" if rare else ""
    if not tuned.type_thresholds:
        threshold = f"threshold {tuned.score_threshold:.3f} for all types"
        return f"{scores}, {threshold}{f' ({few})' if few else ''}"
    by_type = ", ".join(f"{kind} {each:.3f}" for kind, each in tuned.type_thresholds.items())
    others = (
        ""
        if tuned.gold.keys() <= tuned.type_thresholds.keys()
        else (f", {tuned.score_threshold:.3f} for all other types")
    )
    return f"{scores}, thresholds {by_type}{others}{f' ({few})' if few else ''}"


def _draw(tuned: Tuned, file: Any) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    thresholds, precision, recall = zip(*tuned.curve, strict=True)
    left.plot(thresholds, precision, label="precision")
    left.plot(thresholds, recall, label="recall")
    for threshold in {tuned.score_threshold, *tuned.type_thresholds.values()}:
        left.axvline(threshold, color="grey", linestyle=":")
    left.set_xlabel("threshold")
    left.legend()
    right.plot([0, 1], [0, 1], color="grey", linestyle=":")
    right.plot(
        [each.score for each in tuned.reliability],
        [each.correct for each in tuned.reliability],
        marker="o",
    )
    right.set_xlabel("score")
    right.set_ylabel("share that is right")
    figure.savefig(file, format="png", dpi=120)
