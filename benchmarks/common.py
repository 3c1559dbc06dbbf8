"""
What the benchmarks share: timing, growth, reports, tables, plots.

Times that are compared are taken in one process, in turns: in each round every contender runs on
each item, so that a slow moment of the machine hits all of them. A report gives the median over the
rounds, and for a ratio the median of the rounds' ratios.
"""

import json
import math
import os
import platform
import sys
import time
from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path
from statistics import linear_regression, median
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence

import torch
import transformers

# Processor time suits a machine that others use too; it is the sum over all threads, and leaves out
# waiting for a GPU.
CLOCKS: Dict[str, Callable[[], float]] = {"wall": time.perf_counter, "cpu": time.process_time}


class Times(Dict[str, List[float]]):
    """Of each contender the seconds of each round, over all items."""

    def median(self, name: str) -> float:
        return median(self[name])

    def ratios(self, name: str, base: str) -> List[float]:
        """Of each round: how many times as long as `base` it took."""
        return [mine / other for mine, other in zip(self[name], self[base], strict=True)]


def interleaved(
    contenders: Dict[str, Callable[[Any], Any]],
    items: Sequence[Any],
    rounds: int,
    device: torch.device,
    clock: str,
    prepare: Callable[[Any], Any] = lambda item: item,
) -> Times:
    """
    Times contenders in turns. One more round, before all others, does not count.

    # Parameters

    contenders : `Dict[str, Callable[[Any], Any]]`
        What is timed, by name.
    items : `Sequence[Any]`
        What each contender is run on, one after the other.
    rounds : `int`
    device : `torch.device`
        Waited for before and after each run.
    clock : `str`
        One of `CLOCKS`.
    prepare : `Callable[[Any], Any]`, optional
        Makes of an item the argument of a contender, anew for every run; not timed.
    """
    times = Times({name: [0.0] * (1 + rounds) for name in contenders})
    for number in range(1 + rounds):
        for item in items:
            for name, run in contenders.items():
                times[name][number] += seconds_of(partial(run, prepare(item)), device, clock)
    return Times({name: seconds[1:] for name, seconds in times.items()})


def seconds_of(run: Callable[[], Any], device: torch.device, clock: str) -> float:
    now = CLOCKS[clock]
    synchronize(device)
    begin = now()
    run()
    synchronize(device)
    return now() - begin


def synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def growth(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The exponent `a` of `value = b * size ** a`, by least squares on the logarithms."""
    return linear_regression(list(map(math.log, sizes)), list(map(math.log, values))).slope


def environment(device: torch.device) -> Dict[str, Any]:
    """The machine and the versions that figures depend on."""
    is_gpu = device.type == "cuda"
    return {
        "device": torch.cuda.get_device_name(device) if is_gpu else platform.machine(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }


class Report:
    """
    Collects figures, prints them as a table with the target beside the figure, and writes them with
    the versions and the machine, as it was at the beginning, to the file of `--json`.
    """

    def __init__(self, title: str, options: Namespace, device: torch.device) -> None:
        self._title = title
        self._file = options.json
        self._environment = {**environment(device), "clock": options.clock}
        self._figures: List[Dict[str, Any]] = []

    def add(self, name: str, value: float, unit: str = "", at_most: Optional[float] = None) -> None:
        self._figures.append({"name": name, "value": value, "unit": unit, "at_most": at_most})

    def add_ratio(self, name: str, times: Times, base: str, contender: str = "ours") -> None:
        """The ratio of two contenders and its spread."""
        ratios = times.ratios(contender, base)
        self.add(name, median(ratios), "x")
        self._figures[-1].update(rounds=len(ratios), lowest=min(ratios), highest=max(ratios))

    def finish(self, table: Optional[Sequence[str]] = None) -> None:
        """With a `table`, its lines are printed instead of one line a figure."""
        print(f"{self._title}  ({', '.join(f'{k} {v}' for k, v in self._environment.items())})")
        for line in self._lines() if table is None else table:
            print(line)
        if self._file:
            content = {
                "benchmark": self._title,
                "command": sys.argv,
                "environment": self._environment,
                "figures": self._figures,
            }
            Path(self._file).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

    def _lines(self) -> Iterator[str]:
        width = max(len(figure["name"]) for figure in self._figures)
        for figure in self._figures:
            line = f"{figure['name']:{width}}  {short(figure['value']):>10} {figure['unit']:12}"
            if "lowest" in figure:
                line += f"{short(figure['lowest'])} .. {short(figure['highest'])}"
            if figure["at_most"] is not None:
                met = "met" if figure["value"] <= figure["at_most"] else "MISSED"
                line += f"  target: at most {short(figure['at_most'])}: {met}"
            yield line.rstrip()


def short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> List[str]:
    """The lines of a table in Markdown."""
    head, *body = (
        "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
        for cells in (header, *rows)
    )
    return [head, "|" + "---|" * len(header), *body]


def report_parser(doc: str, rounds: int, plot: bool = False) -> ArgumentParser:
    """The options of a `Report`; `doc` is that of the script, which may do without `--rounds`."""
    parser = ArgumentParser(description=doc.split("\n\n")[0])
    if rounds:
        parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument(
        "--clock", choices=CLOCKS, default="wall", help="cpu: time of the processor, all threads"
    )
    parser.add_argument("--json", metavar="FILE", help="write the figures there")
    if plot:
        parser.add_argument("--plot", metavar="FILE.png", help="draw the figures there")
    return parser


class Curve(NamedTuple):
    """A line of a plot."""

    name: str
    sizes: Sequence[float]
    values: Sequence[float]


def plot(file: str, panels: Dict[str, List[Curve]], size_name: str) -> None:
    """Panels side by side, both axes logarithmic; a panel's name is that of its values."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5 * len(panels), 4), layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for axis, (value_name, curves) in zip(axes, panels.items(), strict=True):
        for curve in curves:
            axis.loglog(curve.sizes, curve.values, marker="o", label=curve.name)
        axis.set_xlabel(size_name)
        axis.set_ylabel(value_name)
        axis.grid(alpha=0.3)
        axis.legend()
    figure.savefig(file, dpi=150)
