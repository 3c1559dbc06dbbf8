"""The table of compare.py."""

import re
from statistics import mean, stdev
from typing import Any, Collection, Dict, List, Sequence

from common import markdown_table

from comparison.runs import Run

# What a run costs: the title of its column, and what is made of the seeds' figures.
COSTS = {
    "training_speed": ("sentences/s, training", mean),
    "prediction_speed": ("sentences/s, prediction", mean),
    "parameters": ("parameters", max),
    "memory": ("memory, MB", max),
    "gpu_memory": ("GPU memory, MB", max),
}


def make_rows(runs: Sequence[Run]) -> List[Dict[str, Any]]:
    """
    # Parameters

    runs : `Sequence[Run]`
        Those with a result or an error.

    # Returns

    `List[Dict[str, Any]]`
        Of each config: `name`; `seeds`, those with a result; `failed`, the errors of the others by
        seed; `scores`, of each metric the `mean` and, from two seeds on, the standard `deviation`
        of a sample; and what `COSTS` names.
    """
    names = dict.fromkeys(run.name for run in runs)
    return [_row(name, [run for run in runs if run.name == name]) for name in names]


def _row(name: str, runs: Sequence[Run]) -> Dict[str, Any]:
    results = [run.result for run in runs if run.result is not None]
    row: Dict[str, Any] = {
        "name": name,
        "seeds": [run.seed for run in runs if run.result is not None],
        "failed": {run.seed: run.error for run in runs if run.error is not None},
        "scores": {},
    }
    for metric in titles(results[0]["metrics"] if results else {}):
        values = [result["metrics"].get(metric) for result in results]
        if None not in values:
            deviation = stdev(values) if len(values) > 1 else None
            row["scores"][metric] = {"mean": mean(values), "deviation": deviation}
    for key, (_, combine) in COSTS.items():
        values = [result[key] for result in results if result[key] is not None]
        row[key] = combine(values) if values else None
    return row


def titles(metrics: Collection[str]) -> Dict[str, str]:
    """The columns of scores, in order: of those metrics that have one, the title."""
    lengths = {m: m.split("/")[1] for m in metrics if re.fullmatch("length/.+/f1", m)}
    scores = {"micro_precision": "P", "micro_recall": "R", "micro_f1": "F1"}
    groups = {"nested_entities/f1": "nested", "flat_entities/f1": "flat"}
    columns = {**scores, **lengths, **groups}
    return {metric: title for metric, title in columns.items() if metric in metrics}


def markdown(runs: Sequence[Run]) -> str:
    """
    One line a config; scores in percent, F1 with its deviation. Below it, the number of gold
    entities in each column, which is the same for all configs, and the runs that failed.
    """
    rows = make_rows(runs)
    metrics = titles(dict.fromkeys(metric for row in rows for metric in row["scores"]))
    costs = {key: title for key, (title, _) in COSTS.items()}
    if all(row["gpu_memory"] is None for row in rows):
        del costs["gpu_memory"]
    lines = markdown_table(
        ["", "seeds", *metrics.values(), *costs.values()],
        [
            [
                row["name"],
                ", ".join(map(str, row["seeds"])) or "failed",
                *(_score(row, metric) for metric in metrics),
                *(_cost(row[key]) for key in costs),
            ]
            for row in rows
        ],
    )
    first: Dict[str, Any] = next((run.result["metrics"] for run in runs if run.result), {})
    gold = {m: first[m.replace("/f1", "/gold")] for m in metrics if m in first and "/" in m}
    if gold:
        total = sum(number for metric, number in gold.items() if metric.startswith("length/"))
        parts = [f"{metrics[metric]}: {number:,.0f}" for metric, number in gold.items()]
        lines += ["", f"Gold entities: {', '.join([f'{total:,.0f}'] * (total > 0) + parts)}."]
    errors = [f"- {run.name}, seed {run.seed}: {run.error}" for run in runs if run.error]
    if errors:
        lines += ["", "Failed:", "", *(" ".join(error.split()) for error in errors)]
    return "\n".join(lines) + "\n"


def _score(row: Dict[str, Any], metric: str) -> str:
    score = row["scores"].get(metric)
    if score is None:
        return "-"
    text = f"{100 * score['mean']:.2f}"
    if metric == "micro_f1" and score["deviation"] is not None:
        text += f" ± {100 * score['deviation']:.2f}"
    return text


def _cost(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:,.1f}" if value < 100 and value != int(value) else f"{value:,.0f}"
