"""The table of compare.py."""

from statistics import mean, stdev
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

# How a metric is called in the table. Those of the length buckets stand after F1.
_SCORES = {"micro_precision": "P", "micro_recall": "R", "micro_f1": "F1"}
_GROUPS = {"nested_entities/f1": "nested", "flat_entities/f1": "flat"}


class Outcome(NamedTuple):
    """
    # Parameters

    name : `str`
        Of the config.
    seed : `int`
    result : `Dict[str, Any]`, optional
        What `comparison.runs.execute` returned.
    error : `str`, optional
        Why there is none.
    """

    name: str
    seed: int
    result: Optional[Dict[str, Any]] = None
    error: Optional[str] = None


class Row(NamedTuple):
    """
    All seeds of a config.

    # Parameters

    name : `str`
    seeds : `List[int]`
        Those with a result.
    failed : `Dict[int, str]`
        Of each other seed: why it has none.
    scores : `Dict[str, Dict[str, Optional[float]]]`
        Of each metric of the table: `mean`, and `deviation` from it (that of a sample, with one
        seed less in the denominator than there are), if there are two seeds or more.
    training_speed, prediction_speed : `float`, optional
        Sentences a second, mean.
    parameters, trained_parameters : `int`, optional
    memory, gpu_memory : `float`, optional
        The most that a training held, in MB.
    """

    name: str
    seeds: List[int]
    failed: Dict[int, str]
    scores: Dict[str, Dict[str, Optional[float]]]
    training_speed: Optional[float]
    prediction_speed: Optional[float]
    parameters: Optional[int]
    trained_parameters: Optional[int]
    memory: Optional[float]
    gpu_memory: Optional[float]


def make_rows(outcomes: Sequence[Outcome]) -> List[Row]:
    """One row a config, in the order in which they come first."""
    return [
        _row(name, [outcome for outcome in outcomes if outcome.name == name])
        for name in dict.fromkeys(outcome.name for outcome in outcomes)
    ]


def _row(name: str, outcomes: Sequence[Outcome]) -> Row:
    results = [outcome.result for outcome in outcomes if outcome.result is not None]

    def over_seeds(key: str, combine: Callable[[List[Any]], Any]) -> Any:
        values = [result[key] for result in results if result[key] is not None]
        return combine(values) if values else None

    scores: Dict[str, Dict[str, Optional[float]]] = {}
    for metric in _metrics(results):
        values = [result["metrics"][metric] for result in results]
        deviation = stdev(values) if len(values) > 1 else None
        scores[metric] = {"mean": mean(values), "deviation": deviation}
    return Row(
        name,
        [outcome.seed for outcome in outcomes if outcome.result is not None],
        {outcome.seed: outcome.error for outcome in outcomes if outcome.error is not None},
        scores,
        over_seeds("training_speed", mean),
        over_seeds("prediction_speed", mean),
        over_seeds("parameters", max),
        over_seeds("trained_parameters", max),
        over_seeds("memory", max),
        over_seeds("gpu_memory", max),
    )


def _metrics(results: Sequence[Dict[str, Any]]) -> List[str]:
    """The metrics of the table that all results have, in its order."""
    if not results:
        return []
    lengths = [name for name in results[0]["metrics"] if _bucket(name) is not None]
    wanted = [*_SCORES, *lengths, *_GROUPS]
    return [name for name in wanted if all(name in result["metrics"] for result in results)]


def _bucket(metric: str) -> Optional[str]:
    group, _, kind = metric.rpartition("/")
    return group.removeprefix("length/") if group.startswith("length/") and kind == "f1" else None


def markdown(outcomes: Sequence[Outcome]) -> str:
    """
    One line a config; scores in percent, F1 with its deviation. Under it the number of gold
    entities in each column, as all configs see the same, and the runs that failed.
    """
    rows = make_rows(outcomes)
    metrics = list(dict.fromkeys(metric for row in rows for metric in row.scores))
    columns: List[Tuple[str, Callable[[Row], str]]] = [
        ("seeds", lambda row: ", ".join(map(str, row.seeds)) or "failed")
    ]
    for metric in metrics:
        columns.append((_title(metric), lambda row, metric=metric: _score(row, metric)))
    columns += [
        ("sentences/s, training", lambda row: _number(row.training_speed)),
        ("sentences/s, prediction", lambda row: _number(row.prediction_speed)),
        ("parameters", lambda row: _number(row.parameters)),
        ("memory, MB", lambda row: _number(row.memory)),
    ]
    if any(row.gpu_memory is not None for row in rows):
        columns.append(("GPU memory, MB", lambda row: _number(row.gpu_memory)))
    lines = [
        _line(["", *(title for title, _ in columns)]),
        "|---|" + "---|" * len(columns),
        *(_line([row.name, *(cell(row) for _, cell in columns)]) for row in rows),
    ]
    gold = _gold(outcomes, metrics)
    if gold:
        lines += ["", f"Gold entities: {gold}."]
    errors = [f"{o.name}, seed {o.seed}: {o.error}" for o in outcomes if o.error is not None]
    if errors:
        lines += ["", "Failed:", "", *(f"- {' '.join(error.split())}" for error in errors)]
    return "\n".join(lines) + "\n"


def _title(metric: str) -> str:
    return _bucket(metric) or {**_SCORES, **_GROUPS}[metric]


def _score(row: Row, metric: str) -> str:
    score = row.scores.get(metric)
    if score is None or score["mean"] is None:
        return "-"
    text = f"{100 * score['mean']:.2f}"
    if metric == "micro_f1" and score["deviation"] is not None:
        text += f" ± {100 * score['deviation']:.2f}"
    return text


def _number(value: Optional[float]) -> str:
    if value is None:
        return "-"
    return f"{value:,.1f}" if value < 100 and value != int(value) else f"{value:,.0f}"


def _gold(outcomes: Sequence[Outcome], metrics: Sequence[str]) -> str:
    found = next((o.result["metrics"] for o in outcomes if o.result is not None), {})
    names = {metric: metric.replace("/f1", "/gold") for metric in metrics}
    lengths = [found[names[m]] for m in metrics if _bucket(m) is not None and names[m] in found]
    parts = [f"{sum(lengths):,.0f}"] if lengths else []
    parts += [
        f"{_title(m)}: {found[names[m]]:,.0f}" for m in metrics if names[m] in found and "/" in m
    ]
    return ", ".join(parts)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
