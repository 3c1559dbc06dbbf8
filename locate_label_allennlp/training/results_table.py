"""The results of an evaluation as a table of text."""

from typing import Dict, Iterator, List, Mapping, Optional

from rich import box
from rich.console import Console
from rich.table import Table

_COLUMNS = ("precision", "recall", "f1", "gold", "predicted", "correct")
_NESTING = ("nested_entities", "flat_entities", "nested_sentences", "flat_sentences")


def print_results(metrics: Mapping[str, float], title: str = "") -> None:
    """
    Prints scores in percent on standard output, 80 columns wide or as wide as the terminal.

    # Parameters

    metrics : `Mapping[str, float]`
        Those of `NestedSpanF1` with all groups, or of `OracleSpanAccuracy`; others are listed by
        name.
    title : `str`, optional (default = `""`)
        What was evaluated.
    """
    console = Console(highlight=False, markup=False)
    if title:
        console.print(title, soft_wrap=True)
    if "micro_f1" in metrics:
        console.print(_scores(metrics))
    for line in other_lines(metrics):
        console.print(line, soft_wrap=True)


def _scores(metrics: Mapping[str, float]) -> Table:
    groups = score_groups(metrics)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("", overflow="fold")
    for name in _COLUMNS:
        table.add_column("F1" if name == "f1" else name, justify="right", no_wrap=True)

    def section(names: List[str]) -> None:
        for name in names:
            table.add_row(readable(name), *cells(groups[name]))
        if names:
            table.add_section()

    types = [name for name in groups if name.startswith("type/")]
    section(["all entities", "mean of types", "boundaries"])
    section(sorted(types, key=lambda name: (-groups[name]["gold"], name)))
    section([name for name in groups if name.startswith("length/")])
    section([name for name in _NESTING if name in groups])
    return table


def score_groups(metrics: Mapping[str, float]) -> Dict[str, Dict[str, float]]:
    """The numbers of each group of entities by the names of the columns."""
    groups: Dict[str, Dict[str, float]] = {}
    for name, value in metrics.items():
        group, slash, column = name.rpartition("/")
        if slash and column in _COLUMNS:
            groups.setdefault(group, {})[column] = value
    types = [numbers for name, numbers in groups.items() if name.startswith("type/")]
    every = {name: sum(numbers[name] for numbers in types) for name in _COLUMNS[3:] if types}
    groups["all entities"] = {**_prefixed(metrics, "micro"), **every}
    groups["mean of types"] = _prefixed(metrics, "macro")
    return groups


def _prefixed(metrics: Mapping[str, float], prefix: str) -> Dict[str, float]:
    """Precision and recall of the mean of types are no part of short metrics."""
    named = {name: f"{prefix}_{name}" for name in _COLUMNS[:3]}
    return {name: metrics[full] for name, full in named.items() if full in metrics}


def cells(numbers: Mapping[str, float]) -> Iterator[str]:
    """A score without anything to divide by is no 0, but a dash."""
    gold, predicted = numbers.get("gold", 1), numbers.get("predicted", 1)
    known = {"precision": predicted, "recall": gold, "f1": gold + predicted}
    for name in _COLUMNS:
        number: Optional[float] = numbers.get(name)
        if name in known:
            yield f"{100 * number:.1f}" if number is not None and known[name] else "-"
        else:
            yield "" if number is None else f"{int(number):,}"


def readable(group: str) -> str:
    kind, slash, name = group.partition("/")
    if slash:
        return f"{name} words" if kind == "length" else name
    return group.replace("_", " ")


def other_lines(metrics: Mapping[str, float]) -> Iterator[str]:
    """What is no score of a group of entities: ceilings first, then given mentions, then losses."""
    rest = {
        name: value
        for name, value in metrics.items()
        if "/" not in name and not name.startswith(("micro_", "macro_"))
    }
    for name in [name for name in rest if name.endswith("_recall")]:
        stage = name.removesuffix("_recall")
        yield f"{100 * rest.pop(name):.1f} is the highest recall possible after the stage {stage}"
    if "oracle_span_accuracy" in rest:
        accuracy, f1 = rest.pop("oracle_span_accuracy"), rest.pop("oracle_span_f1")
        yield (
            f"{100 * accuracy:.1f} % of the given mentions have the right type (F1 {100 * f1:.1f}; "
            "not to be compared with a model that finds them)"
        )
    for name, value in rest.items():
        yield f"{readable(name)} {value:.4g}"
